"""Random rules: our dates are those of dateutil, and those that match the definition day by day."""

from calendar import isleap, monthrange
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from random import Random

from dateutil.rrule import rrulestr

from testing.proofs import size
from todos.recurrence import Recurrence, Series

WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAY = timedelta(days=1)
RULES = size(20_000, 200)  # of each kind
CYCLE = 146_097  # days in 400 years, after which the calendar repeats
ASKED = 4  # dates of each series


def some(rng: Random, values: list, most: int = 4) -> list:
    return sorted(set(rng.choices(values, k=rng.randint(1, most))))


def signed(rng: Random, limit: int, most: int = 4) -> list[int]:
    edges = [1, 2, limit, limit - 1, -1, -2, -limit, 1 - limit]
    return some(rng, [*rng.choices(range(1, limit + 1), k=4), *(-n for n in range(1, limit + 1, 3)), *edges], most)


def weekdays(rng: Random, ordinals: int | None, mixed: bool) -> list[str]:
    """Some of MO to SU, if there are ordinals with numbers up to that one; plain ones beside them only if mixed."""
    names = some(rng, WEEKDAYS, 5)
    if not ordinals or rng.random() < 0.4:
        return names
    return [
        f"{rng.choice(['', n]) if mixed else n}{name}" for n, name in zip(signed(rng, ordinals), names, strict=False)
    ]


def some_rule(rng: Random, mixed: bool = True) -> dict[str, str]:
    """A rule of the whole grammar, with those parts together that RFC 5545 allows."""
    freq = rng.choice(["DAILY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY", "YEARLY", "YEARLY"])
    chance = rng.choice([0.15, 0.3, 0.5])
    rule: dict[str, list] = {}
    if rng.random() < chance:
        rule["BYMONTH"] = some(rng, list(range(1, 13)))
    if freq == "YEARLY" and rng.random() < chance:
        rule["BYWEEKNO"] = signed(rng, 53, 6)
    if freq == "YEARLY" and rng.random() < chance:
        rule["BYYEARDAY"] = signed(rng, 366, 8)
    if freq != "WEEKLY" and rng.random() < chance:
        rule["BYMONTHDAY"] = signed(rng, 31, 9)
    if rng.random() < chance + 0.2:
        within = 5 if freq == "MONTHLY" or "BYMONTH" in rule else 53
        rule["BYDAY"] = weekdays(rng, None if freq in ("DAILY", "WEEKLY") or "BYWEEKNO" in rule else within, mixed)
    if rule and rng.random() < chance:
        rule["BYSETPOS"] = signed(rng, rng.choice([2, 5, 366]))
    interval = rng.choice([1, 1, 1, 2, 3, rng.randint(1, 15), rng.randint(1, 999)])
    written = {name: ",".join(map(str, values)) for name, values in rule.items()}
    return {"FREQ": freq, "INTERVAL": str(interval), **written, "WKST": rng.choice(["MO", "SU", *WEEKDAYS])}


def text(rule: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in rule.items())


def numbers(rule: dict[str, str], name: str) -> set[int]:
    return {int(number) for number in rule[name].split(",")} if name in rule else set()


def moved(day: date, days: int) -> date:
    return date.fromordinal(day.toordinal() + days)


def following(rule: str, start: date, limit: int) -> list[date]:
    """Our answers, each asked for with the one before it."""
    series, dates = Series(Recurrence.parse(rule), start), [start]
    while len(dates) <= limit and (day := series.next_date(dates[-1])):
        dates.append(day)
    return dates[1:]


# dateutil's answers. What is expected to differ, and why, is in `as_dateutil_takes_it`.


def as_dateutil_takes_it(rule: dict[str, str], start: date) -> tuple[dict[str, str], date] | None:
    """The same question for dateutil, or None where it must answer something else, or is known to be wrong."""
    by_month = rule["FREQ"] in ("MONTHLY", "YEARLY")
    alone = not rule.keys() & {"BYDAY", "BYMONTHDAY", "BYYEARDAY"}
    if by_month and "BYDAY" not in rule and "BYSETPOS" not in rule and numbers(rule, "BYMONTHDAY") & {29, 30, 31}:
        return None  # our exception: a month's last day takes the place of these
    if by_month and alone and start.day > 28:
        start = start.replace(day=28)  # the same exception
    if numbers(rule, "BYWEEKNO") & {52, 53, -52, -53}:
        return None  # it miscounts the weeks of the year before, and doesn't count those of the year after
    if "BYWEEKNO" in rule and alone:
        rule = {**rule, "BYDAY": WEEKDAYS[start.weekday()]}  # it takes all seven days, the RFC (3.3.10) the start's
    if rule["FREQ"] == "WEEKLY" and "BYSETPOS" in rule:
        start = moved(
            start, -((start.weekday() - WEEKDAYS.index(rule["WKST"])) % 7)
        )  # its first week begins at the start
    return rule, start


def test_dateutil_finds_the_same_dates():
    rng = Random(5545)
    asked, found, different = 0, 0, []
    while asked < RULES:
        years_left = rng.choice([3, 12, 30, rng.randint(1, 120)])  # dateutil walks to the year 9999 before it gives up
        start = moved(date.max, -rng.randint(0, 365 * years_left))
        question = as_dateutil_takes_it(some_rule(rng, mixed=False), start)
        if question is None:
            continue
        rule, start = question
        dates = list(islice(dateutils(text(rule), start), ASKED))
        earlier = CYCLE * rng.randint(0, 24)
        ours = [moved(day, earlier) for day in within(following(text(rule), moved(start, -earlier), ASKED), earlier)]
        asked, found = asked + 1, found + len(dates)
        different += [(text(rule), start, dates, ours)] if ours != dates else []

    assert (different, found > 2 * RULES) == ([], True)


def dateutils(rule: str, start: date) -> Iterator[date]:
    with suppress(ValueError):  # its last week goes on into the year 10000
        for at in rrulestr(rule, dtstart=datetime(start.year, start.month, start.day)):  # noqa: DTZ001
            if at.date() > start:
                yield at.date()


def within(dates: list[date], earlier: int) -> list[date]:
    """Those that have a counterpart so many days later, since the calendar ends in 9999."""
    return [day for day in dates if day.toordinal() + earlier <= date.max.toordinal()]


# The definition: does one day belong to a rule? It knows nothing of the other days but those of the period.


class Definition:
    def __init__(self, rule: dict[str, str], start: date):
        self.start, self.freq, self.interval = start, rule["FREQ"], int(rule["INTERVAL"])
        self.begin = WEEKDAYS.index(rule["WKST"])
        self.months, self.weeks, self.yeardays, self.monthdays, self.positions = (
            numbers(rule, name) for name in ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYSETPOS")
        )
        byday = [item for item in rule.get("BYDAY", "").split(",") if item]
        self.byday = [(int(item[:-2] or 0), WEEKDAYS.index(item[-2:])) for item in byday]
        self.in_period = cache(self.in_period)  # type: ignore[method-assign]

    def dates(self, since: date, until: date) -> Iterator[date]:
        """The days that belong to the rule, looking at each day."""
        for ordinal in range(since.toordinal(), until.toordinal() + 1):
            day = date.fromordinal(ordinal)
            first = self.first_of_period(day)
            if self.periods_to(first) % self.interval == 0 and day in self.in_period(first):
                yield day

    def first_of_period(self, day: date) -> date:
        days = {"DAILY": 0, "WEEKLY": (day.weekday() - self.begin) % 7, "MONTHLY": day.day - 1}
        return moved(day, -days[self.freq]) if self.freq in days else day.replace(month=1, day=1)

    def periods_to(self, first: date) -> int:
        origin = self.first_of_period(self.start)
        if self.freq in ("DAILY", "WEEKLY"):
            return (first - origin).days // (7 if self.freq == "WEEKLY" else 1)
        return (first.year - origin.year) * (12 if self.freq == "MONTHLY" else 1) + first.month - origin.month

    def in_period(self, first: date) -> list[date]:
        month = monthrange(first.year, first.month)[1]
        length = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": month, "YEARLY": 365 + isleap(first.year)}[self.freq]
        days = [day for day in (first + n * DAY for n in range(length)) if self.fits(day)]
        counted = [(day, {index + 1, index - len(days)}) for index, day in enumerate(days)]
        return [day for day, positions in counted if not self.positions or positions & self.positions]

    def fits(self, day: date) -> bool:
        return (
            (not self.months or day.month in self.months)
            and (not self.byday or any(self.on_weekday(day, *on) for on in self.byday))
            and (not self.monthdays or self.on_monthday(day))
            and (not self.yeardays or not self.yeardays.isdisjoint(self.yearday(day)))
            and (not self.weeks or not self.weeks.isdisjoint(self.week(day)))
            and self.fits_the_start(day)
        )

    def fits_the_start(self, day: date) -> bool:
        """Where the rule doesn't say which day, the start does."""
        if self.freq == "WEEKLY":
            return bool(self.byday) or day.weekday() == self.start.weekday()
        if self.freq == "DAILY" or self.byday or self.monthdays or self.yeardays:
            return True
        if self.weeks:
            return day.weekday() == self.start.weekday()
        month_fits = self.freq == "MONTHLY" or self.months or day.month == self.start.month
        return bool(month_fits) and day.day == min(self.start.day, monthrange(day.year, day.month)[1])

    def yearday(self, day: date) -> set[int]:
        number = day.timetuple().tm_yday
        return {number, number - 366 - isleap(day.year)}

    def week(self, day: date) -> set[int]:
        """The number of its week in the year that has four days of it, from the beginning and from the end."""
        fourth = moved(day, 3 - (day.weekday() - self.begin) % 7)
        yearday = fourth.timetuple().tm_yday
        return {(yearday - 1) // 7 + 1, -((365 + isleap(fourth.year) - yearday) // 7 + 1)}

    def on_weekday(self, day: date, number: int, weekday: int) -> bool:
        by_month = self.freq == "MONTHLY" or self.months
        index = day.day if by_month else day.timetuple().tm_yday
        length = monthrange(day.year, day.month)[1] if by_month else 365 + isleap(day.year)
        return day.weekday() == weekday and number in (0, (index - 1) // 7 + 1, -((length - index) // 7 + 1))

    def on_monthday(self, day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        names = {day.day, day.day - length - 1}
        if day.day == length and self.freq in ("MONTHLY", "YEARLY") and not self.byday and not self.positions:
            names |= set(range(length, 32))
        return not names.isdisjoint(self.monthdays)


def test_looking_at_each_day_finds_the_same_dates():
    rng = Random(3310)
    found, different = 0, []
    for _ in range(RULES):
        rule = some_rule(rng)
        start = moved(date(4000, 1, 1), rng.randint(0, CYCLE))
        start = start.replace(day=rng.choice([start.day, monthrange(start.year, start.month)[1]]))
        span = rng.choice([40, 400, 2000])
        since = moved(start, 1 + rng.choice([0, 0, rng.randint(0, 5 * span), rng.randint(0, 900_000)]))
        until, earlier = moved(since, span), CYCLE * rng.randint(-9, 7)
        dates = list(islice(Definition(rule, start).dates(since, until), ASKED))
        series, ours = Series(Recurrence.parse(text(rule)), moved(start, earlier)), [moved(since, earlier - 1)]
        while len(ours) <= ASKED and (day := series.next_date(ours[-1])) and day <= moved(until, earlier):
            ours.append(day)
        found += len(dates)
        if (response := [moved(day, -earlier) for day in ours[1:]]) != dates:
            different.append((text(rule), start, since, dates, response))

    assert (different, found > RULES) == ([], True)


def test_count_ends_a_series_after_that_many_dates():
    rng = Random(999)
    different = []
    for _ in range(RULES):
        rule, start = text(some_rule(rng)), moved(date.min, rng.randint(0, 20 * CYCLE))
        dates = [start, *following(rule, start, rng.choice([2, 5, 20]))]
        series = Series(Recurrence.parse(f"{rule};COUNT={len(dates)}"), start)
        counted = [series.passed(day) for day in dates]
        ours = [series.next_date(day) for day in dates]
        if (counted, ours) != (list(range(1, len(dates) + 1)), [*dates[1:], None]):
            different.append((rule, start, dates, counted, ours))

    assert different == []

import random
import sys
import timeit
from calendar import monthrange
from datetime import date, timedelta
from itertools import product
from time import thread_time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from todos.recurrence import Recurrence, RecurrenceError

WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAY = timedelta(days=1)


def series(text: str, start: str, limit: int = 4) -> str:
    """The start and what follows it, each date asked for with the one before it."""
    dates: list[date | None] = [date.fromisoformat(start)]
    while dates[-1] and len(dates) < limit:
        dates.append(Recurrence.parse(text).next_date(dates[0], dates[-1], date.min))
    return " ".join(str(day or "end") for day in dates)


@pytest.mark.parametrize(
    ("text", "expected"),  # the start comes first
    [
        ("FREQ=DAILY", "2026-02-27 2026-02-28 2026-03-01 2026-03-02"),
        ("FREQ=DAILY;INTERVAL=10", "2026-01-25 2026-02-04 2026-02-14 2026-02-24"),
        ("FREQ=DAILY;BYDAY=MO,FR", "2026-11-16 2026-11-20 2026-11-23 2026-11-27"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", "2026-11-16 2026-11-30 2026-12-14 2026-12-28"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "2026-11-17 end"),
        ("FREQ=WEEKLY", "2026-11-20 2026-11-27 2026-12-04 2026-12-11"),
        ("FREQ=WEEKLY;BYDAY=SU,MO", "2026-11-20 2026-11-22 2026-11-23 2026-11-29"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "2026-11-18 2026-11-22 2026-11-30 2026-12-06"),
        ("FREQ=WEEKLY;BYDAY=SU", "0001-01-01 0001-01-07 0001-01-14 0001-01-21"),
        ("FREQ=MONTHLY", "2026-01-15 2026-02-15 2026-03-15 2026-04-15"),
        ("FREQ=MONTHLY;INTERVAL=18", "2024-08-31 2026-02-28 2027-08-31 2029-02-28"),
        ("FREQ=MONTHLY;BYDAY=FR", "2026-11-20 2026-11-27 2026-12-04 2026-12-11"),
        ("FREQ=MONTHLY;BYDAY=2TU,-1FR", "2026-11-10 2026-11-27 2026-12-08 2026-12-25"),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "2026-11-24 2026-11-30 2026-12-01 2026-12-07"),
        ("FREQ=MONTHLY;BYDAY=5MO", "2026-11-01 2026-11-30 2027-03-29 2027-05-31"),
        ("FREQ=MONTHLY;BYDAY=-5MO", "2026-11-01 2026-11-02 2027-03-01 2027-05-03"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-11-20 2026-12-01 2026-12-15 2027-01-01"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,-2", "2026-01-31 2026-02-27 2026-02-28 2026-03-30"),
    ],
)
def test_a_rule_repeats(text, expected):
    assert series(text, expected[:10]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=MONTHLY", "2026-01-31 2026-02-28 2026-03-31 2026-04-30"),
        ("FREQ=MONTHLY", "2024-01-30 2024-02-29 2024-03-30 2024-04-30"),
        ("FREQ=MONTHLY;BYMONTHDAY=30,31", "2026-01-31 2026-02-28 2026-03-30 2026-03-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-30,-31", "2026-01-02 2026-02-01 2026-03-01 2026-03-02"),
        ("FREQ=YEARLY", "2024-02-29 2025-02-28 2026-02-28 2027-02-28"),
        ("FREQ=YEARLY;INTERVAL=2", "2024-02-29 2026-02-28 2028-02-29 2030-02-28"),
    ],
)
def test_a_month_without_the_day_uses_its_last_or_first_and_the_next_one_goes_back(text, expected):
    assert series(text, expected[:10]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY;COUNT=" + "1".zfill(183), "2026-11-20 end"),  # just 200 characters
        ("FREQ=DAILY;COUNT=3", "2026-11-20 2026-11-21 2026-11-22 end"),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=2", "2026-11-20 2026-11-23 end"),  # the Friday counts
        ("FREQ=DAILY;UNTIL=20261121", "2026-11-20 2026-11-21 end"),
        ("FREQ=DAILY;UNTIL=20260101", "2026-11-20 end"),
        ("FREQ=DAILY", "9999-12-30 9999-12-31 end"),
        ("FREQ=WEEKLY;INTERVAL=999", "9999-12-01 end"),
        ("FREQ=MONTHLY", "9999-11-30 9999-12-30 end"),
        ("FREQ=YEARLY", "9999-01-01 end"),
    ],
)
def test_a_series_ends(text, expected):
    assert series(text, expected[:10]) == expected


@pytest.mark.parametrize(
    ("after", "not_before", "expected"),
    [
        (date(2026, 1, 31), date(2026, 1, 1), date(2026, 2, 28)),
        (date(2026, 1, 31), date(2026, 11, 20), date(2026, 11, 30)),  # what was missed doesn't pile up
        (date(2026, 1, 31), date(2026, 11, 30), date(2026, 11, 30)),
        (date(2026, 11, 30), date(2026, 11, 30), date(2026, 12, 31)),
        (date.min, date.min, date(2026, 1, 31)),
        (date.max, date.min, None),
        (date.min, date.max, date.max),
    ],
)
def test_the_next_date_is_after_one_day_and_not_before_the_other(after, not_before, expected):
    rule = Recurrence.parse("FREQ=MONTHLY")

    assert rule.next_date(date(2026, 1, 31), after, not_before) == expected


def test_case_and_order_do_not_matter():
    assert Recurrence.parse("byday=-1mo;Freq=monthly") == Recurrence.parse("FREQ=MONTHLY;BYDAY=-1MO")


NOT_A_PART = "is not a part of a recurrence: write NAME=VALUE, separated by semicolons."
NOT_ALLOWED = "is not allowed: write it like FREQ=WEEKLY;BYDAY=MO,TH."
NO_NUMBERS, NUMBER = ["0", "1000", "-1", "+1", "ONE", "1,2", "1=2"], "must be a whole number from 1 to 999."
DATE = "must be a date like 20261231, without a time."
NO_DATES = ["20261231T000000Z", "2026-12-31", "2026123", "2026W011", "2026123100", "20260230", "00000101"]
OTHERS = ["BYSETPOS", "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYHOUR", "BYMINUTE", "BYSECOND", "WKST", "DTSTART", "X-MINE"]
NO_DAYS = ["", "MONDAY", "0MO", "6MO", "-6TU", "+TU", "MO2"]
NO_DAY = "use MO to SU, or 1MO to 5MO and -1MO to -5MO within a month."
NO_MONTH_DAYS, NO_MONTH_DAY = ["", "0", "32", "-32", "001", "MO"], "use 1 to 31, or -1 to -31 from the month's end."
ONLY_MONTHLY = "BYMONTHDAY is only supported with FREQ=MONTHLY, not"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f'"" {NOT_A_PART}'),
        ("DAILY", f'"DAILY" {NOT_A_PART}'),
        ("FREQ=DAILY;", f'"" {NOT_A_PART}'),
        ("FREQ=DAILY;COUNT=", f'"COUNT=" {NOT_A_PART}'),
        ("FREQ=DAILY;=3", f'"=3" {NOT_A_PART}'),
        ("RRULE:FREQ=DAILY", f"':' {NOT_ALLOWED}"),
        ("FREQ=DAILY; COUNT=3", f"' ' {NOT_ALLOWED}"),
        ("FREQ=DAILY\n", rf"'\n' {NOT_ALLOWED}"),
        ("FREQ=DAILY;COUNT=1_0", f"'_' {NOT_ALLOWED}"),
        ("FREQ=DAILY;COUNT=３", rf"'\uff13' {NOT_ALLOWED}"),  # noqa: RUF001 - a digit elsewhere
        ("FREQ=DAıLY", rf"'\u0131' {NOT_ALLOWED}"),  # noqa: RUF001 - in capitals it is an I
        ("FREQ=DAILY;COUNT=" + "1".zfill(184), "A recurrence has at most 200 characters."),
        ("INTERVAL=2", "FREQ is required."),
        ("FREQ=HOURLY", "FREQ=HOURLY is not supported: use DAILY, WEEKLY, MONTHLY or YEARLY."),
        *((f"FREQ=DAILY;INTERVAL={value}", f"INTERVAL {NUMBER}") for value in NO_NUMBERS),
        *((f"FREQ=DAILY;COUNT={value}", f"COUNT {NUMBER}") for value in NO_NUMBERS),
        *((f"FREQ=DAILY;UNTIL={value}", f"UNTIL {DATE}") for value in NO_DATES),
        *((f"FREQ=MONTHLY;{name.lower()}=1", f"{name} is not supported.") for name in OTHERS),
        ("FREQ=DAILY;COUNT=3;count=3", "COUNT is given more than once."),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231", "COUNT and UNTIL exclude each other."),
        *((f"FREQ=MONTHLY;BYDAY=MO,{day}", f'BYDAY has no "{day}": {NO_DAY}') for day in NO_DAYS),
        *((f"FREQ=MONTHLY;BYMONTHDAY=1,{day}", f'BYMONTHDAY has no "{day}": {NO_MONTH_DAY}') for day in NO_MONTH_DAYS),
        ("FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=1", "BYDAY and BYMONTHDAY exclude each other."),
        *((f"FREQ={freq};BYMONTHDAY=1", f"{ONLY_MONTHLY} {freq}.") for freq in ("DAILY", "WEEKLY", "YEARLY")),
        ("FREQ=YEARLY;BYDAY=MO", "BYDAY is not supported with FREQ=YEARLY."),
        ("FREQ=DAILY;BYDAY=MO,2TU", "BYDAY with a number is only supported with FREQ=MONTHLY, not DAILY."),
        ("FREQ=WEEKLY;BYDAY=-1MO", "BYDAY with a number is only supported with FREQ=MONTHLY, not WEEKLY."),
    ],
)
def test_a_refusal_names_the_part(text, message):
    with pytest.raises(RecurrenceError) as refusal:
        Recurrence.parse(text)

    assert str(refusal.value) == message


# The oracle: does one day belong to a rule? From the definition, without the days before it.


def belongs(rule: dict, start: date, day: date) -> bool:
    if rule["FREQ"] == "DAILY":
        periods, fits = (day - start).days, not rule["BYDAY"] or on_weekday(rule["BYDAY"], day)
    elif rule["FREQ"] == "WEEKLY":
        periods = (day - DAY * day.weekday() - (start - DAY * start.weekday())).days // 7
        fits = on_weekday(rule["BYDAY"] or [(0, WEEKDAYS[start.weekday()])], day)
    elif rule["FREQ"] == "MONTHLY":
        periods = 12 * (day.year - start.year) + day.month - start.month
        fits = on_weekday(rule["BYDAY"], day) if rule["BYDAY"] else on_month_day(rule["BYMONTHDAY"] or [start.day], day)
    else:
        periods = day.year - start.year
        fits = day.month == start.month and on_month_day([start.day], day)
    return fits and periods % rule["INTERVAL"] == 0


def on_weekday(weekdays: list[tuple[int, str]], day: date) -> bool:
    nth = (day.day - 1) // 7 + 1
    nth_last = (monthrange(day.year, day.month)[1] - day.day) // 7 + 1
    return any(name == WEEKDAYS[day.weekday()] and n in (0, nth, -nth_last) for n, name in weekdays)


def on_month_day(numbers: list[int], day: date) -> bool:
    length = monthrange(day.year, day.month)[1]
    names = {day.day, day.day - length - 1}
    if day.day == length:
        names |= set(range(length + 1, 32))
    if day.day == 1:
        names |= set(range(-31, -length))
    return not names.isdisjoint(numbers)


def walk(rule: dict, start: date, after: date, not_before: date, horizon: date) -> tuple[list[date], bool]:
    """The next ten dates of the series or more, up to the horizon, and whether it ends there."""
    first = start if rule["COUNT"] else max(start, after, not_before)  # only counting needs the days before
    dates = [start]
    for number in range(first.toordinal(), min(horizon, rule["UNTIL"] or horizon).toordinal() + 1):
        if len(dates) == (rule["COUNT"] or 12):  # the start, perhaps `after`, and ten
            break
        if number > start.toordinal() and belongs(rule, start, date.fromordinal(number)):
            dates.append(date.fromordinal(number))
    ended = len(dates) == rule["COUNT"] or horizon >= (rule["UNTIL"] or date.max)
    return [day for day in dates if day > after and day >= not_before], ended


def later(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def write(rule: dict) -> str:
    written = {
        "BYDAY": ",".join(f"{n or ''}{name}" for n, name in rule["BYDAY"]),
        "BYMONTHDAY": ",".join(map(str, rule["BYMONTHDAY"])),
        "UNTIL": rule["UNTIL"] and rule["UNTIL"].isoformat().replace("-", ""),
    }
    return ";".join(f"{name}={value}" for name, value in {**rule, **written}.items() if value)


EDGES = st.sampled_from([date.min, date(4, 2, 29), date(1900, 2, 28), date(2000, 2, 29), date(9996, 2, 29), date.max])
MONTH_ENDS = st.builds(lambda day, back: later(day.replace(day=1), -back), st.dates(), st.integers(0, 4))
NUMBERS = st.integers(1, 31) | st.integers(-31, -1) | st.sampled_from([28, 29, 30, 31, -28, -29, -30, -31])
WEEKDAY, NONE = st.sampled_from(WEEKDAYS), st.just([])
PLAIN, NUMBERED = (st.lists(st.tuples(n, WEEKDAY), max_size=4) for n in (st.just(0), st.integers(-5, 5)))
BYS = [
    st.builds(dict, FREQ=st.sampled_from(["DAILY", "WEEKLY"]), BYDAY=PLAIN, BYMONTHDAY=NONE),
    st.builds(dict, FREQ=st.just("MONTHLY"), BYDAY=NUMBERED, BYMONTHDAY=NONE),
    st.builds(dict, FREQ=st.just("MONTHLY"), BYDAY=NONE, BYMONTHDAY=st.lists(NUMBERS, max_size=4)),
    st.builds(dict, FREQ=st.just("YEARLY"), BYDAY=NONE, BYMONTHDAY=NONE),
]


@settings(max_examples=2200, derandomize=True, deadline=None, database=None)
@given(
    by=st.one_of(BYS),
    interval=st.integers(1, 4) | st.integers(1, 40) | st.integers(1, 999),
    count=st.sampled_from([None, None, None, 5, 30]),
    until=st.sampled_from([None, None, -10, 999]),  # days after the start
    start=st.dates() | MONTH_ENDS | EDGES,
    days=st.tuples(st.integers(-50, 300), st.integers(-50, 300)),
    scale=st.sampled_from([1, 1, 5, 5000]),
)
def test_what_comes_next_is_what_walking_day_by_day_finds(by, interval, count, until, start, days, scale):
    end = None if count or not until else later(start, until)
    rule = {**by, "INTERVAL": interval, "COUNT": count, "UNTIL": end}
    after, not_before = (later(start, number * (1 if count else scale)) for number in days)
    horizon = later(max(start, after, not_before), 3000)
    recurrence = Recurrence.parse(write(rule))
    dates, ended = walk(rule, start, after, not_before, horizon)

    for day in dates[:10]:
        assert recurrence.next_date(start, after, not_before) == day
        after = day
    if len(dates) < 10:
        beyond = recurrence.next_date(start, after, not_before)
        assert beyond is None or (not ended and beyond > horizon and belongs(rule, start, beyond))


SAME = ["DAILY;INTERVAL=3;BYDAY=MO,TH", "WEEKLY;INTERVAL=2;BYDAY=SU,MO", "MONTHLY;BYDAY=2TU,-1FR,5MO", "YEARLY"]


@pytest.mark.parametrize("rule", [*SAME, "MONTHLY;INTERVAL=5;BYMONTHDAY=1,-28"])
def test_where_each_month_has_the_day_dateutil_agrees(rule):
    text = f"FREQ={rule};UNTIL=20991231"
    theirs = {str(at.date()) for at in rrulestr(text, dtstart=date(2024, 1, 2))} | {"2024-01-02"}

    assert series(text, "2024-01-02", limit=9999).split() == [*sorted(theirs), "end"]


@pytest.mark.parametrize(
    ("freq", "last"), [("DAILY", "2026-09-25"), ("WEEKLY", "2043-02-16"), ("MONTHLY", "2107-03-01")]
)
def test_the_999th_date_is_the_last(freq, last):
    rule = Recurrence.parse(f"FREQ={freq};COUNT=999")
    start, end = date(2024, 1, 1), date.fromisoformat(last)

    assert (rule.next_date(start, start, end), rule.next_date(start, start, end + DAY)) == (end, None)


def seconds(text: str, *dates: date) -> float:
    """The CPU's, the best of three runs, each from the text. The tracer that counts coverage isn't part of the code."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return min(
            timeit.repeat(lambda: Recurrence.parse(text).next_date(*dates), timer=thread_time, number=1, repeat=3)
        )
    finally:
        sys.settrace(tracer)


def test_no_rule_takes_5_ms():
    rng = random.Random(3)
    numbered = ",".join(f"{n}{name}" for n in (4, 5, -5) for name in WEEKDAYS)
    bys = ["BYDAY=5MO", "BYDAY=-5SU,5MO", f"BYDAY={numbered}", "BYMONTHDAY=31,-31,30,-30"]
    rules = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "DAILY;BYDAY=MO", *(f"MONTHLY;{by}" for by in bys)]
    intervals = [1, 7, 12, 24, 999, *rng.sample(range(1, 1000), 5)]
    starts = [date.min, date(1, 2, 1), date(3, 2, 1), date(4, 2, 29), date(2026, 1, 31), date(9999, 2, 1)]
    slow = []
    for rule, interval, count, start in product(rules, intervals, ["", ";COUNT=999"], starts):
        for after in (date.max - DAY, date.fromordinal(rng.randint(1, date.max.toordinal()))):
            case = (f"FREQ={rule};INTERVAL={interval}{count}", start, after, start)
            slow += [case] if seconds(*case) >= 0.005 else []

    assert slow == []

"""Which days belong to a rule, within one of its periods: a day, a week, a month or a year, as FREQ says.

Periods are numbered from 0, which has 1 January of the year 1. Days of a period ("offsets") are numbered from 0, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from math import gcd
from typing import TYPE_CHECKING, Any, ClassVar

from todos.recurrence import cycle
from todos.recurrence.cycle import Month, Week, Year
from todos.recurrence.days import at_positions, in_month, in_weeks, on_weekdays
from todos.recurrence.parse import MAX_NUMBER, Weekday

if TYPE_CHECKING:
    from todos.recurrence.rule import Recurrence

NEAR = 8  # that many periods are looked at one by one, before the cycle is searched
LONGEST = 366  # days of a period


class Periods:
    """The periods of a rule, for a series that begins on `start`.

    `day`: the day of the month that is meant where the rule doesn't name one.
    """

    kinds: ClassVar[Sequence[Any]]
    clamps = False  # whether a month's last day stands for a day that the month doesn't have

    def __init__(self, rule: Recurrence, start: date, day: int):
        self.rule = rule
        self.known: dict[int, list[int]] = {}

    def number(self, day: date) -> int:
        """The number of the period that `day` is in."""
        raise NotImplementedError

    def first_day(self, number: int) -> int:
        """The ordinal of its first day; 0 or less for a week that begins before the year 1."""
        raise NotImplementedError

    def kinds_in_order(self) -> bytes:
        """The index of the kind of each period of 400 years."""
        raise NotImplementedError

    def find_offsets(self, kind: Any) -> list[int]:
        """The days of such a period that belong to the rule, in order."""
        raise NotImplementedError

    def offsets(self, index: int) -> list[int]:
        if index not in self.known:
            self.known[index] = self.find_offsets(self.kinds[index])
        return self.known[index]

    def flags(self) -> bytes:
        """For each period of 400 years: does it have dates?"""
        table = bytes(bool(self.offsets(index)) for index in range(len(self.kinds)))
        return self.kinds_in_order().translate(table.ljust(256))

    def offsets_in(self, number: int) -> list[int]:
        kinds = self.kinds_in_order()
        return self.offsets(kinds[number % len(kinds)])

    def dates_in(self, number: int) -> list[int]:
        """The ordinals of the rule's dates in this period, in order."""
        begin = self.first_day(number)
        return [begin + offset for offset in self.offsets_in(number)]

    def sizes(self, numbers: Iterable[int]) -> Iterator[int]:
        """How many dates are in each of these periods, which `with_dates` has found."""
        kinds, known = self.kinds_in_order(), self.known
        return (len(known[kinds[number % len(kinds)]]) for number in numbers)

    def first_date(self, after: date, earliest: date) -> date | None:
        """The rule's first date that is later than `after`, from which INTERVAL counts, and not before `earliest`."""
        bound = max(after.toordinal() + 1, earliest.toordinal())
        origin, number = self.number(after), self.number(max(after, earliest))
        for period in self.with_dates(number - (number - origin) % self.rule.interval, self.number(date.max)):
            for day in self.dates_in(period):
                if day >= bound:
                    return date.fromordinal(day) if day <= date.max.toordinal() else None
        return None

    def count(self, after: date, until: date) -> int:
        """How many of the rule's dates are later than `after`, from which INTERVAL counts, and not later than `until`.

        Exact up to MAX_NUMBER; any greater number only means "more".
        """
        first, last, total = self.number(after), self.number(until), 0
        for size in self.sizes(self.with_dates(first, last)):
            total += size
            if total > MAX_NUMBER + LONGEST:
                break
        outside = [day for day in self.dates_in(first) if day <= after.toordinal()]
        if (last - first) % self.rule.interval == 0:
            outside += [day for day in self.dates_in(last) if day > until.toordinal()]
        return total - len(outside)

    def with_dates(self, first: int, last: int) -> Iterator[int]:
        """Of every INTERVAL-th period from `first` to `last`, those that have dates.

        Most rules have some in the next periods; for the others the cycle is searched.
        """
        near = range(first, last + 1, self.rule.interval)[:NEAR]
        yield from filter(self.offsets_in, near)
        if len(near) == NEAR:
            yield from self.search(near[-1] + self.rule.interval, last)

    def search(self, first: int, last: int) -> Iterator[int]:
        flags, step = self.flags(), self.rule.interval
        barren = 0
        # After that many rounds without a date, the same periods come again.
        while first <= last and barren <= step // gcd(step, len(flags)):
            active = flags[first % len(flags) :: step]
            found = active.find(1)
            barren = barren + 1 if found < 0 else 0
            while 0 <= found <= (last - first) // step:
                yield first + found * step
                found = active.find(1, found + 1)
            first += len(active) * step


class Years(Periods):
    kinds = cycle.YEAR_KINDS

    def __init__(self, rule: Recurrence, start: date, day: int):
        super().__init__(with_implied_day(rule, start, day), start, day)
        self.clamps = clamps(rule)
        # BYDAY counts within the months that BYMONTH names; without any, within the year.
        self.month_rule = self.rule if rule.bymonth else replace(self.rule, byday=())
        self.known_months: dict[Month, list[int]] = {}

    def number(self, day: date) -> int:
        return day.year - 1

    def first_day(self, number: int) -> int:
        return date(number + 1, 1, 1).toordinal()

    def kinds_in_order(self) -> bytes:
        return cycle.YEARS

    def find_offsets(self, kind: Year) -> list[int]:
        days = self.days_in_months(kind)
        if self.rule.byyearday:
            days &= {number - 1 if number > 0 else kind.length + number for number in self.rule.byyearday}
        if self.rule.byweekno:
            days &= in_weeks(self.rule.byweekno, self.rule.wkst, kind)
        if self.rule.byday and not self.rule.bymonth:
            days &= on_weekdays(self.rule.byday, kind.weekday, kind.length)
        return at_positions(self.rule.bysetpos, sorted(days))

    def days_in_months(self, kind: Year) -> set[int]:
        if not self.rule.bymonth and not self.rule.bymonthday:
            return set(range(kind.length))
        return {start + offset for start, month in cycle.months(kind) for offset in self.month_offsets(month)}

    def month_offsets(self, month: Month) -> list[int]:
        if month not in self.known_months:
            self.known_months[month] = in_month(self.month_rule, self.clamps, month)
        return self.known_months[month]


class Months(Periods):
    kinds = cycle.MONTH_KINDS

    def __init__(self, rule: Recurrence, start: date, day: int):
        implied = not rule.byday and not rule.bymonthday
        super().__init__(replace(rule, bymonthday=(day,)) if implied else rule, start, day)
        self.clamps = clamps(rule)

    def number(self, day: date) -> int:
        return 12 * (day.year - 1) + day.month - 1

    def first_day(self, number: int) -> int:
        return date(number // 12 + 1, number % 12 + 1, 1).toordinal()

    def kinds_in_order(self) -> bytes:
        return cycle.MONTHS

    def find_offsets(self, kind: Month) -> list[int]:
        return at_positions(self.rule.bysetpos, in_month(self.rule, self.clamps, kind))


class Weeks(Periods):
    kinds = cycle.WEEK_KINDS

    def __init__(self, rule: Recurrence, start: date, day: int):
        super().__init__(rule, start, day)
        weekdays = {on.weekday for on in rule.byday} or {start.weekday()}
        self.wanted = sorted((weekday - rule.wkst) % 7 for weekday in weekdays)
        self.before = -rule.wkst % 7  # days of the first week that are before the year 1, which begins on a Monday

    def number(self, day: date) -> int:
        return (day.toordinal() - 1 + self.before) // 7

    def first_day(self, number: int) -> int:
        return 7 * number + 1 - self.before

    def kinds_in_order(self) -> bytes:
        return cycle.weeks(self.rule.wkst)

    def find_offsets(self, kind: Week) -> list[int]:
        months = self.rule.bymonth
        months_of_days = [kind.month] * kind.days_left + [kind.month % 12 + 1] * (7 - kind.days_left)
        offsets = [offset for offset in self.wanted if not months or months_of_days[offset] in months]
        return at_positions(self.rule.bysetpos, offsets)


class Days(Periods):
    """Each period is one day; so there are too many kinds, and the months say which days belong to the rule."""

    kinds = cycle.MONTH_KINDS

    def __init__(self, rule: Recurrence, start: date, day: int):
        super().__init__(rule, start, day)
        self.none = bool(rule.bysetpos) and not {1, -1} & set(rule.bysetpos)  # one day has no second

    def number(self, day: date) -> int:
        return day.toordinal() - 1

    def find_offsets(self, kind: Month) -> list[int]:
        return [] if self.none else in_month(self.rule, self.clamps, kind)

    def flags(self) -> bytes:
        days = []
        for index, month in enumerate(self.kinds):
            of_month = bytearray(month.length)
            for offset in self.offsets(index):
                of_month[offset] = True
            days.append(bytes(of_month))
        return b"".join(days[index] for index in cycle.MONTHS)

    def offsets_in(self, number: int) -> list[int]:
        day = date.fromordinal(number + 1)
        month = 12 * (day.year - 1) + day.month - 1
        return [0] if day.day - 1 in self.offsets(cycle.MONTHS[month % len(cycle.MONTHS)]) else []

    def first_day(self, number: int) -> int:
        return number + 1

    def sizes(self, numbers: Iterable[int]) -> Iterator[int]:
        return (1 for _ in numbers)


PERIODS: dict[str, type[Periods]] = {"DAILY": Days, "WEEKLY": Weeks, "MONTHLY": Months, "YEARLY": Years}


def clamps(rule: Recurrence) -> bool:
    """Whether a month's last day takes the place of a day that the month doesn't have. The RFC skips the month.

    It does for the implied day, and for BYMONTHDAY without BYDAY and BYSETPOS.
    """
    return not rule.byday and not (rule.bymonthday and rule.bysetpos)


def with_implied_day(rule: Recurrence, start: date, day: int) -> Recurrence:
    """The yearly rule, with the day taken from the start if the rule doesn't name one (RFC 5545, 3.3.10)."""
    if rule.byday or rule.bymonthday or rule.byyearday:
        return rule
    if rule.byweekno:
        return replace(rule, byday=(Weekday(0, start.weekday()),))
    return replace(rule, bymonth=rule.bymonth or (start.month,), bymonthday=(day,))

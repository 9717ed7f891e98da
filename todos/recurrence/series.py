"""A series: the dates of a rule from a first one on."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from todos.recurrence.periods import PERIODS, Periods

if TYPE_CHECKING:
    from todos.recurrence.rule import Recurrence


@dataclass(frozen=True)
class Series:
    """The dates of `rule` from `start` on, which is the first, even if it doesn't match the rule (RFC 5545, 3.8.5.3).

    INTERVAL counts from `start`. UNTIL doesn't take it away. COUNT counts it too.
    `day`: the day of the month (1 to 31) that a MONTHLY or YEARLY rule means if it names none; that of `start` by
    default. They differ when `start` is the last day of a month that was too short: 28 February for the 31st.
    `already`: how many dates of COUNT are used up before `start`.
    All dates are plain dates, from year 1 to 9999.
    """

    rule: Recurrence
    start: date
    day: int | None = None
    already: int = 0

    def next_date(self, after: date, not_before: date = date.min) -> date | None:
        """The first date of the series that is later than `after` and not before `not_before`; None after its end."""
        if after == date.max:
            return None
        earliest = max(after + timedelta(days=1), not_before)
        if earliest <= self.start:
            return self.start
        found = self._periods.first_date(self.start, earliest)
        return None if found is None or self._is_over(found) else found

    def passed(self, day: date) -> int:
        """How many dates the series has up to and including `day`: how much of COUNT is used up. COUNT doesn't end it.

        Exact up to 999, since COUNT is never greater; any greater number only means "more".
        """
        if day < self.start:
            return self.already
        last = min(day, self.rule.until or day)
        return self.already + 1 + (self._periods.count(self.start, last) if last > self.start else 0)

    def rule_at(self, day: date) -> Recurrence:
        """The rule for a series that is written as beginning with its date `day`: with what is left of COUNT."""
        if self.rule.count is None:
            return self.rule
        return self.rule.with_count(max(self.rule.count - self.passed(day) + 1, 1))

    def with_rule(self, rule: Recurrence, at: date) -> Series:
        """This series under another rule, from its date `at` on: INTERVAL counts from there, COUNT goes on.

        From MONTHLY or YEARLY to MONTHLY or YEARLY, the day that the series was set for is still wanted.
        """
        by_month = {self.rule.freq, rule.freq} <= {"MONTHLY", "YEARLY"}
        day = self._day_behind(at) if by_month else at.day
        return Series(rule, at, day, self.passed(at) - 1)

    def _day_behind(self, at: date) -> int:
        """The day of the month that was wanted: 31 for the 28 February that took its place."""
        length = monthrange(at.year, at.month)[1]
        wanted = [self.day or self.start.day, *self.rule.bymonthday]
        return max((day for day in wanted if min(day, length) == at.day), default=at.day)

    @cached_property
    def _periods(self) -> Periods:
        return PERIODS[self.rule.freq](self.rule, self.start, self.day or self.start.day)

    def _is_over(self, found: date) -> bool:
        """Whether the series ended before this date."""
        until, count = self.rule.until, self.rule.count
        return (until is not None and found > until) or (count is not None and self.passed(found) > count)

"""Which days of a month or a year the BY parts of a rule name. Days are numbered from 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from todos.recurrence.cycle import Month, Year
from todos.recurrence.parse import Weekday

if TYPE_CHECKING:
    from todos.recurrence.rule import Recurrence


def in_month(rule: Recurrence, clamps: bool, kind: Month) -> list[int]:
    """The days of such a month that BYMONTH, BYMONTHDAY and BYDAY let through, in order."""
    if rule.bymonth and kind.month not in rule.bymonth:
        return []
    offsets = set(range(kind.length))
    if rule.bymonthday:
        last = kind.length if clamps else 31
        offsets &= {min(n, last) - 1 if n > 0 else kind.length + n for n in rule.bymonthday}
    if rule.byday:
        offsets &= on_weekdays(rule.byday, kind.weekday, kind.length)
    return sorted(offsets)


def on_weekdays(byday: Sequence[Weekday], first: int, length: int) -> set[int]:
    """The days of a month or year of such a length, whose first day is the weekday `first`, that BYDAY names."""
    found: set[int] = set()
    for number, weekday in byday:
        days = range((weekday - first) % 7, length, 7)
        index = number - 1 if number > 0 else number
        if not number:
            found.update(days)
        elif -len(days) <= index < len(days):
            found.add(days[index])
    return found


def in_weeks(numbers: Sequence[int], begin: int, kind: Year) -> set[int]:
    """The days of such a year that are in these weeks, which begin on the weekday `begin` (ISO 8601 for Mondays).

    The days around New Year may be in the last week of the year before or the first of the year after.
    """
    first, count = first_week(begin, kind.weekday, kind.length)
    _, count_before = first_week(begin, kind.weekday - kind.length_before, kind.length_before)
    _, count_after = first_week(begin, kind.weekday + kind.length, kind.length_after)
    names = [(count_before, -1), *((number, number - 1 - count) for number in range(1, count + 1)), (1, -count_after)]
    wanted = set(numbers)
    weeks = (index for index, (number, from_end) in enumerate(names, -1) if number in wanted or from_end in wanted)
    return {day for index in weeks for day in range(first + 7 * index, first + 7 * index + 7)}


def first_week(begin: int, weekday: int, length: int) -> tuple[int, int]:
    """Where a year's first week begins, which has at least four of its days, and how many weeks the year has."""
    first = (begin - weekday + 3) % 7 - 3
    following = (begin - weekday - length + 3) % 7 - 3
    return first, (length + following - first) // 7


def at_positions(positions: Sequence[int], offsets: list[int]) -> list[int]:
    """What BYSETPOS takes from the days of one period."""
    if not positions:
        return offsets
    found = (offsets[n - 1 if n > 0 else n] for n in positions if abs(n) <= len(offsets))
    return sorted(set(found))

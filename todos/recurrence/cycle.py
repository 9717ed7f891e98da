"""The calendar repeats after 400 years: 4,800 months, 20,871 weeks, 146,097 days.

A period (a year, a month, a week) is of a *kind*, such as "a leap year that begins on a Monday". Whether a rule has
dates in it depends on its kind alone, and there are at most 91 kinds. YEARS, MONTHS and `weeks` have the kind of each
period from the year 1 on, as an index into a list of kinds: so rare dates are found by a search in a few thousand
bytes.
"""

from calendar import isleap, monthrange
from collections.abc import Iterable
from datetime import date
from functools import cache
from itertools import accumulate
from typing import NamedTuple, TypeVar

YEARS_LONG = 400
DAYS_LONG = 146_097


class Month(NamedTuple):
    month: int
    weekday: int  # of its first day
    length: int


class Year(NamedTuple):
    weekday: int  # of its first day
    length: int
    length_before: int  # of the year before it: the weeks of three years meet in one
    length_after: int


class Week(NamedTuple):
    month: int  # of its first day
    days_left: int  # in that month, from its first day on, at most 7


@cache
def months(year: Year) -> list[tuple[int, Month]]:
    """The months of such a year, each after the day of the year (from 0) that it begins on."""
    lengths = [monthrange(2000 if year.length == 366 else 2001, month)[1] for month in range(1, 13)]
    starts = accumulate(lengths, initial=0)
    return [
        (start, Month(number, (year.weekday + start) % 7, length))
        for start, number, length in zip(starts, range(1, 13), lengths, strict=False)
    ]


Kind = TypeVar("Kind", Month, Year)


def indexed(kinds: Iterable[Kind]) -> tuple[list[Kind], bytes]:
    periods = list(kinds)
    distinct = sorted(set(periods))
    index = {kind: number for number, kind in enumerate(distinct)}
    return distinct, bytes(index[kind] for kind in periods)


def length(year: int) -> int:
    return 365 + isleap(year)


YEAR_KINDS, YEARS = indexed(
    Year(date(year, 1, 1).weekday(), length(year), length(year - 1), length(year + 1))
    for year in range(1, YEARS_LONG + 1)
)
MONTH_KINDS, MONTHS = indexed(month for kind in YEARS for _, month in months(YEAR_KINDS[kind]))
WEEK_KINDS = [Week(month, days_left) for month in range(1, 13) for days_left in range(1, 8)]

# For each day of the cycle, the kind of the week that would begin on it.
_WEEKS_BY_MONTH = [
    bytes(WEEK_KINDS.index(Week(kind.month, min(left, 7))) for left in range(kind.length, 0, -1))
    for kind in MONTH_KINDS
]
WEEKS_BY_DAY = b"".join(_WEEKS_BY_MONTH[kind] for kind in MONTHS)


@cache
def weeks(begin: int) -> bytes:
    """The kinds of the weeks that begin on this weekday; the first one has the first day of the year 1, a Monday."""
    before = -begin % 7
    return (WEEKS_BY_DAY[-before:] + WEEKS_BY_DAY)[:DAYS_LONG:7]

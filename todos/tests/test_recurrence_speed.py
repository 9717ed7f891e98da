"""The next date takes some 5 ms of CPU time at most, for any rule, any start and any day.

Processors differ, so it is compared with other work: it takes less than sorting 14,000 dates.
"""

import sys
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from random import Random
from time import thread_time

from todos.recurrence import Recurrence, Series

DAY = timedelta(days=1)
QUICK = 0.002  # on any machine
ALL_WEEKS = ",".join(map(str, [*range(1, 54), *range(-53, 0)]))
HARD = [
    "DAILY",
    "DAILY;BYDAY=MO",
    "DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SA",
    "DAILY;BYMONTH=2;BYMONTHDAY=30",  # never
    "WEEKLY",
    "WEEKLY;BYMONTH=2;BYDAY=MO,SU;BYSETPOS=2;WKST=SU",
    "WEEKLY;BYMONTH=2;BYDAY=MO;BYSETPOS=2",  # never
    "MONTHLY",
    "MONTHLY;BYDAY=-5SU,5MO",
    "MONTHLY;BYMONTH=2;BYDAY=5SU",  # once in 28 years
    "MONTHLY;BYMONTHDAY=31,-31,30,-30",
    "MONTHLY;BYMONTH=2;BYMONTHDAY=30;BYSETPOS=1",  # never
    "YEARLY",
    "YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366",
    "YEARLY;BYYEARDAY=60;BYMONTH=2;BYDAY=MO",  # once in 28 years
    "YEARLY;BYWEEKNO=53;BYMONTH=1;BYMONTHDAY=3;BYDAY=SU",
    "YEARLY;BYWEEKNO=-53;BYYEARDAY=366;BYMONTHDAY=-1;BYDAY=TH",
    "YEARLY;BYYEARDAY=366;BYMONTH=1",  # never
    f"YEARLY;BYWEEKNO={ALL_WEEKS};BYSETPOS=366",
    f"YEARLY;BYYEARDAY={','.join(map(str, range(-366, -282)))};BYSETPOS=-1",
    f"YEARLY;BYDAY={','.join(f'{n}SU' for n in range(-39, 40) if n)};BYSETPOS=39",
    f"YEARLY;BYMONTHDAY={','.join(map(str, [*range(1, 32), *range(-31, 0)]))};BYSETPOS=-366",
    "YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=5MO,-5TU;BYMONTHDAY=29,30,31,-29,-30,-31;BYSETPOS=9",
]
STARTS = [date.min, date(3, 2, 1), date(4, 2, 29), date(2026, 1, 31), date(9999, 2, 1)]


def next_date(text: str, start: date, after: date) -> None:
    Series(Recurrence.parse(text), start).next_date(after)


def sort_dates() -> None:
    sorted([date.fromordinal(1 + number * 7919 % 14_000) for number in range(14_000)])


def seconds(work: Callable[..., None], *arguments) -> float:
    """Of CPU time. The tracer that counts coverage isn't part of the code."""
    tracer, begun = sys.gettrace(), thread_time()
    sys.settrace(None)
    try:
        work(*arguments)
        return thread_time() - begun
    finally:
        sys.settrace(tracer)


def is_slow(text: str, start: date, after: date) -> bool:
    taken = seconds(next_date, text, start, after)
    return taken > QUICK and taken >= seconds(sort_dates)


def test_the_next_date_takes_less_than_sorting_14_000_dates():
    rng = Random(3)
    slow = []
    for rule, interval, count, start in product(HARD, [1, rng.randint(2, 998), 999], ["", ";COUNT=999"], STARTS):
        text = f"FREQ={rule};INTERVAL={interval}{count}"
        for after in (date.max - DAY, date.fromordinal(rng.randint(1, date.max.toordinal()))):
            # A busy machine makes a single run slower, but not ten of them.
            slow += [(text, start, after)] if all(is_slow(text, start, after) for _ in range(10)) else []

    assert slow == []

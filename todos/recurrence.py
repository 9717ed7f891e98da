"""On which days a task recurs: a subset of RFC 5545's recurrence rules (section 3.3.10), by calendar days alone.

One thing differs from the RFC on purpose: it skips a month that hasn't the day, here the month's last day takes its
place. dateutil's rrule can't do that, and walking it from an old anchor takes too long, so only its weekdays are used.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

from dateutil.rrule import FR, MO, SA, SU, TH, TU, WE, weekday

MAX_LENGTH = 200  # characters
MAX_NUMBER = 999  # for INTERVAL and COUNT: they bound the work of next_date
WEEKDAYS = {"MO": MO, "TU": TU, "WE": WE, "TH": TH, "FR": FR, "SA": SA, "SU": SU}

# A month is one of 28: (weekday of the 1st, number of days). After 400 years, which are whole weeks, they repeat.
# This table is what lets next_date look at all Februaries from year 1 to 9999 in a millisecond or two.
SHAPES = [(first_weekday, length) for first_weekday in range(7) for length in range(28, 32)]
MONTHS = [SHAPES.index(monthrange(2000 + month // 12, month % 12 + 1)) for month in range(400 * 12)]


class RecurrenceError(ValueError):
    """The text isn't a rule that we follow; `str()` of it tells the API's client why."""


@dataclass(frozen=True)
class Recurrence:
    """A rule; make one with `Recurrence.parse`, which refuses what the calculations don't expect."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    byday: tuple[weekday, ...] = ()
    bymonthday: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Recurrence":
        """The rule that `text` writes, as in RFC 5545, section 3.3.10, without regard to case.

        `text`: at most 200 characters, NAME=VALUE separated by semicolons, each name once:
        FREQ=DAILY, WEEKLY, MONTHLY or YEARLY (required); INTERVAL and COUNT 1 to 999; UNTIL=YYYYMMDD, not with COUNT;
        BYDAY, not with YEARLY and with ordinals (±1 to ±5) only with MONTHLY; BYMONTHDAY (±1 to ±31), only with MONTHLY
        and not with BYDAY. Raises RecurrenceError, which names the part, for everything else.
        """
        if len(text) > MAX_LENGTH:
            raise RecurrenceError(f"A recurrence has at most {MAX_LENGTH} characters.")
        if foreign := re.search(r"[^A-Za-z0-9=;,+-]", text):  # also what .upper() would turn into ASCII letters
            raise RecurrenceError(f"{foreign[0]!a} is not allowed: write it like FREQ=WEEKLY;BYDAY=MO,TH.")
        values = _read(text.upper().split(";"))
        if "freq" not in values:
            raise RecurrenceError("FREQ is required.")
        rule = cls(**values)
        rule._check()
        return rule

    def next_date(self, start: date, after: date, not_before: date) -> date | None:
        """The first date of the series that is later than `after` and not before `not_before`, or None.

        `start` is the series' first date, even if it doesn't match the rule (RFC 5545, section 3.8.5.3: COUNT counts
        it too; UNTIL doesn't take it away); the rule's dates after it follow, until COUNT, UNTIL (inclusive) or
        9999-12-31 ends the series.
        Weeks begin on Monday. All three are plain dates, from year 1 to 9999, in any order. Raises nothing.
        """
        if after == date.max:
            return None
        earliest = max(after + timedelta(days=1), not_before)
        if earliest <= start:
            return start
        # Only counting has to begin at the start; otherwise the past is jumped over.
        dates = self._dates(start, start if self.count else earliest)
        upcoming = islice((day for day in dates if day > start), self.count and self.count - 1)
        found = next((day for day in upcoming if day >= earliest), None)
        return None if found and self.until and found > self.until else found

    def _check(self) -> None:
        """Raises RecurrenceError for parts that are right by themselves, but not together."""
        if self.count and self.until:
            raise RecurrenceError("COUNT and UNTIL exclude each other.")
        if self.byday and self.bymonthday:
            raise RecurrenceError("BYDAY and BYMONTHDAY exclude each other.")
        if self.bymonthday and self.freq != "MONTHLY":
            raise RecurrenceError(f"BYMONTHDAY is only supported with FREQ=MONTHLY, not {self.freq}.")
        if self.byday and self.freq == "YEARLY":
            raise RecurrenceError("BYDAY is not supported with FREQ=YEARLY.")
        if any(on.n for on in self.byday) and self.freq != "MONTHLY":
            raise RecurrenceError(f"BYDAY with a number is only supported with FREQ=MONTHLY, not {self.freq}.")

    def _dates(self, start: date, day: date) -> Iterator[date]:
        """The rule's dates in order, from the beginning of the period that `day` is in; `day` isn't before `start`."""
        if self.freq in ("MONTHLY", "YEARLY"):
            return self._dates_by_month(start, day)
        return self._dates_by_day(start, day)

    def _dates_by_day(self, start: date, day: date) -> Iterator[date]:
        origin = start.toordinal() - (start.weekday() if self.freq == "WEEKLY" else 0)
        period = 7 * self.interval
        offsets = self._offsets(start)
        last = date.max.toordinal()
        first = day.toordinal() - (day.toordinal() - origin) % period
        for begin in range(first, last + 1, period) if offsets else ():
            yield from (date.fromordinal(begin + offset) for offset in offsets if begin + offset <= last)

    def _offsets(self, start: date) -> list[int]:
        """Which of the `7 * interval` days from the start, or from its week's Monday, are dates; then they repeat."""
        weekdays = {on.weekday for on in self.byday}
        if self.freq == "WEEKLY":
            return sorted(weekdays or {start.weekday()})
        steps = range(0, 7 * self.interval, self.interval)
        return [step for step in steps if not weekdays or (start.weekday() + step) % 7 in weekdays]

    def _dates_by_month(self, start: date, day: date) -> Iterator[date]:
        period = self.interval * (12 if self.freq == "YEARLY" else 1)
        origin = 12 * start.year + start.month - 1
        wanted = 12 * day.year + day.month - 1
        days_of = [self._days_of_month(start.day, *shape) for shape in SHAPES]
        for month in range(wanted - (wanted - origin) % period, 12 * (date.max.year + 1), period):
            for number in days_of[MONTHS[month % len(MONTHS)]]:
                yield date(month // 12, month % 12 + 1, number)

    def _days_of_month(self, start_day: int, first_weekday: int, length: int) -> list[int]:
        """The rule's days in a month of `length` days that begins on `first_weekday`, in order."""
        if self.byday:
            return sorted({number for on in self.byday for number in _on_weekday(on, first_weekday, length)})
        wanted = self.bymonthday or (start_day,)
        return sorted({min(number, length) if number > 0 else max(length + 1 + number, 1) for number in wanted})


def _on_weekday(on: weekday, first_weekday: int, length: int) -> Sequence[int]:
    """The days of such a month that are every MO, the second one (2MO) or the last one (-1MO): 5MO may be none."""
    numbers = range(1 + (on.weekday - first_weekday) % 7, length + 1, 7)
    if not on.n:
        return numbers
    return [numbers[on.n - 1 if on.n > 0 else on.n]] if abs(on.n) <= len(numbers) else []


def _read(parts: list[str]) -> dict[str, Any]:
    """The fields of a Recurrence from ["FREQ=DAILY", "COUNT=3"]. Raises RecurrenceError."""
    values: dict[str, Any] = {}
    for part in parts:
        name, _, value = part.partition("=")
        if not (name and value):
            raise RecurrenceError(f'"{part}" is not a part of a recurrence: write NAME=VALUE, separated by semicolons.')
        if name not in READERS:
            raise RecurrenceError(f"{name} is not supported.")
        if name.lower() in values:
            raise RecurrenceError(f"{name} is given more than once.")
        values[name.lower()] = READERS[name](name, value)
    return values


def _read_freq(name: str, value: str) -> str:
    if value not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise RecurrenceError(f"FREQ={value} is not supported: use DAILY, WEEKLY, MONTHLY or YEARLY.")
    return value


def _read_number(name: str, value: str) -> int:
    if not (value.isdigit() and 1 <= int(value) <= MAX_NUMBER):
        raise RecurrenceError(f"{name} must be a whole number from 1 to {MAX_NUMBER}.")
    return int(value)


def _read_date(name: str, value: str) -> date:
    # The pattern comes first, since fromisoformat takes 2026-12-31, 2026W01 and even 2026123100 too.
    if re.fullmatch("[0-9]{8}", value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise RecurrenceError(f"{name} must be a date like 20261231, without a time.")


def _read_weekdays(name: str, value: str) -> tuple[weekday, ...]:
    return tuple(_read_weekday(item) for item in value.split(","))


def _read_weekday(item: str) -> weekday:
    match = re.fullmatch(r"([+-]?0?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", item)
    if not match:
        raise RecurrenceError(f'BYDAY has no "{item}": use MO to SU, or 1MO to 5MO and -1MO to -5MO within a month.')
    ordinal, name = match.groups()
    return WEEKDAYS[name](int(ordinal)) if ordinal else WEEKDAYS[name]


def _read_month_days(name: str, value: str) -> tuple[int, ...]:
    items = value.split(",")
    for item in items:
        if not (re.fullmatch(r"[+-]?[0-9]{1,2}", item) and 1 <= abs(int(item)) <= 31):
            raise RecurrenceError(f'BYMONTHDAY has no "{item}": use 1 to 31, or -1 to -31 from the month\'s end.')
    return tuple(int(item) for item in items)


READERS: dict[str, Callable[[str, str], Any]] = {
    "FREQ": _read_freq,
    "INTERVAL": _read_number,
    "COUNT": _read_number,
    "UNTIL": _read_date,
    "BYDAY": _read_weekdays,
    "BYMONTHDAY": _read_month_days,
}

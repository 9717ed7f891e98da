"""Reads the parts of a recurrence rule, each by itself."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from typing import Any, NamedTuple

MAX_LENGTH = 500  # characters
MAX_NUMBER = 999  # for INTERVAL and COUNT: they bound the work of finding a date
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
TIMES = {"BYHOUR", "BYMINUTE", "BYSECOND"}


class RecurrenceError(ValueError):
    """The text isn't a rule that we follow; `str()` of it tells the API's client why, and what to do."""


class Weekday(NamedTuple):
    """A value of BYDAY: each Monday (0, 0), the second (2, 0) or the last Friday (-1, 4) of a month or a year."""

    number: int
    weekday: int

    def __str__(self) -> str:
        return f"{self.number or ''}{WEEKDAYS[self.weekday]}"


def strip(text: str) -> str:
    """The rule alone, without the `RRULE:` before it and the semicolon after it that calendar files have."""
    return re.sub("^RRULE:", "", text, flags=re.IGNORECASE).removesuffix(";")


def read_parts(text: str, zone: tzinfo) -> dict[str, Any]:
    """The fields of a Recurrence from "FREQ=DAILY;COUNT=3". Raises RecurrenceError."""
    if len(text) > MAX_LENGTH:
        raise RecurrenceError(f"A recurrence has at most {MAX_LENGTH} characters.")
    text = strip(text)
    if foreign := re.search(r"[^A-Za-z0-9=;,+-]", text):  # also what .upper() would turn into ASCII letters
        raise RecurrenceError(f"{foreign[0]!a} is not allowed: write it like FREQ=WEEKLY;BYDAY=MO,TH.")
    values: dict[str, Any] = {}
    for part in text.upper().split(";"):
        name, value = split(part)
        if name.lower() in values:
            raise RecurrenceError(f"{name} is given more than once: keep one of them.")
        values[name.lower()] = read_until(value, zone) if name == "UNTIL" else READERS[name](value)
    if "freq" not in values:
        raise RecurrenceError("FREQ is required: add FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.")
    return values


def split(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if not (name and value):
        raise RecurrenceError(f'"{part}" is not a part of a recurrence: write NAME=VALUE, separated by semicolons.')
    if name in TIMES:
        raise RecurrenceError(f"{name} is not supported: a recurrence has days only. Set a due time instead.")
    if name != "UNTIL" and name not in READERS:
        raise RecurrenceError(f"{name} is not supported: use {', '.join([*READERS, 'UNTIL'])}.")
    return name, value


def read_freq(value: str) -> str:
    if value not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise RecurrenceError(f"FREQ={value} is not supported: use DAILY, WEEKLY, MONTHLY or YEARLY.")
    return value


def read_number(name: str, value: str) -> int:
    if not (value.isdigit() and 1 <= int(value) <= MAX_NUMBER):
        raise RecurrenceError(f"{name} must be a whole number from 1 to {MAX_NUMBER}.")
    return int(value)


def read_until(value: str, zone: tzinfo) -> date:
    # The pattern comes first, since fromisoformat takes 2026-12-31, 2026W01, even 2026123100, and the hour 24 too.
    if re.fullmatch("[0-9]{8}(T(?!24)[0-9]{6}Z?)?", value):
        with suppress(ValueError):
            moment = datetime.fromisoformat(re.sub("60(Z?)$", r"59\1", value))  # a leap second
            return moment.date() if moment.tzinfo is None else day_in(zone, moment)
    raise RecurrenceError("UNTIL must be a date like 20261231, or with a time like 20261231T225959Z.")


def day_in(zone: tzinfo, moment: datetime) -> date:
    try:
        return moment.astimezone(zone).date()
    except OverflowError:  # the first or the last hours that a datetime can tell
        return moment.astimezone(UTC).date()


def read_weekdays(value: str) -> tuple[Weekday, ...]:
    return ordered(read_weekday(item) for item in value.split(","))


def read_weekday(item: str) -> Weekday:
    match = re.fullmatch(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", item)
    if not match or (match[1] and not 1 <= abs(int(match[1])) <= 53):
        raise RecurrenceError(f'BYDAY has no "{item}": use MO to SU, with a number like 2MO or -1FR (up to 53).')
    return Weekday(int(match[1] or 0), WEEKDAYS.index(match[2]))


def read_week_start(value: str) -> int:
    if value not in WEEKDAYS:
        raise RecurrenceError(f'WKST has no "{value}": use MO to SU.')
    return WEEKDAYS.index(value)


def read_numbers(name: str, limit: int, value: str) -> tuple[int, ...]:
    """Numbers up to the limit, from the beginning or, if negative, from the end; months are not counted from there."""
    sign, remedy = ("", "") if name == "BYMONTH" else ("[+-]?", f", or -1 to -{limit} from the end")
    for item in value.split(","):
        if not (re.fullmatch(sign + "[0-9]{1,3}", item) and 1 <= abs(int(item)) <= limit):
            raise RecurrenceError(f'{name} has no "{item}": use 1 to {limit}{remedy}.')
    return ordered(map(int, value.split(",")))


def ordered(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(set(values)))


READERS: dict[str, Callable[[str], Any]] = {
    "FREQ": read_freq,
    "INTERVAL": partial(read_number, "INTERVAL"),
    "COUNT": partial(read_number, "COUNT"),
    "BYMONTH": partial(read_numbers, "BYMONTH", 12),
    "BYWEEKNO": partial(read_numbers, "BYWEEKNO", 53),
    "BYYEARDAY": partial(read_numbers, "BYYEARDAY", 366),
    "BYMONTHDAY": partial(read_numbers, "BYMONTHDAY", 31),
    "BYDAY": read_weekdays,
    "BYSETPOS": partial(read_numbers, "BYSETPOS", 366),
    "WKST": read_week_start,
}

"""Dates, times and durations (RFC 5545, section 3.3), and time zones."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from todos.icalendar.lines import Line

MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?", re.ASCII
)
Wall = tuple[date, time | None]


@lru_cache(maxsize=1024)  # bounded, as files make up names
def zone_named(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name.removeprefix("/"))
    except (KeyError, ValueError, OSError):  # an unknown zone, no name of one, and a directory or a long name
        return None


def parse_moment(text: str) -> date | datetime:
    """A DATE or a DATE-TIME: aware if it ends in Z. Raises ValueError."""
    found = MOMENT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text[:40]!r} is no date like 20270131 or 20270131T090000Z.")
    year, month, day, hour, minute, second, utc = found.groups()
    if hour is None:
        return date(int(year), int(month), int(day))
    second = min(int(second), 59)  # a leap second
    return datetime(int(year), int(month), int(day), int(hour), int(minute), second, tzinfo=UTC if utc else None)


def wall_clock(line: Line, zone: ZoneInfo) -> Wall:
    """The day, and the time on the clock in `zone`, that a DUE or DTSTART means. Raises ValueError.

    A time without a zone, or with one that isn't known here, is what that clock shows.
    """
    moment = parse_moment(line.value)
    if not isinstance(moment, datetime):
        return moment, None
    if moment.tzinfo is None and (named := zone_named(line.parameters.get("TZID", ""))):
        moment = moment.replace(tzinfo=named)
    moment = in_zone(moment, zone)
    return moment.date(), moment.time()


def in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment on the clock in `zone`; as it is where it has no zone of its own, or at the end of the calendar."""
    try:
        return moment.astimezone(zone) if moment.tzinfo else moment
    except OverflowError:
        return moment


def instant(line: Line, zone: ZoneInfo) -> datetime:
    """The moment that a COMPLETED or CREATED means, in UTC. Raises ValueError."""
    moment = parse_moment(line.value)
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_named(line.parameters.get("TZID", "")) or zone)
    return in_utc(moment)


def in_utc(moment: datetime) -> datetime:
    """Raises ValueError for a moment that is beyond the ends of the calendar there: no database has it."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} is beyond the calendar.") from None


def parse_duration(text: str) -> timedelta:
    """Raises ValueError."""
    found = DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()[1:]):
        raise ValueError(f"{text[:40]!r} is no duration like -PT15M.")
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups()[1:])
    amount = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -amount if found[1] == "-" else amount


def write_date(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def write_instant(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{write_date(moment)}T{moment:%H%M%S}Z"


def write_wall(name: str, day: date, at: time | None, zone: str) -> str:
    """The line of a DUE or DTSTART: a day, or a time in the zone, which needs its VTIMEZONE."""
    if at is None:
        return f"{name};VALUE=DATE:{write_date(day)}"
    stamp = f"{write_date(day)}T{at:%H%M%S}"
    return f"{name}:{stamp}Z" if zone == "UTC" else f"{name};TZID={zone}:{stamp}"

"""When a component is: whether it overlaps a range of time (RFC 4791, section 9.9)."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dav.document import Block
from todos.icalendar.lines import Line
from todos.icalendar.moments import in_zone, parse_duration, parse_moment, zone_named
from todos.recurrence import Recurrence, RecurrenceError, Series

DAY = timedelta(days=1)
GREENWICH = ZoneInfo("UTC")
MARGIN = timedelta(days=2)  # more than two time zones are apart


def moment_of(line: Line | None, zone: ZoneInfo) -> datetime | None:
    """The moment of a date or time, on the owner's clock where it names no zone; None where it can't be read."""
    return None if line is None else moment_in(line.value, zone_of(line, zone))


def zone_of(line: Line, zone: ZoneInfo) -> ZoneInfo:
    return zone_named(line.parameters.get("TZID", "")) or zone


def moment_in(value: str, zone: ZoneInfo) -> datetime | None:
    try:
        found = parse_moment(value)
        if not isinstance(found, datetime):
            found = datetime.combine(found, time())
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def overlaps(block: Block, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether the component, or one of its dates, overlaps the time. A task without any date always does."""
    begins, finishes = bounds(block, zone)
    if begins is None or finishes is None:
        return block.name == "VTODO"
    if block.first("RRULE"):
        return any(overlap(each, plus(each, finishes - begins), start, end) for each in dates(block, start, end, zone))
    return overlap(begins, finishes, start, end)


def overlap(begins: datetime, finishes: datetime, start: datetime, end: datetime) -> bool:
    return start <= begins < end if begins == finishes else begins < end and finishes > start


def dates(block: Block, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The start of each date of a series around this time. Of a rule that isn't known here, any."""
    begins, finishes = bounds(block, zone)
    line = block.first("DTSTART") or block.first("DUE")
    if begins is None or finishes is None or line is None:
        return
    clock = zone_of(line, zone)
    first = in_zone(begins, clock)
    try:
        series = Series(Recurrence.parse(block.value("RRULE"), clock), first.date())
    except RecurrenceError:
        yield max(begins, start)
        return
    gone = {moment_in(each, zone_of(found, zone)) for found in left_out(block) for each in found.value.split(",")}
    day, last = plus(start, begins - finishes - MARGIN).date(), plus(end, MARGIN).date()
    while (following := series.next_date(day)) and following <= last:
        day = following
        at = in_zone(datetime.combine(day, first.time(), clock), GREENWICH)
        if at not in gone:
            yield at


def left_out(block: Block) -> Iterator[Line]:
    return (each.line for each in block.entries if each.line and each.name == "EXDATE")


def plus(moment: datetime, delta: timedelta) -> datetime:
    """The sum, or where the calendar ends."""
    try:
        return moment + delta
    except OverflowError:
        return (datetime.min + DAY if delta < timedelta() else datetime.max - DAY).replace(tzinfo=UTC)  # noqa: DTZ901


def bounds(block: Block, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """When a component begins and finishes: DTSTART and DUE or DTEND, or else what dates there are."""
    first = block.first("DTSTART")
    begins, finishes = moment_of(first, zone), moment_of(block.first("DUE") or block.first("DTEND"), zone)
    if begins is not None and finishes is None:
        finishes = plus(begins, length(block, first))
    moments = [each for each in (begins, finishes) if each] or list(other_moments(block, zone))
    return (min(moments), max(moments)) if moments else (None, None)


def length(block: Block, first: Line | None) -> timedelta:
    line = block.first("DURATION")
    try:
        return parse_duration(line.value) if line else DAY if first and "T" not in first.value else timedelta()
    except (ValueError, OverflowError):
        return timedelta()


def other_moments(block: Block, zone: ZoneInfo) -> Iterator[datetime]:
    for name in ("COMPLETED", "CREATED"):
        if at := moment_of(block.first(name), zone):
            yield at


def rings(alarm: Block, block: Block, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether the alarm of this component goes off in this time."""
    line = alarm.first("TRIGGER")
    if line is None or line.value.strip()[:1] not in "+-P":
        at = moment_of(line, zone)
        return at is not None and start <= at < end
    begins, finishes = bounds(block, zone)
    origin = finishes if line.parameters.get("RELATED", "START").upper() == "END" else begins
    try:
        return origin is not None and start <= plus(origin, parse_duration(line.value)) < end
    except (ValueError, OverflowError):
        return False

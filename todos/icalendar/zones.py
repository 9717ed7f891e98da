"""VTIMEZONE (RFC 5545, section 3.6.5): when the clocks of an IANA zone change.

Our own: icalendar 7.3 writes an onset of summer time as the clock shows it afterwards, an hour too late.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
STEP, SECOND = timedelta(days=7), timedelta(seconds=1)  # no zone changes its clocks twice in a week for long

State = tuple[timedelta, timedelta, str]  # the offset from UTC, how much of it is summer time, and the name


def state(moment: datetime, zone: ZoneInfo) -> State:
    local = moment.astimezone(zone)
    return local.utcoffset() or timedelta(), local.dst() or timedelta(), local.tzname() or ""


def changes(zone: ZoneInfo) -> list[tuple[datetime, State, State]]:
    """The moments at which the clocks change, each with the states before and after it."""
    found, low = [], FIRST
    while low < LAST:
        high = low + STEP
        before, after = state(low, zone), state(high, zone)
        if before != after:
            found.append((onset(low, high, zone), before, after))
        low = high
    return found


def onset(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first moment after `low` of the state that is there at `high`."""
    after = state(high, zone)
    while high - low > SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (low, middle) if state(middle, zone) == after else (middle, high)
    return high


@lru_cache(maxsize=600)
def write_zone(name: str) -> tuple[str, ...]:
    """The lines of the VTIMEZONE of this zone, from 2000 to 2050; none for UTC."""
    if name == "UTC":
        return ()
    zone = ZoneInfo(name)
    onsets: dict[tuple[State, State], list[str]] = defaultdict(list)
    start = state(FIRST, zone)
    onsets[start, start] = [f"{FIRST + start[0]:%Y%m%dT%H%M%S}"]
    for moment, before, after in changes(zone):
        onsets[before, after].append(f"{moment + before[0]:%Y%m%dT%H%M%S}")  # on the clock before it is changed
    lines = [line for (before, after), found in onsets.items() for line in observance(before, after, found)]
    return ("BEGIN:VTIMEZONE", f"TZID:{name}", *lines, "END:VTIMEZONE")


def observance(before: State, after: State, found: list[str]) -> list[str]:
    kind = "DAYLIGHT" if after[1] else "STANDARD"
    more = [f"RDATE:{','.join(found[1:])}"] if found[1:] else []
    offsets = [f"TZOFFSETFROM:{offset(before[0])}", f"TZOFFSETTO:{offset(after[0])}", f"TZNAME:{after[2]}"]
    return [f"BEGIN:{kind}", f"DTSTART:{found[0]}", *more, *offsets, f"END:{kind}"]


def offset(delta: timedelta) -> str:
    minutes, seconds = divmod(abs(int(delta.total_seconds())), 60)
    sign = "-" if delta < timedelta() else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")

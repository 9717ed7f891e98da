"""What a VTODO says, in the terms of a task. What can't be kept is named, never dropped in silence."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from todos.icalendar.components import Component
from todos.icalendar.lines import Line, split_texts
from todos.icalendar.moments import in_utc, instant, parse_duration, parse_moment, wall_clock, zone_named
from todos.recurrence import Recurrence, RecurrenceError
from todos.reminders import MAX_MINUTES_BEFORE, reminder_at

# Properties without a reader of their own that aren't lost: those that are read together, after the others, and those
# that say nothing about the task itself.
KNOWN = {
    *("STATUS", "PERCENT-COMPLETE", "DURATION"),
    *("DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "CLASS", "TRANSP", "X-MOZ-LASTACK", "X-MOZ-GENERATION"),
}
MINUTE = timedelta(minutes=1)


@dataclass
class Todo:
    """A VTODO. Dates and times are on the clock of the owner's zone; empty where the VTODO says nothing."""

    uid: str = ""
    title: str = ""
    description: str = ""
    completed: bool = False
    completed_at: datetime | None = None
    priority: int = 0
    start_date: date | None = None
    start_time: time | None = None
    due_date: date | None = None
    due_time: time | None = None
    recurrence: str = ""
    reminders: list[dict] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    parent: str = ""  # its UID
    created_at: datetime | None = None
    sort_order: int | None = None
    is_exception: bool = False  # one date of a series, which has a component of its own
    lost: list[tuple[str, str]] = field(default_factory=list)  # properties, each with the reason


def read_todo(component: Component, zone: ZoneInfo) -> Todo:
    """The VTODO as a task of an owner in `zone`."""
    todo = Todo()
    for line in component.lines:
        if reader := READERS.get(line.name):
            try:
                reader(todo, line, zone)
            except ValueError as error:
                todo.lost.append((line.name, str(error)))
        elif line.name not in KNOWN:
            todo.lost.append((line.name, "Tasks here have no such property."))
    read_status(todo, component)
    read_duration(todo, component)
    for each in component.components:
        read_alarm(todo, each, zone) if each.name == "VALARM" else todo.lost.append((each.name, "It isn't known here."))
    return todo


def read_due(todo: Todo, line: Line, zone: ZoneInfo) -> None:
    todo.due_date, todo.due_time = wall_clock(line, zone)
    name = line.parameters.get("TZID")
    if name and zone_named(name) is None:
        todo.lost.append(("DUE", f"The time zone {name[:60]!r} isn't known here. The time is kept as it is written."))


def read_start(todo: Todo, line: Line, zone: ZoneInfo) -> None:
    todo.start_date, todo.start_time = wall_clock(line, zone)


def read_rule(todo: Todo, line: Line, zone: ZoneInfo) -> None:
    if todo.recurrence:
        raise ValueError("A task has one rule: this one isn't kept.")
    try:
        todo.recurrence = str(Recurrence.parse(line.value, zone))
    except RecurrenceError as error:
        raise ValueError(f"{line.value[:200]}: {error}") from None


def read_priority(todo: Todo, line: Line, zone: ZoneInfo) -> None:
    number = int(line.value) if line.value.strip().isdecimal() and len(line.value) < 4 else -1
    if not 0 <= number <= 9:
        raise ValueError(f"{line.value[:40]!r} is no priority from 0 to 9.")
    todo.priority = 0 if number == 0 else 4 if number <= 2 else 3 if number <= 4 else 2 if number == 5 else 1


def read_related(todo: Todo, line: Line, zone: ZoneInfo) -> None:
    kind = line.parameters.get("RELTYPE", "PARENT").upper()
    if kind == "PARENT" and not todo.parent:
        todo.parent = line.text
    elif kind not in ("CHILD", "PARENT"):  # the child names its parent
        raise ValueError(f"Tasks here know no relation of the type {kind[:40]}.")


def read_order(todo: Todo, line: Line, zone: ZoneInfo) -> None:
    if line.value.strip().lstrip("-").isdecimal() and len(line.value) < 16:
        todo.sort_order = int(line.value)


def set_text(name: str) -> Callable[[Todo, Line, ZoneInfo], None]:
    return lambda todo, line, zone: setattr(todo, name, line.text)


def set_instant(name: str) -> Callable[[Todo, Line, ZoneInfo], None]:
    return lambda todo, line, zone: setattr(todo, name, instant(line, zone))


READERS: dict[str, Callable[[Todo, Line, ZoneInfo], None]] = {
    "UID": set_text("uid"),
    "SUMMARY": set_text("title"),
    "DESCRIPTION": set_text("description"),
    "DUE": read_due,
    "DTSTART": read_start,
    "RRULE": read_rule,
    "COMPLETED": set_instant("completed_at"),
    "CREATED": set_instant("created_at"),
    "PRIORITY": read_priority,
    "CATEGORIES": lambda todo, line, zone: todo.tags.extend(split_texts(line.value)),
    "RELATED-TO": read_related,
    "X-APPLE-SORT-ORDER": read_order,
    "RECURRENCE-ID": lambda todo, line, zone: setattr(todo, "is_exception", True),
}


def read_status(todo: Todo, component: Component) -> None:
    status, percent = component.text("STATUS").upper(), component.text("PERCENT-COMPLETE").strip()
    is_done = todo.completed_at is not None or percent == "100"
    todo.completed = status in ("COMPLETED", "CANCELLED") or (not status and is_done)
    if status in ("CANCELLED", "IN-PROCESS"):
        known_as = "completed" if todo.completed else "open"
        todo.lost.append(("STATUS", f"{status} isn't known here: the task is {known_as}."))
    if percent not in ("", "0", "100"):
        todo.lost.append(("PERCENT-COMPLETE", "Tasks here are open or completed."))
    if not todo.completed:
        todo.completed_at = None


def read_duration(todo: Todo, component: Component) -> None:
    """DTSTART and DURATION say when it is due; a rule without either counts from DTSTART."""
    line = component.first("DURATION")
    if line and todo.start_date and not todo.due_date:
        try:
            moment = datetime.combine(todo.start_date, todo.start_time or time()) + parse_duration(line.value)
        except (ValueError, OverflowError):
            todo.lost.append(("DURATION", f"{line.value[:40]!r} is no duration."))
        else:
            todo.due_date, todo.due_time = moment.date(), moment.time() if todo.start_time else None
    if todo.recurrence and todo.start_date and not todo.due_date:
        todo.due_date, todo.due_time = todo.start_date, todo.start_time


def read_alarm(todo: Todo, alarm: Component, zone: ZoneInfo) -> None:
    line = alarm.first("TRIGGER")
    if line is None or alarm.text("ACTION").upper() not in ("DISPLAY", "AUDIO", "EMAIL", ""):
        todo.lost.append(("VALARM", "It isn't a reminder at a time."))
        return
    try:
        todo.reminders.append(read_trigger(todo, line, zone))
    except ValueError as error:
        todo.lost.append(("VALARM", str(error)))


def read_trigger(todo: Todo, line: Line, zone: ZoneInfo) -> dict:
    if line.value.strip()[:1] in "+-P":
        before = -parse_duration(line.value)
        if line.parameters.get("RELATED", "START").upper() == "END" or todo.start_date is None or not todo.due_date:
            return before_due(before)
        start = datetime.combine(todo.start_date, todo.start_time or time())
        return before_due(datetime.combine(todo.due_date, todo.due_time or time()) - start + before)
    moment = parse_moment(line.value)
    if not isinstance(moment, datetime):
        raise ValueError("A reminder needs a time.")
    return reminder_at(in_utc(moment if moment.tzinfo else moment.replace(tzinfo=zone)))


def before_due(before: timedelta) -> dict:
    minutes = before // MINUTE
    if not 0 <= minutes <= MAX_MINUTES_BEFORE:
        raise ValueError("A reminder is up to a year before the task is due, and not after it.")
    return {"minutes_before": minutes}

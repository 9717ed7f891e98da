"""A task as a VTODO, or as a VEVENT for calendars that show nothing else."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from todos.icalendar.lines import escape
from todos.icalendar.moments import write_date, write_instant, write_wall
from todos.icalendar.zones import write_zone
from todos.recurrence import Recurrence, Series

PRIORITIES = {1: 9, 2: 5, 3: 3, 4: 1}  # 0 is none, and has no line
PRODUCT = "-//Todo API//EN"

Values = dict[str, Any]  # a task by the names of its columns, with `tags` and `uid`


def begin_calendar(name: str, zone: str, *more: str) -> list[str]:
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN"]
    return [*head, f"X-WR-CALNAME:{escape(name)}", *more, *write_zone(zone)]


END_CALENDAR = ["END:VCALENDAR"]


def write_task(task: Values, zone: str) -> list[str]:
    """The lines of the VTODO of a task, whose owner is in this time zone."""
    return ["BEGIN:VTODO", *common(task, zone), *todo_lines(task, zone), *alarms(task), "END:VTODO"]


def write_event(task: Values, zone: str) -> list[str]:
    """The lines of a VEVENT on the task's due date, which it must have. It takes no time (RFC 5545, 3.6.1)."""
    start = write_wall("DTSTART", task["due_date"], task["due_time"], zone)
    return ["BEGIN:VEVENT", *common(task, zone), start, "TRANSP:TRANSPARENT", *rule_line(task, zone), "END:VEVENT"]


def common(task: Values, zone: str) -> Iterator[str]:
    yield f"UID:{escape(str(task.get('uid') or task['id']))}"
    yield f"DTSTAMP:{write_instant(task['updated_at'])}"
    yield f"CREATED:{write_instant(task['created_at'])}"
    yield f"LAST-MODIFIED:{write_instant(task['updated_at'])}"
    yield f"SUMMARY:{escape(task['title'])}"
    if task["description"]:
        yield f"DESCRIPTION:{escape(task['description'])}"
    if task["tags"]:
        yield f"CATEGORIES:{','.join(map(escape, task['tags']))}"
    if task["priority"]:
        yield f"PRIORITY:{PRIORITIES[task['priority']]}"


def todo_lines(task: Values, zone: str) -> Iterator[str]:
    has_time = task["due_time"] is not None  # DTSTART has to be of the type of DUE (section 3.8.2.3)
    if task["start_date"]:
        at = task["start_time"] if task["due_date"] is None or has_time else None
        yield write_wall("DTSTART", task["start_date"], time() if has_time and at is None else at, zone)
    if task["due_date"]:
        yield write_wall("DUE", task["due_date"], task["due_time"], zone)
    if task["completed_at"]:
        yield "STATUS:COMPLETED"
        yield f"COMPLETED:{write_instant(task['completed_at'])}"
        yield "PERCENT-COMPLETE:100"
    else:
        yield "STATUS:NEEDS-ACTION"
        yield from rule_line(task, zone)
    if task.get("parent"):
        yield f"RELATED-TO;RELTYPE=PARENT:{escape(str(task['parent']))}"


def rule_line(task: Values, zone: str) -> Iterator[str]:
    if task["recurrence"]:
        yield f"RRULE:{remaining_rule(task, zone)}"


def remaining_rule(task: Values, zone: str) -> str:
    """The rule with what is left of COUNT, from here on, and UNTIL of the type of the dates (RFC 5545, 3.3.10)."""
    start = task["series_start"] or task["due_date"]
    rule = Recurrence.parse(task["recurrence"], ZoneInfo(zone))
    rule = Series(rule, start, task["series_day"], task["series_passed"]).rule_at(task["occurrence_date"] or start)
    text = str(rule)
    if rule.until is not None and task["due_time"] is not None:
        text = text.replace(f"UNTIL={write_date(rule.until)}", f"UNTIL={write_instant(end_of(rule.until, zone))}")
    return text


def end_of(day: date, zone: str) -> datetime:
    last = datetime.combine(day, time(23, 59, 59))
    try:
        return last.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:  # west of Greenwich, the calendar ends before the day does
        return last.replace(tzinfo=UTC)


def alarms(task: Values) -> Iterator[str]:
    for each in task["reminders"]:
        if "at" in each:
            trigger = f"TRIGGER;VALUE=DATE-TIME:{write_instant(datetime.fromisoformat(each['at']))}"
        else:
            trigger = f"TRIGGER;RELATED=END:-PT{each['minutes_before']}M"
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{escape(task['title'])}", trigger, "END:VALARM")


def write_components(tasks: Iterable[Values], zone: str, events: bool = False) -> Iterator[list[str]]:
    for task in tasks:
        yield write_event(task, zone) if events else write_task(task, zone)

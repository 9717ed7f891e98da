"""A task as a client sees it: the text as it came, but where the task says something else."""

from datetime import time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from api.text import fold
from dav.document import Block, Entry, entries_of, read_document, single
from todos.fitting import MAX_TITLE, TaskFitting, one_line
from todos.icalendar.components import Component
from todos.icalendar.lines import write_lines
from todos.icalendar.reading import Todo, read_alarm, read_todo
from todos.icalendar.writing import PRODUCT, write_task
from todos.icalendar.zones import write_zone

# What a task says, with the properties that say it in a VTODO.
PROPERTIES = {
    "title": {"SUMMARY"},
    "description": {"DESCRIPTION"},
    "dates": {"DTSTART", "DUE", "DURATION"},
    "recurrence": {"RRULE"},
    "completed": {"STATUS", "COMPLETED", "PERCENT-COMPLETE"},
    "priority": {"PRIORITY"},
    "tags": {"CATEGORIES"},
    "parent": {"RELATED-TO"},
    "reminders": {"VALARM"},
}
# In this order, each after another look: a rule needs dates, dates can follow from a rule, and alarms from the dates.
STEPS = (("recurrence",), ("dates",), tuple(PROPERTIES))
MIDNIGHT = time()
STAMPS = {"DTSTAMP", "LAST-MODIFIED"}


def read(block: Block, zone: ZoneInfo) -> Todo:
    """What the VTODO says, as far as a task can."""
    todo = read_todo(block.component(), zone)
    todo.title = one_line(todo.title)[:MAX_TITLE]
    TaskFitting(zone).fit_task(todo)
    return todo


class Meaning(NamedTuple):
    """A VTODO in terms that compare: what is lost on the way into a task is no difference."""

    title: str
    description: str
    dates: tuple
    recurrence: str
    completed: bool
    priority: int
    tags: frozenset[str]
    parent: str
    reminders: tuple

    @classmethod
    def of(cls, todo: Todo) -> "Meaning":
        start = todo.start_date and (
            todo.start_date,
            todo.start_time if todo.due_time is None else todo.start_time or MIDNIGHT,
        )
        return cls(
            todo.title,
            todo.description,
            (start, todo.due_date, todo.due_time),
            todo.recurrence,
            todo.completed,
            todo.priority,
            frozenset(map(fold, todo.tags)),
            todo.parent,
            tuple(sorted(map(str, todo.reminders))),
        )

    def differences(self, other: "Meaning") -> set[str]:
        return {name for name in self._fields if getattr(self, name) != getattr(other, name)}


def master_of(calendar: Block) -> Block:
    """The VTODO of the whole series; jtx writes single dates without it."""
    todos = [each for each in calendar.blocks if each.name == "VTODO"]
    return next((each for each in todos if each.first("RECURRENCE-ID") is None), todos[0])


def default_text(values: dict[str, Any], zone: str) -> str:
    """The VTODO of a task that no client has written."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}"]
    needs_zone = values["due_time"] is not None or values["start_time"] is not None
    return write_lines([*head, *(write_zone(zone) if needs_zone else ()), *write_task(values, zone), "END:VCALENDAR"])


def render(values: dict[str, Any], zone: str) -> str:
    """The text that clients get for a task. `values`: a row of `dav.queries.with_texts`."""
    body = values["body"]
    if not body:
        return default_text(values, zone)
    if values["exact_revision"] == values["revision"] and values["exact_zone"] == zone:
        return body
    calendar = read_document(body)
    written = single(write_lines(write_task(values, zone)))
    master = master_of(calendar)
    drop_others(calendar, master)
    rewritten = rewrite_all(master, written, ZoneInfo(zone))
    if rewritten:
        stamp(master, written)
        if "dates" in rewritten:
            add_zone(calendar, master, zone)
    return calendar.text()


def rewrite_all(master: Block, written: Block, zone: ZoneInfo) -> set[str]:
    """Let the VTODO say what the task says. Returns what it said otherwise."""
    meant, dates, rewritten = Meaning.of(read(written, zone)), dates_of(master), set[str]()
    for step in STEPS:
        said = Meaning.of(read(master, zone)).differences(meant)
        differing = [name for name in step if name in said]
        for name in differing:
            rewrite(master, written, name, dates, zone)
        rewritten.update(differing)
        if not said:
            break
    return rewritten


def drop_others(calendar: Block, master: Block) -> None:
    """One VTODO out, since many clients stop at a second one; and no METHOD, which is for messages."""
    calendar.items = [each for each in calendar.items if each is master or each.name not in ("VTODO", "METHOD")]
    master.items = [each for each in master.items if each.name != "RECURRENCE-ID"]


def rewrite(master: Block, written: Block, name: str, dates: Component, zone: ZoneInfo) -> None:
    """Let the VTODO, which had these dates, say what the task says about this."""
    names = PROPERTIES[name]
    if name == "reminders":
        rewrite_alarms(master, written, dates, zone)
    elif name == "parent":
        others = [each for each in master.entries if each.name == "RELATED-TO" and not names_parent(each)]
        master.replace(names, [*others, *(each for each in written.entries if each.name == "RELATED-TO")])
    else:
        master.replace(names, [each for each in written.entries if each.name in names])


def names_parent(entry: Entry) -> bool:
    return entry.line is not None and entry.line.parameters.get("RELTYPE", "PARENT").upper() == "PARENT"


def rewrite_alarms(master: Block, written: Block, before: Component, zone: ZoneInfo) -> None:
    """Keep all alarms that were for reminders of the task before its dates changed, and those that are for none."""
    now = dates_of(master)
    wanted = {str(meaning): alarm for alarm in written.blocks if (meaning := reminder_of(now, alarm, zone))}
    kept: list[Block] = []
    met: set[str] = set()
    for alarm in master.blocks:
        meaning = reminder_of(before, alarm, zone) if alarm.name == "VALARM" else None
        if meaning is None:
            kept.append(alarm)
        elif str(meaning) in wanted:
            if reminder_of(now, alarm, zone) != meaning:
                alarm.replace({"TRIGGER"}, [each for each in wanted[str(meaning)].entries if each.name == "TRIGGER"])
            kept.append(alarm)
            met.add(str(meaning))
    master.items = [*master.entries, *kept, *(alarm for meaning, alarm in wanted.items() if meaning not in met)]


def dates_of(block: Block) -> Component:
    """A VTODO with its dates alone."""
    return Component(
        "VTODO", 0, [each.line for each in block.entries if each.line and each.name in PROPERTIES["dates"]]
    )


def reminder_of(dates: Component, alarm: Block, zone: ZoneInfo) -> dict | None:
    """The reminder that a VALARM is for a task with these dates; None if it is none."""
    todo = read_todo(dates, zone)
    read_alarm(todo, alarm.component(), zone)
    return todo.reminders[0] if todo.reminders else None


def stamp(master: Block, written: Block) -> None:
    for name in STAMPS:
        if master.first(name):
            master.replace({name}, [each for each in written.entries if each.name == name])
    number = master.value("SEQUENCE")
    if number.isdecimal() and len(number) < 10:
        master.replace({"SEQUENCE"}, entries_of([f"SEQUENCE:{int(number) + 1}"]))


def add_zone(calendar: Block, master: Block, zone: str) -> None:
    needed = any(each.line and each.line.parameters.get("TZID") == zone for each in master.entries)
    known = {each.value("TZID") for each in calendar.blocks if each.name == "VTIMEZONE"}
    if needed and zone not in known:
        block = single(write_lines(write_zone(zone)))
        calendar.items.insert(calendar.items.index(master), block)

"""Taskwarrior: the output of `task export`."""

from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

from transfer.files.json_stream import JSONStream
from transfer.records import Contents, TaskRecord
from transfer.sources.fields import Members
from transfer.sources.times import on_the_clock, utc_moment
from transfer.sources.words import interval_rule

KNOWN = {
    *("id", "uuid", "description", "status", "entry", "modified", "end", "due", "scheduled", "wait", "project", "tags"),
    *("priority", "recur", "parent", "mask", "imask", "annotations", "urgency", "rtype", "last", "template"),
}
NOT_OPEN = ("completed", "deleted", "recurring")  # whatever else there is counts as open
PRIORITIES = {"H": 3, "M": 2, "L": 1, "": 0}


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    rows: list[Members] = []
    with JSONStream(file) as stream:
        if stream.peek() == "[":
            rows.extend(row_of(stream, number, contents) for number in stream.elements())
        else:  # before 2.5 the brackets and commas were missing
            while stream.peek() == "{":
                rows.append(row_of(stream, len(rows) + 1, contents))
                if stream.peek() == ",":
                    stream.take(",")
        stream.end()
    series = Series(rows)
    for members in rows:
        if (task := read_task(members, zone, contents, series)) is not None:
            contents.add_task(task)


def row_of(stream: JSONStream, number: int, contents: Contents) -> Members:
    if number > (contents.max_rows or number):
        raise stream.refuse(f"The file has more than {contents.max_rows:,} rows. Import it in parts.")
    members = Members.of(f"item {number}", stream.value())
    if not members.id("uuid") or "description" not in members.values:
        raise stream.refuse(f"item {number} has no uuid or no description. Is this the output of `task export`?")
    return members


class Series:
    """The templates of recurring tasks, each with the instance that stands for it: the two are one task here."""

    def __init__(self, rows: list[Members]):
        self.templates = {row.id("uuid"): row for row in rows if row.text("status") == "recurring"}
        self.instances: dict[str, str] = {}  # the uuid of the first open one, by that of the template
        opened = [row for row in rows if row.text("status") not in NOT_OPEN]
        for row in sorted(opened, key=lambda each: each.text("due")):
            if row.id("parent") in self.templates:
                self.instances.setdefault(row.id("parent"), row.id("uuid"))


def read_task(members: Members, zone: ZoneInfo, contents: Contents, series: Series) -> TaskRecord | None:
    status, uuid, parent = members.text("status"), members.id("uuid"), members.id("parent")
    task = TaskRecord(members.where, uuid, members.text("description"), completed=status == "completed")
    template = series.templates.get(parent) if status != "recurring" else None  # templates are nobody's instances
    if status == "deleted":
        contents.count(members.where)
        contents.lose(task.item, "status", "It was deleted.")
        return None
    if status == "recurring" and uuid in series.instances:
        return None  # its instance is the task
    if template is not None and not task.completed:
        if series.instances[parent] != uuid:
            contents.count(members.where)
            contents.lose(task.item, "due", f"Another open date of the same recurring task: {members.text('due')}.")
            return None
        task.key = parent
    read_fields(task, members, zone, contents)
    repeats = members if status == "recurring" else template
    if repeats is not None and not task.completed:
        read_recurrence(task, repeats, contents)
    members.lose_others(contents, task.item, KNOWN)
    return task


def read_fields(task: TaskRecord, members: Members, zone: ZoneInfo, contents: Contents) -> None:
    priority = members.text("priority")
    task.priority = PRIORITIES.get(priority, 0)
    if priority not in PRIORITIES:
        contents.lose(task.item, "priority", f"{priority[:40]!r} isn't known here.")
    task.project = contents.project_named(members.where, members.text("project"))
    task.tags = [*members.texts("tags")]
    task.created_at = moment(members, "entry")
    task.completed_at = moment(members, "end") if task.completed else None
    if due := moment(members, "due"):
        task.due_date, task.due_time = on_the_clock(due, zone)
    if start := moment(members, "scheduled") or moment(members, "wait"):
        task.start_date, task.start_time = on_the_clock(start, zone)
    if moment(members, "scheduled") and moment(members, "wait"):
        contents.lose(task.item, "wait", "The scheduled date is kept as the start date.")
    notes = [
        Members.of(f"{members.where}: annotations", each).text("description") for each in members.items("annotations")
    ]
    task.description = "\n".join(notes)


def read_recurrence(task: TaskRecord, template: Members, contents: Contents) -> None:
    words = template.text("recur")
    task.recurrence = interval_rule(words) or ""
    if not task.recurrence:
        contents.lose(task.item, "recur", f"{words[:100]!r} isn't understood.")
    elif task.due_date is None:
        contents.lose(task.item, "recur", "A recurrence needs a due date.")
        task.recurrence = ""
    elif until := moment(template, "until"):
        task.recurrence += f";UNTIL={until:%Y%m%dT%H%M%SZ}"


def moment(members: Members, name: str) -> datetime | None:
    text = members.text(name)
    try:
        return utc_moment(text) if text else None
    except ValueError:
        raise members.refuse(name, "a date like 20270131T090000Z") from None

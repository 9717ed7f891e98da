"""TickTick: the CSV of its backup."""

import re
from datetime import timedelta
from typing import IO
from zoneinfo import ZoneInfo

from todos.icalendar.moments import parse_duration, zone_named
from todos.recurrence import Recurrence, RecurrenceError
from transfer.files import lines_of
from transfer.files.tables import read_rows
from transfer.records import Contents, TaskRecord
from transfer.sources.times import on_the_clock, utc_moment

PRIORITIES = {"": 0, "0": 0, "1": 1, "3": 2, "5": 3}
DONE = {"1", "2"}
# What has a place here, or says nothing about the task.
KNOWN = {
    *("folder name", "list name", "title", "kind", "tags", "content", "is check list", "start date", "due date"),
    *("reminder", "repeat", "priority", "status", "created time", "completed time", "order", "timezone", "is all day"),
    *("is floating", "column name", "column order", "view mode", "taskid", "parentid"),
}
MINUTE = timedelta(minutes=1)


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    lost_columns: set[str] = set()
    # The backup begins with some lines about itself.
    for where, cells in read_rows(lines_of(file), {"title", "list name", "status"}, skip_to="title"):
        for name in cells.keys() - KNOWN - lost_columns:
            if name and cells[name]:
                lost_columns.add(name)
                contents.lose(f"column {name[:60]}", name[:60], "It isn't known here.")
        contents.add_task(read_task(where, cells, zone, contents))


def read_task(where: str, cells: dict[str, str], zone: ZoneInfo, contents: Contents) -> TaskRecord:
    done = cells["status"].strip() in DONE
    task = TaskRecord(where, cells.get("taskid", "").strip(), cells["title"], cells.get("content", ""), completed=done)
    task.parent = cells.get("parentid", "").strip()
    task.tags = [tag.strip() for tag in cells.get("tags", "").split(",") if tag.strip()]
    task.project = "" if cells["list name"].strip() == "Inbox" else contents.project_named(where, cells["list name"])
    if cells.get("folder name", "").strip():
        contents.lose(task.item, "Folder Name", f"Projects here have no folders: {cells['folder name'][:60]!r}.")
    if column := cells.get("column name", "").strip():
        task.tags.append(column)
    if cells.get("kind", "").strip() == "NOTE":
        contents.lose(task.item, "Kind", "A note is a task here.")
    priority = cells.get("priority", "").strip()
    task.priority = PRIORITIES.get(priority, 0)
    if priority not in PRIORITIES:
        contents.lose(task.item, "Priority", f"{priority[:40]!r} isn't known here.")
    read_moments(task, cells, zone, contents)
    read_repeat(task, cells, zone, contents)
    read_reminders(task, cells, contents)
    if re.fullmatch(r"-?\d{1,18}", order := cells.get("order", "").strip()):
        task.position = float(order)
    return task


def read_moments(task: TaskRecord, cells: dict[str, str], zone: ZoneInfo, contents: Contents) -> None:
    """A day is midnight in the zone of the row, written in UTC: it must not become the day before."""
    all_day = cells.get("is all day", "").strip().lower() == "true"
    own = zone_named(cells.get("timezone", "").strip()) or zone
    for name, column in (("due", "due date"), ("start", "start date")):
        if text := cells.get(column, "").strip():
            try:
                day, clock = on_the_clock(utc_moment(text), own if all_day else zone)
            except ValueError:
                contents.lose(task.item, column, f"{text[:60]!r} isn't a date.")
                continue
            setattr(task, f"{name}_date", day)
            setattr(task, f"{name}_time", None if all_day else clock)
    for name, column in (("created_at", "created time"), ("completed_at", "completed time")):
        text = cells.get(column, "").strip()
        try:
            setattr(task, name, utc_moment(text) if text else None)
        except ValueError:
            contents.lose(task.item, column, f"{text[:60]!r} isn't a date.")
    if not task.completed:
        task.completed_at = None
    if task.due_date is None and task.start_date:
        task.due_date, task.due_time = task.start_date, task.start_time
        task.start_date = task.start_time = None
    if (task.start_date, task.start_time) == (task.due_date, task.due_time):
        task.start_date = task.start_time = None  # TickTick writes the day of a task as both


def read_repeat(task: TaskRecord, cells: dict[str, str], zone: ZoneInfo, contents: Contents) -> None:
    text = cells.get("repeat", "").strip()
    if not text:
        return
    parts = [part for part in text.removeprefix("RRULE:").split(";") if not part.startswith("TT_")]
    try:
        task.recurrence = str(Recurrence.parse(";".join(parts)[:1000], zone))
    except RecurrenceError as error:
        contents.lose(task.item, "Repeat", f"{text[:200]}: {error}")
    else:
        if len(parts) < text.count(";") + 1:
            contents.lose(task.item, "Repeat", f"TickTick's own parts aren't known here: {text[:200]}")


def read_reminders(task: TaskRecord, cells: dict[str, str], contents: Contents) -> None:
    for text in filter(None, (each.strip() for each in re.split(r"[\n,]", cells.get("reminder", "")))):
        try:
            before = -parse_duration(text.removeprefix("TRIGGER:"))
        except ValueError:
            contents.lose(task.item, "Reminder", f"{text[:60]!r} isn't understood.")
            continue
        if timedelta() <= before <= timedelta(days=365) and task.due_date:
            task.reminders.append({"minutes_before": before // MINUTE})
        else:
            contents.lose(task.item, "Reminder", f"{text[:60]!r} isn't before the task is due.")

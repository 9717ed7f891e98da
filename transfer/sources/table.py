"""CSV: the table that `export/tasks.csv` writes, and any other one that has a column with titles."""

import csv
import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import IO, Any
from zoneinfo import ZoneInfo

from todos.reminders import MAX_MINUTES_BEFORE, reminder_at
from transfer.files import BadFileError, lines_of
from transfer.files.tables import read_rows
from transfer.records import Contents, TaskRecord
from transfer.sources.times import on_the_clock, utc_moment

COLUMNS = [
    "id",
    "title",
    "description",
    "completed",
    "completed_at",
    "priority",
    "start_date",
    "start_time",
    "due_date",
]
COLUMNS += ["due_time", "recurrence", "repeat_from", "reminders", "project", "parent", "tags", "created_at"]
OTHER_NAMES = {
    "title": ("name", "task", "content", "subject", "summary", "todo"),
    "description": ("notes", "note", "details", "body"),
    "due_date": ("due", "due date", "deadline"),
    "start_date": ("start", "start date"),
    "completed": ("done", "status", "complete"),
    "tags": ("labels", "categories", "tag", "label"),
    "project": ("list", "category", "folder"),
    "created_at": ("created", "created at"),
    "completed_at": ("completed at", "done at"),
}
NAMES = {other: name for name, others in OTHER_NAMES.items() for other in others}
YES = {"true", "yes", "1", "x", "done", "completed", "complete"}
NO = {"", "false", "no", "0", "open", "pending", "todo", "not started", "in progress"}
PRIORITIES = {"none": 0, "low": 1, "medium": 2, "normal": 0, "high": 3, "urgent": 4, **{str(n): n for n in range(5)}}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")  # what a spreadsheet would run, and our own mark


def guarded(text: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA) else text


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    first = next(lines_of(file), "")
    delimiter = ";" if first.count(";") > first.count(",") else "\t" if "\t" in first and "," not in first else ","
    header = {name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter))}
    titled = next((name for name in ("title", *OTHER_NAMES["title"]) if name in header), None)
    if titled is None:
        raise BadFileError("line 1: The file has no column title. Is it CSV, with the names of its columns on top?")
    columns = {each: NAMES.get(each, each) for each in header}
    for name in sorted(header - {each for each in columns if columns[each] in COLUMNS}):
        contents.lose(
            f"column {name[:60]}", name[:60], "Tasks here have no such field. Rename it if one means the same."
        )
    for where, cells in read_rows(lines_of(file), {titled}, delimiter):
        row = {columns[name]: cells[name] for name in sorted(header, key=lambda each: columns[each] == each)}
        contents.add_task(read_task(where, row, zone, contents))


def read_task(where: str, row: dict[str, str], zone: ZoneInfo, contents: Contents) -> TaskRecord:
    row = {name: unguarded(cell).strip() if name != "description" else unguarded(cell) for name, cell in row.items()}
    task = TaskRecord(where, row.get("id", ""), row.get("title", ""), row.get("description", ""))
    for name, reader in READERS.items():
        if cell := row.get(name, ""):
            try:
                reader(task, cell, zone)
            except ValueError:
                contents.lose(task.item, name, f"{cell[:100]!r} isn't understood.")
    task.project = contents.project_named(where, row.get("project", ""))
    task.parent = row.get("parent", "")
    return task


def read_completed(task: TaskRecord, cell: str, zone: ZoneInfo) -> None:
    task.completed = cell.lower() in YES
    if not task.completed and cell.lower() not in NO:
        raise ValueError(cell)


def read_day(name: str) -> Callable[[TaskRecord, str, ZoneInfo], None]:
    def reader(task: TaskRecord, cell: str, zone: ZoneInfo) -> None:
        if len(cell) <= 10:
            setattr(task, f"{name}_date", date.fromisoformat(cell))
            return
        moment = datetime.fromisoformat(cell)
        day, clock = on_the_clock(moment, zone) if moment.tzinfo else (moment.date(), moment.time() or None)
        setattr(task, f"{name}_date", day)
        setattr(task, f"{name}_time", clock)

    return reader


def read_clock(name: str) -> Callable[[TaskRecord, str, ZoneInfo], None]:
    return lambda task, cell, zone: setattr(task, name, time.fromisoformat(cell).replace(tzinfo=None))


def read_moment(name: str) -> Callable[[TaskRecord, str, ZoneInfo], None]:
    return lambda task, cell, zone: setattr(task, name, utc_moment(cell))


def read_priority(task: TaskRecord, cell: str, zone: ZoneInfo) -> None:
    if cell.lower() not in PRIORITIES:
        raise ValueError(cell)
    task.priority = PRIORITIES[cell.lower()]


def read_repeat_from(task: TaskRecord, cell: str, zone: ZoneInfo) -> None:
    if cell not in ("due", "completion"):
        raise ValueError(cell)
    task.repeat_from = cell


def read_reminders(task: TaskRecord, cell: str, zone: ZoneInfo) -> None:
    """Minutes before the task is due, or moments, with spaces between them."""
    for word in cell.split():
        if word.isdecimal() and int(word[:7]) <= MAX_MINUTES_BEFORE and len(word) < 7:
            task.reminders.append({"minutes_before": int(word)})
        else:
            task.reminders.append(reminder_at(utc_moment(word)))


def read_tags(task: TaskRecord, cell: str, zone: ZoneInfo) -> None:
    """Names with commas between them; one with a comma in it stands in quotes."""
    try:
        task.tags = [tag.strip() for tag in next(csv.reader([re.sub(r"[\r\n]+", ",", cell)], skipinitialspace=True))]
    except csv.Error:
        raise ValueError(cell) from None
    task.tags = [tag for tag in task.tags if tag]


READERS: dict[str, Callable[[TaskRecord, str, ZoneInfo], Any]] = {
    "completed": read_completed,
    "completed_at": read_moment("completed_at"),
    "priority": read_priority,
    "start_date": read_day("start"),
    "start_time": read_clock("start_time"),
    "due_date": read_day("due"),
    "due_time": read_clock("due_time"),
    "recurrence": lambda task, cell, zone: setattr(task, "recurrence", cell),
    "repeat_from": read_repeat_from,
    "reminders": read_reminders,
    "tags": read_tags,
    "created_at": read_moment("created_at"),
}

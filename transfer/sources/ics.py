"""Calendars with VTODOs (RFC 5545), from any program that writes them."""

from typing import IO
from zoneinfo import ZoneInfo

from todos.icalendar.components import Component, read_components
from todos.icalendar.lines import LineError
from todos.icalendar.reading import Todo, read_todo
from todos.icalendar.writing import PRODUCT
from transfer.files import BadFileError, lines_of
from transfer.records import Contents, TaskRecord


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    keys: list[str] = []  # of the tasks of the calendar that is being read
    calendars = 0
    try:
        for component in read_components(lines_of(file)):
            if component.name == "VTODO":
                add(component, zone, contents, keys)
            elif component.name == "VCALENDAR":
                name_project(component, contents, keys)
                keys, calendars = [], calendars + 1
            elif component.name != "VTIMEZONE":
                contents.count(f"line {component.number}")
                title = component.text("SUMMARY")[:80]
                contents.lose(f"line {component.number}: {title}", component.name[:40], "It isn't a task (VTODO).")
    except LineError as error:
        raise BadFileError(str(error)) from None
    if not calendars:
        raise BadFileError("line 1: The file isn't a calendar: it has no BEGIN:VCALENDAR.")


def add(component: Component, zone: ZoneInfo, contents: Contents, keys: list[str]) -> None:
    todo = read_todo(component, zone)
    task = record_of(todo, f"line {component.number}")
    for name, reason in todo.lost:
        contents.lose(task.item, name[:60], reason)
    if todo.is_exception:
        contents.count(task.where)
        contents.lose(task.item, "RECURRENCE-ID", "It is one date of a recurring task: that is imported as a whole.")
        return
    contents.add_task(task)
    keys.append(task.key)


def record_of(todo: Todo, where: str) -> TaskRecord:
    return TaskRecord(
        where,
        todo.uid,
        todo.title,
        todo.description,
        todo.completed,
        todo.completed_at,
        todo.priority,
        todo.start_date,
        todo.start_time,
        todo.due_date,
        todo.due_time,
        todo.recurrence,
        reminders=todo.reminders,
        parent=todo.parent,
        tags=todo.tags,
        created_at=todo.created_at,
        position=None if todo.sort_order is None else float(todo.sort_order),
    )


def name_project(calendar: Component, contents: Contents, keys: list[str]) -> None:
    """A calendar of another program is a list of tasks, and so a project."""
    name = calendar.text("X-WR-CALNAME").strip()
    if name and keys and calendar.text("PRODID") != PRODUCT:
        project = contents.project_named(f"line {calendar.number}", name)
        for key in keys:
            contents.tasks[key].project = project

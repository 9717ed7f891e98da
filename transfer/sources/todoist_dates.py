"""Todoist's dates in words."""

import re
from datetime import date, time

from transfer.records import Contents, TaskRecord
from transfer.sources.words import Repetition, day_in_words, first_date, repetition


def read_words(
    task: TaskRecord, text: str, day: date | None, today: date, contents: Contents, name: str, is_rule: bool = False
) -> None:
    """Set the due date or the recurrence that these words say. `day`: the due date, where the source has it."""
    found = repetition(text)
    if found is not None:
        take_repetition(task, found, day, today)
        return
    if is_rule:
        contents.lose(task.item, name, f"The recurrence isn't understood: {text[:100]!r}.")
        return
    parts = re.fullmatch(r"(.*?)(?:\s+(?:at\s+)?(\d{1,2}):(\d\d))?", text.strip())
    task.due_date = day or day_in_words(parts[1] if parts else text, today)
    if task.due_date is None:
        contents.lose(task.item, name, f"The date isn't understood: {text[:100]!r}.")
    elif parts and parts[2] and int(parts[2]) < 24 and int(parts[3]) < 60:
        task.due_time = time(int(parts[2]), int(parts[3]))


def take_repetition(task: TaskRecord, found: Repetition, day: date | None, today: date) -> None:
    task.recurrence = found.rule
    task.repeat_from = "completion" if found.from_completion else "due"
    task.due_date = day or first_date(found.rule, today)
    if task.due_date and task.due_time is None:
        task.due_time = found.at


def read_deadline(task: TaskRecord, day: date | None, text: str, contents: Contents) -> None:
    if day and not task.due_date:
        task.due_date = day
    else:
        contents.lose(task.item, "deadline", f"Tasks here have one due date: {text[:60]}.")

"""todo.txt: a task on each line (https://github.com/todotxt/todo.txt)."""

import re
from datetime import UTC, date, datetime, time
from typing import IO
from zoneinfo import ZoneInfo

from transfer.files import lines_of
from transfer.records import Contents, TaskRecord
from transfer.sources.words import interval_rule

DAY = r"\d{4}-\d\d-\d\d"
HEAD = re.compile(rf"(x )?(?:\(([A-Z])\) )?(?:({DAY}) )?(?:({DAY}) )?(.*)", re.ASCII | re.DOTALL)
PAIR = re.compile(r"([A-Za-z][\w-]*):([^\s:/][^\s]*)")
PRIORITIES = {"A": 4, "B": 3, "C": 2, "D": 1}


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    for number, line in enumerate(lines_of(file), 1):
        if text := line.strip():
            contents.add_task(read_task(f"line {number}", text, zone, contents))


def read_task(where: str, text: str, zone: ZoneInfo, contents: Contents) -> TaskRecord:
    head = HEAD.fullmatch(text)
    done, letter, first, second, rest = head.groups() if head else (None, None, None, None, text)
    task = TaskRecord(where, completed=bool(done))
    task.title = " ".join(word for word in rest.split(" ") if not read_word(task, word, contents)).strip()
    read_priority(task, letter, contents)
    if done and first:
        task.completed_at = midnight(first, zone)
        task.created_at = midnight(second, zone)
    elif first:
        task.created_at = midnight(first, zone)
    if task.recurrence and not task.due_date:
        task.due_date = task.start_date
    return task


def read_word(task: TaskRecord, word: str, contents: Contents) -> bool:
    """Whether the word says something about the task, and isn't a part of its title."""
    if len(word) > 1 and word[0] == "+":
        if task.project:
            task.tags.append(word[1:])
            contents.lose(task.where, "project", f"A task has one project: {word[1:60]} is a tag.")
        else:
            task.project = contents.project_named(task.where, word[1:])
        return True
    if len(word) > 1 and word[0] == "@":
        task.tags.append(word[1:])
        return True
    pair = PAIR.fullmatch(word)
    reader = PAIRS.get(pair[1].lower()) if pair else None
    if pair is None or reader is None:
        return False
    try:
        reader(task, pair[2])
    except ValueError:
        contents.lose(task.where, pair[1][:40], f"{pair[2][:60]!r} isn't understood: it stays in the title.")
        return False
    return True


def read_due(task: TaskRecord, value: str) -> None:
    task.due_date = date.fromisoformat(value)


def read_threshold(task: TaskRecord, value: str) -> None:
    task.start_date = date.fromisoformat(value)


def read_recurrence(task: TaskRecord, value: str) -> None:
    """With a plus, it counts from the due date; without one, from completion."""
    found = interval_rule(value.removeprefix("+")) or interval_rule(f"1{value.removeprefix('+')}")
    if found is None:
        raise ValueError(value)
    task.recurrence = found
    task.repeat_from = "due" if value.startswith("+") else "completion"


def read_pri(task: TaskRecord, value: str) -> None:
    """What tools leave of the priority of a task that is done."""
    if not re.fullmatch("[A-Z]", value):
        raise ValueError(value)
    task.priority = PRIORITIES.get(value, 1)


PAIRS = {"due": read_due, "t": read_threshold, "rec": read_recurrence, "pri": read_pri}


def read_priority(task: TaskRecord, letter: str | None, contents: Contents) -> None:
    if letter:
        task.priority = PRIORITIES.get(letter, 1)
        if letter not in PRIORITIES:
            contents.lose(task.item, "priority", f"({letter}) isn't known here: it is low.")


def midnight(day: str | None, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(day), time(), zone).astimezone(UTC) if day else None
    except (ValueError, OverflowError):
        return None

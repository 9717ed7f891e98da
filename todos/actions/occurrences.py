"""Creates the next occurrence when a recurring task is completed, and takes it back when the task is reopened."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ownership.transactions import revision_transaction
from todos.actions.bulk import trash

if TYPE_CHECKING:
    from todos.models.task import Task

# The next occurrence gets its own values for these fields. All others are copied.
NOT_COPIED = frozenset(
    {
        "id",
        "parent",
        "level",
        "position",
        "completed_at",
        "deleted_at",
        "next_occurrence",
        "created_in_revision",
        "created_at",
        "updated_at",
        "revision",
    }
)


def make_next_occurrences(tasks: Sequence["Task"]) -> None:
    """Create the next occurrence of each of these completed tasks, with open copies of its subtasks."""
    if not tasks:
        return
    today = tasks[0].owner.today()
    due = [(task, day, day - task.due_date) for task in tasks if task.due_date and (day := task.next_date(today))]
    copies: list[Task] = []
    with revision_transaction(tasks[0].owner_id) as current:
        children = subtasks_by_parent([task for task, _, _ in due])
        for task, day, shift in due:
            following = copy(task, current.revision, parent_id=task.parent_id, level=task.level, due_date=day)
            copies += [following, *copies_below(task, following, shift, children)]
            task.next_occurrence = following.pk
        type(tasks[0]).objects.bulk_create(copies)


def subtasks_by_parent(tasks: Sequence["Task"]) -> dict:
    """The tasks below these, without the trash, by the id of their parent. Only the latest of several occurrences."""
    children = defaultdict(list)
    if tasks:
        below = type(tasks[0]).objects.present().with_family().below(tasks)
        for subtask in below.filter(next_occurrence=None).order_by("position", "id"):
            children[subtask.parent_id].append(subtask)
    return children


def copy(task: "Task", revision: int, **differing) -> "Task":
    copied = [field.attname for field in task._meta.concrete_fields if field.name not in NOT_COPIED]
    content = {name: getattr(task, name) for name in copied}
    return type(task)(**{**content, **differing}, created_in_revision=revision, tags=task.tags)  # type: ignore[misc]


def copies_below(task: "Task", fresh: "Task", shift: timedelta, children: dict) -> list["Task"]:
    """Copies of all subtasks of `task` below `fresh`, with their due dates moved by `shift`."""
    copies = []
    for child in children[task.pk]:
        location = {"parent_id": fresh.pk, "level": fresh.level + 1}
        twin = copy(child, fresh.created_in_revision or 0, due_date=later(child.due_date, shift), **location)
        if twin.recurrence:
            twin.series_start = twin.due_date
        copies += [twin, *copies_below(child, twin, shift, children)]
    return copies


def later(day: date | None, by: timedelta) -> date | None:
    try:
        return day and day + by
    except OverflowError:  # after the year 9999
        return day


def take_back_next_occurrences(tasks: Sequence["Task"]) -> None:
    """Move the next occurrences of these reopened tasks to the trash, unless they were changed."""
    if not tasks:
        return
    Task = type(tasks[0])
    made = Task.objects.present().with_family().in_bulk([task.next_occurrence for task in tasks])
    touched = {task.pk for task in made.values() if task.revision != task.created_in_revision}
    parents = {pk: pk for pk in made}  # of each subtask, the occurrence that it is below
    for subtask in Task.objects.below(made.values()).order_by("level"):  # with the trash: moving there is a change
        parents[subtask.pk] = parents[subtask.parent_id]
        if subtask.revision != subtask.created_in_revision:
            touched.add(parents[subtask.pk])
    untouched = [task for task in made.values() if task.pk not in touched]
    trash(untouched)
    kept = made.keys() - {task.pk for task in untouched}
    for task in tasks:
        if task.next_occurrence not in kept:  # taken back now or deleted earlier: completing creates another one
            task.next_occurrence = None

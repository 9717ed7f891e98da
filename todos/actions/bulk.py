"""One action on many tasks: all or none."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import Http404
from django.utils import timezone

from ownership.validation import RefusedError, check_each
from todos.actions.moving import move
from todos.actions.tree import attach_parents

if TYPE_CHECKING:
    from todos.models.task import Task
    from todos.models.task_queryset import TaskQuerySet

Tasks = Sequence["Task"]
READ = ("owner", "project", "parent__project")  # what the rules look at, in the query that reads the tasks


def update(tasks: Tasks, values: dict) -> None:
    values = dict(values)
    add, remove = values.pop("add_tags", []), values.pop("remove_tags", [])
    for task in tasks:
        for name, value in values.items():
            setattr(task, name, value)
        if add or remove:
            task.retag(add, remove)
    save(tasks)
    if values.get("project", ...) is None:
        check_each(tasks, lambda task: task.check_inbox())


def complete(tasks: Tasks, values: dict | None = None) -> None:
    now = timezone.now()
    for task in tasks:
        task.completed_at = task.completed_at or now
    save(tasks)


def reopen(tasks: Tasks, values: dict | None = None) -> None:
    for task in tasks:
        task.completed_at = None
    save(tasks)


def trash(tasks: Tasks, values: dict | None = None) -> None:
    now = timezone.now()
    for task in tasks:
        task.deleted_at = task.deleted_at or now
    save(tasks)


def restore(tasks: Tasks, values: dict | None = None) -> None:
    attach_parents(tasks)
    for task in sorted(tasks, key=lambda task: task.level):
        task.deleted_at = None
        task.restore_location()
    save(tasks)


def save(tasks: Tasks) -> None:
    if tasks:
        type(tasks[0]).objects.save_all(tasks)


ACTIONS: dict[str, Callable[[Tasks, dict], None]] = {
    "update": update,
    "complete": complete,
    "reopen": reopen,
    "move": move,
    "delete": trash,
    "restore": restore,
}


def run(queryset: "TaskQuerySet", action: str, ids: Sequence[UUID], values: dict) -> list["Task"]:
    """Run one of the ACTIONS on the tasks with these ids, in their order: on all of them or none.

    Returns them as they are stored then, without those that are in the trash: one may change what another one became.

    `values`: the fields to set, for `update` and `move`. Raises Http404 if a task is missing from `queryset` (or isn't
    in the trash, for `restore`; or is, for the others). Raises ValidationError, with the index of the id, for a value;
    without it for what follows from these tasks for another one.
    """
    rows = queryset.in_trash() if action == "restore" else queryset.present()
    found = rows.select_related(*READ).in_bulk(set(ids))
    if not found.keys() >= set(ids):
        raise Http404
    tasks = [found[pk] for pk in dict.fromkeys(ids)]
    attach_parents(tasks)
    try:
        ACTIONS[action](tasks, values)
    except RefusedError as error:
        raise ValidationError(by_index(error, ids)) from None
    stored = queryset.present().in_bulk(found)
    return [stored[pk] for pk in dict.fromkeys(ids) if pk in stored]


def by_index(error: RefusedError, ids: Sequence[UUID]) -> dict[str, list[ValidationError]]:
    found: dict[str, list[ValidationError]] = defaultdict(list)
    for task, refusal in error.refusals:
        for name, each in refusal.error_dict.items():
            found[f"ids.{ids.index(task.pk)}.{name}" if task.pk in ids else NON_FIELD_ERRORS] += each
    return dict(found)

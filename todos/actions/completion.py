"""Completes the subtasks of a completed task, and reopens the parents of a reopened one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ownership.transactions import revision_transaction
from todos.actions.occurrences import Closing, take_back_next_occurrences
from todos.extensions import EXTENSIONS

if TYPE_CHECKING:
    from todos.models.task import Task


def follow(tasks: Sequence["Task"]) -> list["Task"]:
    completed = [task for task in tasks if task.completed_at is not None and task.was("completed_at") is None]
    reopened = [task for task in tasks if task.completed_at is None and task.was("completed_at") is not None]
    return [*complete_below(completed), *reopen_above(reopened, tasks)]


def complete_below(completed: Sequence["Task"]) -> list["Task"]:
    """Complete the open tasks below these, and create the next occurrences of recurring ones."""
    if not completed:
        return []
    model = type(completed[0])
    parents = [task for task in completed if task.loaded_values is not None and task.may_have_subtasks]
    below = list(model.objects.present().with_family().below(parents).order_by("position", "id")) if parents else []
    with revision_transaction(completed[0].owner_id) as current:
        closing = Closing(completed, below, current.revision)
        closing.close_all()
        model.objects.bulk_create([copy for _, copy in closing.copies])
        for extension in EXTENSIONS if closing.copies else ():
            extension.copied(closing.copies)
    return closing.others


def reopen_above(reopened: Sequence["Task"], changing: Sequence["Task"]) -> list["Task"]:
    """Reopen what these tasks are parts of, and what was completed along with them; take back next occurrences.

    `changing`: all tasks that the same write changes.
    """
    if not reopened:
        return []
    known = {task.pk for task in reopened}
    # A new parent is open already. The old one stays as it is.
    children = [task for task in reopened if task.parent_id and task.parent_id == task.was("parent_id")]
    above = type(reopened[0]).objects.above(children).completed() if children else []
    others = {task.pk: task for task in (*above, *completed_along(reopened)) if task.pk not in known}
    for task in others.values():
        task.completed_at = None
    if any(task.next_occurrence for task in (*reopened, *others.values())):
        take_back_next_occurrences(reopened, list(others.values()), changing)
    return list(others.values())


def completed_along(reopened: Sequence["Task"]) -> list["Task"]:
    """What is below these tasks, and was completed by the same write."""
    moments = {task.pk: task.was("completed_in_revision") for task in reopened if task.may_have_subtasks}
    roots = [task for task in reopened if moments.get(task.pk) is not None]
    if not roots:
        return []
    found = []
    for task in type(roots[0]).objects.present().below(roots).completed().order_by("level"):
        if task.completed_in_revision is not None and task.completed_in_revision == moments.get(task.parent_id):
            moments[task.pk] = task.completed_in_revision
            found.append(task)
    return found

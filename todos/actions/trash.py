"""Moves subtasks to the trash with their parent, and restores them with it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from todos.actions.tree import attach_parents

if TYPE_CHECKING:
    from todos.models.task import Task


def follow(tasks: Sequence["Task"]) -> list["Task"]:
    changed = [task for task in tasks if task.loaded_values is not None and task.was("deleted_at") != task.deleted_at]
    trashed = [task for task in changed if task.deleted_at is not None]
    restored = [task for task in changed if task.deleted_at is None]
    return [*trash_below(trashed), *restore_below(restored)]


def trash_below(trashed: Sequence["Task"]) -> list["Task"]:
    if not trashed:
        return []
    model, moment = type(trashed[0]), max(task.deleted_at for task in trashed if task.deleted_at)
    others = list(model.objects.present().below(trashed).exclude(pk__in=[task.pk for task in trashed]))
    for task in others:
        task.deleted_at = moment
    model.trash_dependents([task.pk for task in (*trashed, *others)], moment)
    return others


def restore_below(restored: Sequence["Task"]) -> list["Task"]:
    """Restore the tasks that were deleted together with these: they have the same `deleted_at`."""
    if not restored:
        return []
    model = type(restored[0])
    moments = {task.pk: task.was("deleted_at") for task in restored}
    others = []
    for task in model.objects.in_trash().below(restored).select_related("project").order_by("level"):
        if task.pk not in moments and moments.get(task.parent_id) == task.deleted_at:
            moments[task.pk] = task.deleted_at
            others.append(task)
    model.restore_dependents(list(moments))
    attach_parents([*restored, *others])
    for task in others:
        task.deleted_at = None
        task.restore_location()
        task.follow_rules()
    return others

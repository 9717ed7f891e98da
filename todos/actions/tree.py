"""The tree of tasks: finds the tasks above and below, and moves subtasks along with their parent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.db.models import UUIDField
from django.db.models.expressions import RawSQL

from ownership.validation import about

if TYPE_CHECKING:
    from todos.models.task import Task

# All tasks below (or above) some tasks, at any depth, in one query.
BELOW = """
    WITH RECURSIVE found(id) AS (
        SELECT id FROM todos_task WHERE parent_id IN ({ids})
        UNION SELECT child.id FROM todos_task child JOIN found ON child.parent_id = found.id
    ) SELECT id FROM found"""
ABOVE = """
    WITH RECURSIVE found(id) AS (
        SELECT parent_id FROM todos_task WHERE id IN ({ids}) AND parent_id IS NOT NULL
        UNION SELECT child.parent_id FROM todos_task child JOIN found ON child.id = found.id
        WHERE child.parent_id IS NOT NULL
    ) SELECT id FROM found"""


def related(sql: str, ids: Sequence[UUID]) -> RawSQL | list:
    """The ids of the tasks `BELOW` or `ABOVE` these, for a filter."""
    if not ids:
        return []
    keys = [UUIDField().get_db_prep_value(pk, connection) for pk in ids]
    return RawSQL(sql.format(ids=", ".join(["%s"] * len(keys))), keys)  # noqa: S611


def attach_parents(tasks: Iterable["Task"]) -> None:
    """Where a task's parent is one of these tasks, use this object, so that both see its changes."""
    by_id = {task.pk: task for task in tasks}
    for task in by_id.values():
        if task.parent_id in by_id:
            task.parent = by_id[task.parent_id]


def follow(tasks: Sequence["Task"]) -> list["Task"]:
    moved = [task for task in tasks if task.is_moved]
    for task in moved:
        if task.parent_id != task.was("parent_id") and not task.is_carried:
            task.carried_from = None  # somebody chose this parent
    return update_descendants(moved, tasks) if moved else []


def update_descendants(moved: Sequence["Task"], loaded: Sequence["Task"]) -> list["Task"]:
    """Set the level and project of the tasks below the moved ones. Return those that aren't in `loaded`.

    Raises ValidationError for an invalid location.
    """
    own = {task.pk: task for task in loaded}  # with their unsaved changes
    family = {**{task.pk: task for task in type(moved[0]).objects.below(moved)}, **own}
    children = defaultdict(list)
    for task in family.values():
        children[task.parent_id].append(task)
    for task in moved:
        with about(task):
            task.check_circle(family)
    todo = [(task, task) for task in moved]
    for task, root in todo:  # the loop appends the next levels
        for child in children[task.pk]:
            with about(root):
                child.set_parent(task)
                child.is_carried = child.pk not in own
            todo.append((child, root))
    return [task for pk, task in family.items() if pk not in own]

"""Moves tasks: into a project, below a task, between siblings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ownership.validation import check_each, invalid

if TYPE_CHECKING:
    from todos.models.task import Task


def move(tasks: Sequence["Task"], location: dict) -> None:
    """Move these tasks, in their order, and save them.

    `location`: any of `project`, `parent` (objects or None), `before` and `after` (a sibling at the new location).
    Raises ValidationError for an invalid location.
    """
    together = {task.pk for task in tasks}
    for task in tasks:
        leave_parent = "parent" not in location and task.parent_id not in together
        for name in {"project", "parent"} & location.keys():
            setattr(task, name, location[name])
        if leave_parent and "project_id" in task.changed_fields():
            task.parent = None
        task.position = None
    check_each(tasks, lambda task: task.follow_rules())
    for side in {"before", "after"} & location.keys():
        insert(tasks, side, location[side])
    type(tasks[0]).objects.save_all(tasks)


def insert(tasks: Sequence["Task"], side: str, sibling: "Task") -> None:
    if sibling in tasks or any(task.location != sibling.location for task in tasks):
        raise invalid(side, "This task is not a sibling at the new location. Choose one that is.", "not_a_sibling")
    sibling.siblings().insert(tasks, **{side: sibling})

"""Completes the subtasks of a completed task, and reopens the parents of a reopened one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from todos.actions.occurrences import make_next_occurrences, take_back_next_occurrences

if TYPE_CHECKING:
    from todos.models.task import Task


def follow(tasks: Sequence["Task"]) -> list["Task"]:
    completed = [task for task in tasks if task.completed_at is not None and task.was("completed_at") is None]
    reopened = [task for task in tasks if task.completed_at is None and task.was("completed_at") is not None]
    return [*complete_below(completed), *reopen_above(reopened)]


def complete_below(completed: Sequence["Task"]) -> list["Task"]:
    """Complete the open tasks below these, and create the next occurrences of recurring ones."""
    if not completed:
        return []
    own_ids = {task.pk for task in completed}
    parents = [task for task in completed if task.loaded_values is not None and task.may_have_subtasks]
    below = list(type(completed[0]).objects.present().below(parents).open()) if parents else []
    others = [task for task in below if task.pk not in own_ids]
    moment = max(task.completed_at for task in completed if task.completed_at)
    for task in others:
        task.completed_at = moment
    # A task that is completed with its parent ends: its next occurrence would be open below a completed task.
    ended = {task.pk for task in below}
    make_next_occurrences([task for task in completed if task.pk not in ended and task.makes_next_occurrence])
    return others


def reopen_above(reopened: Sequence["Task"]) -> list["Task"]:
    """Reopen the tasks above these, and take back next occurrences that weren't changed."""
    if not reopened:
        return []
    own_ids = {task.pk for task in reopened}
    children = [task for task in reopened if task.parent_id]
    above = type(reopened[0]).objects.above(children).completed() if children else []
    others = [task for task in above if task.pk not in own_ids]
    for task in others:
        task.completed_at = None
    take_back_next_occurrences([task for task in (*reopened, *others) if task.next_occurrence])
    return others

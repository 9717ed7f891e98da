from collections.abc import Sequence
from typing import TYPE_CHECKING

from todos.actions import completion, trash, tree

if TYPE_CHECKING:
    from todos.models.task import Task


def consequences(tasks: Sequence["Task"]) -> list["Task"]:
    """The other tasks that change with these changed ones: changed like them, and not saved yet.

    Raises ValidationError for a location that isn't possible.
    """
    others: list[Task] = []
    for follow in (trash.follow, completion.follow, tree.follow):
        others += follow([*tasks, *others])
    return others

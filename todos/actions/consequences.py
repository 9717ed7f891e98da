from collections.abc import Sequence
from typing import TYPE_CHECKING

from todos.actions import completion, trash, tree

if TYPE_CHECKING:
    from todos.models.task import Task


def consequences(tasks: Sequence["Task"]) -> list["Task"]:
    """The other tasks that change with these: already changed, but not saved.

    Raises ValidationError for an invalid location.
    """
    others: list[Task] = []
    for follow in (trash.follow, completion.follow, tree.follow):
        others += follow([*tasks, *others])
    return others

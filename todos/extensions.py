"""What other apps keep about tasks. They register a TaskExtension when they are ready: `todos` knows none of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from todos.models.task import Task


class TaskExtension:
    """Its methods are called in the revision transaction of the owner whose tasks change."""

    def leaving_project(self, ids: Sequence[UUID]) -> None:
        """The projects of these tasks are about to change."""

    def entered_project(self, ids: Sequence[UUID]) -> None:
        """The projects of these tasks were changed."""

    def restored(self, ids: Sequence[UUID]) -> None:
        """These tasks came back from the trash."""

    def copied(self, pairs: Sequence[tuple["Task", "Task"]]) -> None:
        """The next occurrence of each first task, or of what it is a part of, is the second one, which is saved."""


EXTENSIONS: list[TaskExtension] = []

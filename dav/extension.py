"""What follows for calendar clients when tasks are moved, or go on to their next occurrence."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from dav.models import Removal, Resource
from dav.naming import name_apart, note_removed
from dav.queries import name_of, with_names
from dav.successors import successor
from todos.extensions import TaskExtension
from todos.models import Task


class CalendarExtension(TaskExtension):
    def leaving_project(self, ids: Sequence[UUID]) -> None:
        """Note that these tasks aren't in their lists any more, for clients that sync them."""
        rows = defaultdict(list)
        for row in with_names(Task.objects.filter(pk__in=ids)).values("owner_id", "project_id", "id", "name"):
            rows[row["owner_id"], row["project_id"]].append(row)
        for (owner_id, project_id), found in rows.items():
            names = {row["id"]: name_of(row) for row in found}
            Removal.objects.filter(project_id=project_id, task__in=names, name__in=names.values()).delete()
            note_removed(owner_id, project_id, names)

    def entered_project(self, ids: Sequence[UUID]) -> None:
        name_apart(ids)

    restored = entered_project

    def copied(self, pairs: Sequence[tuple[Task, Task]]) -> None:
        """Give the copies the texts of their originals, with the alarms and all that a task doesn't have."""
        texts = Resource.objects.filter(task__in=[task.pk for task, _ in pairs]).in_bulk(field_name="task_id")
        Resource.objects.bulk_create(
            successor(texts[task.pk], copy) for task, copy in pairs if task.pk in texts and texts[task.pk].body
        )

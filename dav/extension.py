"""What follows for calendar clients when tasks are moved, or go on to their next occurrence."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q

from dav.models import Removal, Resource
from dav.queries import name_of, with_names
from dav.successors import name_by_id, successor
from ownership.transactions import revision_transaction
from todos.extensions import TaskExtension
from todos.models import Task


class CalendarExtension(TaskExtension):
    def leaving_project(self, ids: Sequence[UUID]) -> None:
        """Note that these tasks aren't in their lists any more, for clients that sync them."""
        rows = defaultdict(list)
        for row in with_names(Task.objects.filter(pk__in=ids)).values("owner_id", "project_id", "id", "name"):
            rows[row["owner_id"], row["project_id"]].append(row)
        for (owner_id, project_id), found in rows.items():
            Removal.objects.filter(project_id=project_id, task__in=[row["id"] for row in found]).delete()
            with revision_transaction(owner_id) as current:
                where = {"owner_id": owner_id, "project_id": project_id, "revision": current.revision}
            Removal.objects.bulk_create(Removal(task_id=row["id"], name=name_of(row), **where) for row in found)

    def entered_project(self, ids: Sequence[UUID]) -> None:
        """Where another object of the list has the name or the UID of one of these tasks, name that by its id."""
        moved = list(Resource.objects.filter(task__in=ids, task__deleted_at=None).select_related("task"))
        if not moved:
            return
        same = Q(name__in=[each.name for each in moved]) | Q(uid__in=[each.uid for each in moved])
        others = Resource.objects.filter(same, owner=moved[0].owner_id, task__deleted_at=None).exclude(task__in=ids)
        taken = {(row[0], text) for row in others.values_list("task__project_id", "name", "uid") for text in row[1:]}
        for each in moved:
            if {(each.task.project_id, each.name), (each.task.project_id, each.uid)} & taken:
                name_by_id(each)

    def copied(self, pairs: Sequence[tuple[Task, Task]]) -> None:
        """Give the copies the texts of their originals, with the alarms and all that a task doesn't have."""
        texts = Resource.objects.filter(task__in=[task.pk for task, _ in pairs]).in_bulk(field_name="task_id")
        Resource.objects.bulk_create(
            successor(texts[task.pk], copy) for task, copy in pairs if task.pk in texts and texts[task.pk].body
        )

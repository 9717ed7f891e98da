"""Rows of what calendar clients store."""

from dav.models import Collection, OtherObject, Removal, Resource
from todos.models import Project, Task
from users.models import User


def store(owner: User, project: Project, task: Task) -> None:
    """A row in each table, about this project and this task."""
    Collection.objects.create(owner=owner, project=project, name=f"list of {owner.name}")
    Resource.objects.create(owner=owner, task=task, name=f"{owner.name}.ics", uid=owner.name, body="")
    Removal.objects.create(owner=owner, project=project, task=task, name=f"{owner.name}.ics", revision=1)
    OtherObject.objects.create(
        owner=owner, project=project, name=f"{owner.name}.ics", uid=owner.name, component="VEVENT"
    )

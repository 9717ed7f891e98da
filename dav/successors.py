"""Texts of tasks that need a name and a UID of their own: those of next occurrences, and those that give theirs up."""

from dav.document import entries_of, read_document
from dav.models import Resource
from dav.queries import SUFFIX
from dav.rendering import drop_others, master_of
from todos.icalendar.lines import escape
from todos.models import Task


def successor(resource: Resource, task: Task) -> Resource:
    """The text of a task's next occurrence: that of the task, without single dates."""
    calendar = read_document(resource.body)
    master = master_of(calendar)
    drop_others(calendar, master)
    return named_by_id(Resource(owner_id=task.owner_id, task=task, body=calendar.text()))


def name_by_id(resource: Resource) -> None:
    """Give the object a name and a UID that no other one has."""
    named_by_id(resource).save()


def named_by_id(resource: Resource) -> Resource:
    resource.name, resource.uid = f"{resource.task_id}{SUFFIX}", str(resource.task_id)
    resource.body = with_uid(resource.body, resource.uid)
    return resource


def with_uid(text: str, uid: str) -> str:
    calendar = read_document(text)
    for block in calendar.blocks:
        if block.first("UID"):
            block.replace({"UID"}, [*entries_of([f"UID:{escape(uid)}"])])
    return calendar.text()

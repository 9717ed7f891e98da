"""Texts of tasks that need a name and a UID of their own: those of next occurrences, and those that give theirs up."""

from uuid import UUID

from dav.document import entries_of, read_document
from dav.models import Resource
from dav.queries import own_name
from dav.rendering import drop_others, master_of
from todos.icalendar.lines import escape
from todos.models import Task


def successor(resource: Resource, task: Task) -> Resource:
    """The text of a task's next occurrence: that of the task, without single dates."""
    calendar = read_document(resource.body)
    master = master_of(calendar)
    drop_others(calendar, master)
    return named_by(task.pk, Resource(owner_id=task.owner_id, task=task, body=calendar.text()))


def named_by(pk: UUID, resource: Resource) -> Resource:
    """With a name and a UID that no other object has."""
    resource.name, resource.uid = own_name(pk), str(pk)
    resource.body = resource.body and with_uid(resource.body, resource.uid)
    return resource


def with_uid(text: str, uid: str) -> str:
    calendar = read_document(text)
    for block in calendar.blocks:
        if block.first("UID"):
            block.replace({"UID"}, entries_of([f"UID:{escape(uid)}"]))
    return calendar.text()

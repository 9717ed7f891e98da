"""Queries of tasks as objects in the lists of calendar clients."""

from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from dav.models import Resource
from dav.paths import id_in
from todos.models import Task
from todos.models.tag import TagNames

SUFFIX = ".ics"
# What `todos.icalendar` needs to write a task.
COLUMNS = ["id", "revision", "title", "description", "completed_at", "priority", "start_date", "start_time", "due_date"]
COLUMNS += ["due_time", "reminders", "recurrence", "created_at", "updated_at", "occurrence_date", "series_start"]
COLUMNS += ["series_day", "series_passed", "parent_id"]


def listed(owner_id: UUID, project_id: UUID | None) -> QuerySet:
    """The tasks in a list, without the trash."""
    return Task.objects.present().filter(owner_id=owner_id, project_id=project_id)


def own_name(pk: UUID) -> str:
    """The name of an object that no client has named."""
    return f"{pk}{SUFFIX}"


def name_of(row: dict[str, Any]) -> str:
    return row["name"] or own_name(row["id"])


def with_names(tasks: QuerySet) -> QuerySet:
    """Rows of id, revision and name; the name is None where it is the id."""
    return tasks.order_by().values("id", "revision", name=F("resource__name"))


def with_uids(tasks: QuerySet) -> list[dict[str, Any]]:
    """Rows of id, owner_id, project_id, name and uid, in the order of ids."""
    texts = {"name": F("resource__name"), "uid": F("resource__uid")}
    rows = tasks.order_by("pk").values("id", "owner_id", "project_id", **texts)
    return [{**row, "name": name_of(row), "uid": row["uid"] or str(row["id"])} for row in rows]


def with_texts(tasks: QuerySet) -> QuerySet:
    """Rows with all that `dav.rendering` needs."""
    return tasks.order_by().values(
        *COLUMNS,
        name=F("resource__name"),
        uid=F("resource__uid"),
        dangling=F("resource__parent_uid"),
        parent_uid=F("parent__resource__uid"),
        body=F("resource__body"),
        exact_revision=F("resource__exact_revision"),
        exact_zone=F("resource__exact_zone"),
        tags=TagNames(),
    )


def complete(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the UIDs of the task and of its parent."""
    row["uid"] = row["uid"] or str(row["id"])
    row["parent"] = row["parent_uid"] or (row["parent_id"] and str(row["parent_id"])) or row["dangling"] or ""
    return row


def named(tasks: QuerySet, owner_id: UUID, names: list[str]) -> QuerySet:
    """Those of the tasks that have these names."""
    return known_as(
        tasks,
        owner_id,
        [id_in(name.removesuffix(SUFFIX)) for name in names if name.endswith(SUFFIX)],
        Q(name__in=names),
        Q(resource__name__in=names),
    )


def with_uid(tasks: QuerySet, owner_id: UUID, uid: str) -> QuerySet:
    """The one of the tasks that has this UID."""
    return known_as(tasks, owner_id, [id_in(uid)], Q(uid=uid), Q(resource__uid=uid))


def sharing(tasks: QuerySet, owner_id: UUID, names: set[str], uids: set[str]) -> QuerySet:
    """Those of the tasks that have one of these names or UIDs."""
    ids = [id_in(text) for text in (*(name.removesuffix(SUFFIX) for name in names), *uids)]
    stored, joined = (Q(**{f"{to}name__in": names}) | Q(**{f"{to}uid__in": uids}) for to in ("", "resource__"))
    return known_as(tasks, owner_id, ids, stored, joined)


def known_as(tasks: QuerySet, owner_id: UUID, ids: list[UUID | None], stored: Q, joined: Q) -> QuerySet:
    """The tasks with a text that meets the condition, and those without one that have these ids."""
    # By two indexes. With an OR of the two, the database would read the whole list.
    by_text = Resource.objects.filter(stored, owner_id=owner_id).order_by().values("task_id")
    by_id = Task.objects.filter(pk__in=[pk for pk in ids if pk], owner_id=owner_id).order_by().values("pk")
    return tasks.filter(pk__in=by_text.union(by_id, all=True)).filter(Q(resource=None) | joined)


def waiting_for(owner_id: UUID, uid: str) -> QuerySet:
    """The texts that name this UID as their parent's, which wasn't there."""
    return Resource.objects.filter(owner_id=owner_id, parent_uid=uid, task__deleted_at=None, task__parent=None)

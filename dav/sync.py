"""What changed in a list since a token: the tasks in it, and the names that aren't in it any more."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet

from dav.lists import TaskList
from dav.models import OtherObject, Removal
from dav.objects import Found, names_here
from dav.queries import name_of
from dav.tokens import LAST, SyncToken
from todos.models import Task


@dataclass
class Changes:
    token: SyncToken
    present: list[Found] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    is_cut: bool = False


def changes_since(task_list: TaskList, since: SyncToken | None, limit: int | None) -> Changes:
    """The changes after `since`, in the order of revisions; without one, all objects, and no removals.

    At most `limit` of them: then the token is for the rest. The user must have been read before, with the revision.
    """
    changes = Changes(SyncToken.now(task_list.user))
    if since and since.position >= changes.token.position:
        return changes
    rows = sorted(rows_since(task_list, since), key=position)
    page = rows[: cut(rows, limit)]
    if len(page) < len(rows):
        changes.is_cut, rows = True, page
        changes.token = SyncToken(rows[-1]["revision"], changes.token.zone, str(rows[-1]["id"]))
    for row in rows:
        if row["is_here"]:
            changes.present.append(Found(row["name"], row["revision"], component=row["component"]))
        else:
            changes.removed.append(row["name"])
    here = names_here(task_list, changes.removed)
    changes.removed = [name for name in dict.fromkeys(changes.removed) if name not in here]
    return changes


def position(row: dict[str, Any]) -> tuple:
    return row["revision"], row["id"]


def cut(rows: list[dict[str, Any]], limit: int | None) -> int | None:
    """Where to cut: at the limit, or behind the other names of the same task, which no token can lie between."""
    while limit and limit < len(rows) and position(rows[limit]) == position(rows[limit - 1]):
        limit += 1
    return limit


def rows_since(task_list: TaskList, since: SyncToken | None) -> list[dict[str, Any]]:
    """A row for each change: its revision and id, the name in the list, and whether it is there."""
    rows = [as_row(name_of(row), row, "VTODO") for row in task_rows(task_list, since)]
    if settings.DAV_OTHER_COMPONENTS:
        others = after(OtherObject.objects.filter(owner=task_list.user, project=task_list.project), since)
        rows += [
            as_row(row["name"], row, row["component"])
            for row in others.values("id", "revision", "deleted_at", "name", "component")
        ]
    return rows if since is None else rows + removal_rows(task_list, since)


def task_rows(task_list: TaskList, since: SyncToken | None) -> QuerySet:
    tasks = after(Task.objects.filter(owner=task_list.user, project=task_list.project), since)
    return tasks.order_by().values("id", "revision", "deleted_at", name=F("resource__name"))


def removal_rows(task_list: TaskList, since: SyncToken) -> list[dict[str, Any]]:
    """The names that left the list."""
    left = Removal.objects.filter(later(since, "task_id"), owner=task_list.user, project=task_list.project)
    return [
        {"id": row["task_id"], "revision": row["revision"], "name": row["name"], "is_here": False, "component": "VTODO"}
        for row in left.values("task_id", "revision", "name")
    ]


def as_row(name: str, row: dict[str, Any], component: str) -> dict[str, Any]:
    is_here = row["deleted_at"] is None
    return {"id": row["id"], "revision": row["revision"], "name": name, "is_here": is_here, "component": component}


def after(rows: QuerySet, since: SyncToken | None) -> QuerySet:
    return rows.filter(deleted_at=None) if since is None else rows.filter(later(since, "id"))


def later(since: SyncToken, name: str) -> Q:
    revision, pk = since.position
    if since.id == LAST:
        return Q(revision__gt=revision)
    return Q(revision__gt=revision) | Q(revision=revision, **{f"{name}__gt": pk})

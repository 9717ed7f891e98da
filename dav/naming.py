"""Names and UIDs are unique in a list, without the trash. What comes into a list, or back into it, gives way."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from api.ids import uuid7
from dav.models import OtherObject, Removal, Resource
from dav.queries import own_name, sharing, with_uids
from dav.successors import named_by
from ownership.transactions import revision_transaction
from todos.models import Task

BATCH = 1_000
Key = tuple[UUID | None, str, str]  # a list, and a name or a UID in it


def name_apart(ids: Sequence[UUID]) -> None:
    """Rename those of these tasks of one owner whose name or UID something else in their list has."""
    if not Resource.objects.filter(owner__in=Task.objects.filter(pk__in=ids[:1]).values("owner")).exists():
        return  # all names are ids
    come, taken = set(ids), set[Key]()
    for start in range(0, len(ids), BATCH):
        rows = with_uids(Task.objects.present().filter(pk__in=ids[start : start + BATCH]))
        taken.update(key for row in rows_sharing(rows) if row["id"] not in come for key in keys_of(row))
        for row in rows:
            if keys_of(row) & taken:
                rename(row, taken)
            taken |= keys_of(row)


def keys_of(row: dict[str, Any]) -> set[Key]:
    return {(row["project_id"], "name", row["name"]), (row["project_id"], "uid", row["uid"])}


def rows_sharing(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What has a name or a UID that one of these tasks has, or would get."""
    if not rows:
        return
    owner_id = rows[0]["owner_id"]
    names = {name for row in rows for name in (row["name"], own_name(row["id"]))}
    uids = {uid for row in rows for uid in (row["uid"], str(row["id"]))}
    yield from with_uids(sharing(Task.objects.present(), owner_id, names, uids))
    if settings.DAV_OTHER_COMPONENTS:
        others = OtherObject.objects.present().filter(Q(name__in=names) | Q(uid__in=uids), owner_id=owner_id)
        yield from others.values("id", "project_id", "name", "uid")


def rename(row: dict[str, Any], taken: set[Key]) -> None:
    """Give the object a name and a UID by its id, or by a new one, and note that its old name is gone."""
    old = row["name"]
    for pk in (row["id"], uuid7()):
        row["name"], row["uid"] = own_name(pk), str(pk)
        if not keys_of(row) & taken:
            break
    resource = Resource.objects.filter(task=row["id"]).first()
    named_by(pk, resource or Resource(owner_id=row["owner_id"], task_id=row["id"])).save()
    note_removed(row["owner_id"], row["project_id"], {row["id"]: old})


def note_removed(owner_id: UUID, project_id: UUID | None, names: dict[UUID, str]) -> None:
    """Note for sync that these tasks no longer have these names in the list."""
    with revision_transaction(owner_id) as current:
        where = {"owner_id": owner_id, "project_id": project_id, "revision": current.revision}
        Removal.objects.bulk_create(Removal(task_id=pk, name=name, **where) for pk, name in names.items())

"""The owner's revision: one number that puts all writes of one owner in one order.

Every write of an owner's data happens inside `write(owner_id)`, which opens a transaction, takes the owner's next
revision and, with it, the lock on the owner's row: the writes of one owner come one after the other, those of two
owners don't touch. `RevisedModel` and `RevisedQuerySet` go through it by themselves, so that the API, the admin
and commands can't forget it.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import ClassVar
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection, models, transaction
from django.utils import timezone

from users.ownership import OwnedModel, OwnedQuerySet

logger = logging.getLogger("api.changes")


class Write:
    """One write in progress: its revision, and what it changed."""

    def __init__(self, owner_id: UUID, revision: int):
        self.owner_id = owner_id
        self.revision = revision
        self.changes: dict[str, list[UUID]] = defaultdict(list)

    def record(self, model: type[models.Model], event: str, ids: list[UUID]) -> None:
        if ids:
            self.changes[f"{model._meta.model_name}.{event}"] += ids

    def log(self) -> None:
        for change, ids in self.changes.items():
            fields = {"owner": self.owner_id, "revision": self.revision, "count": len(ids), "ids": ids}
            logger.info(change, extra={"fields": fields})


open_writes: ContextVar[dict[UUID, Write]] = ContextVar("open_writes", default={})  # noqa: B039 (never changed in place)


def count_write(owner_id: UUID, step: int) -> int:
    """Move the owner's revision by `step`; the owner's row is locked until the transaction ends.

    Raises User.DoesNotExist.
    """
    User = get_user_model()
    table, key = User._meta.db_table, User._meta.pk.get_db_prep_value(owner_id, connection)
    with connection.cursor() as cursor:
        # Raw, because Django can't yet say UPDATE ... RETURNING: it would be a second query in each write.
        cursor.execute(f"UPDATE {table} SET revision = revision + %s WHERE id = %s RETURNING revision", [step, key])  # noqa: S608
        if row := cursor.fetchone():
            return row[0]
    raise User.DoesNotExist


@contextmanager
def write(owner_id: UUID) -> Iterator[Write]:
    """One write of an owner's data: one transaction, one revision. Inside of another of the same owner: a part of it.

    A write that changes nothing takes no revision.
    """
    outer = open_writes.get()
    if owner_id in outer:
        yield outer[owner_id]
        return
    with transaction.atomic():
        current = Write(owner_id, count_write(owner_id, 1))
        token = open_writes.set({**outer, owner_id: current})
        try:
            yield current
        finally:
            open_writes.reset(token)
        if current.changes:
            transaction.on_commit(current.log)
        else:
            count_write(owner_id, -1)  # nobody has seen it: the owner's row is locked


class RevisedQuerySet(OwnedQuerySet):
    """Rows that carry their owner's revision. Its bulk calls stamp what they change, for every owner among the rows."""

    def each_owner(self) -> list[UUID]:
        # In order, so that two such writes can't wait for each other.
        return sorted(set(self.order_by().values_list("owner_id", flat=True)))

    def update(self, **values) -> int:
        return self._update_as("updated", values)

    update.alters_data = True  # type: ignore[attr-defined]

    def _update_as(self, event: str, values: dict) -> int:
        changed = 0
        with ExitStack() as writes:
            for owner_id in self.each_owner():
                current = writes.enter_context(write(owner_id))
                rows = self.filter(owner_id=owner_id)
                current.record(self.model, event, list(rows.order_by().values_list("pk", flat=True)))
                stamped = {"updated_at": timezone.now(), **values, "revision": current.revision}
                changed += super(RevisedQuerySet, rows).update(**stamped)
        return changed

    def bulk_create(self, objs, *args, **kwargs):
        objs = list(objs)
        with ExitStack() as writes:
            for owner_id in sorted({obj.owner_id for obj in objs}):
                current = writes.enter_context(write(owner_id))
                for obj in (own := [obj for obj in objs if obj.owner_id == owner_id]):
                    obj.revision = current.revision
                current.record(self.model, "created", [obj.pk for obj in own])
            return super().bulk_create(objs, *args, **kwargs)


class RevisedModel(OwnedModel):
    """An owned row whose every write is counted."""

    updated_at = models.DateTimeField(auto_now=True)
    revision = models.BigIntegerField(editable=False)

    objects: ClassVar = RevisedQuerySet.as_manager()

    event: str | None = None  # what the next save is, when it is more than an update

    class Meta(OwnedModel.Meta):
        abstract = True

    def save(self, *args, **kwargs):
        event = self.event or ("created" if self._state.adding else "updated")
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "revision", "updated_at"}
        with write(self.owner_id) as current:
            current.record(type(self), event, [self.pk])
            self.revision = current.revision
            super().save(*args, **kwargs)
        self.event = None

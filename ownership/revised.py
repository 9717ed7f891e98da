"""The owner's revision: one number that puts all writes of one owner in one order.

Every write of an owner's data happens inside `revision_transaction(owner_id)`, which opens a transaction, takes the owner's next
revision and, with it, the lock on the owner's row: the writes of one owner come one after the other, those of two
owners don't touch. `RevisedModel` and `RevisedQuerySet` go through it by themselves, so that the API, the admin
and commands can't forget it.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection, models, transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from api.compiled import prepared_insert, prepared_update
from api.text import FoldedField, fold
from ownership.owned import OwnedModel, OwnedQuerySet

logger = logging.getLogger("api.changes")

SHOWN_IDS = 500  # in one line of the log
FIXED = {"id", "pk", "owner", "owner_id"}
FIXED_MESSAGE = "Nothing changes hands, nor its id: the clients of both owners would have to learn of it."


class RevisionCounter(models.Model):
    """What the user model counts: the writes of a user's data."""

    revision = models.BigIntegerField(default=0, editable=False, help_text="Counts the writes of this user's data.")
    purged_revision = models.BigIntegerField(
        default=0,
        editable=False,
        help_text="Deletions up to this revision are forgotten. Clients that synced earlier have to start again.",
    )

    class Meta:
        abstract = True


class Write:
    """One write in progress: its revision, and what it changed."""

    def __init__(self, owner_id: UUID, revision: int):
        self.owner_id = owner_id
        self.revision = revision
        self.changes: dict[str, list[UUID]] = defaultdict(list)

    def record(self, model: type[models.Model], event: str, ids: list[UUID]) -> None:
        if ids:
            self.changes[f"{model._meta.model_name}.{event}"] += ids

    @property
    def result(self) -> int:
        """The owner's revision when this write is over: one that changed nothing gives its own back."""
        return self.revision if self.changes else self.revision - 1

    def log(self) -> None:
        for change, ids in self.changes.items():
            fields = {"owner": self.owner_id, "revision": self.revision, "count": len(ids), "ids": ids[:SHOWN_IDS]}
            logger.info(change, extra={"fields": fields})


open_transactions: ContextVar[dict[UUID, Write]] = ContextVar("open_transactions", default={})  # noqa: B039 (never changed in place)


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


def forget_deletions(owner_id: UUID, revision: int) -> None:
    """Note that deletions up to this revision are no longer known. To be called inside `revision_transaction`."""
    owner = get_user_model().objects.filter(pk=owner_id, purged_revision__lt=revision)
    owner.update(purged_revision=revision)


@contextmanager
def revision_transaction(owner_id: UUID) -> Iterator[Write]:
    """One write of an owner's data: one transaction, one revision. Inside of another of the same owner: a part of it.

    A write that changes nothing takes no revision.
    """
    outer = open_transactions.get()
    if owner_id in outer:
        yield outer[owner_id]
        return
    with transaction.atomic():
        current = Write(owner_id, count_write(owner_id, 1))
        token = open_transactions.set({**outer, owner_id: current})
        try:
            yield current
        finally:
            open_transactions.reset(token)
        if current.changes:
            transaction.on_commit(current.log)
        else:
            count_write(owner_id, -1)  # nobody has seen it: the owner's row is locked


@contextmanager
def revision_transactions(owner_ids: Iterable[UUID]) -> Iterator[dict[UUID, Write]]:
    """One write for each of these owners; in order, so that two such can't wait for each other."""
    with ExitStack() as writes:
        yield {owner_id: writes.enter_context(revision_transaction(owner_id)) for owner_id in sorted(owner_ids)}


class RevisedQuerySet(OwnedQuerySet):
    """Rows that carry their owner's revision. Its bulk calls stamp what they change, for every owner among the rows."""

    def owner_ids(self) -> set[UUID]:
        return set(self.order_by().values_list("owner_id", flat=True))

    def update(self, **values) -> int:
        return self.update_as("updated", **values)

    update.alters_data = True  # type: ignore[attr-defined]

    def update_as(self, event: str, **values) -> int:
        """Change all rows; the log calls it `event`. Raises ValueError for another owner or id."""
        if FIXED & values.keys():
            raise ValueError(FIXED_MESSAGE)
        for field in folded_fields(self.model):  # type: ignore[arg-type]
            if field.source in values:
                values[field.name] = fold(values[field.source])
        changed = 0
        with revision_transactions(self.owner_ids()) as writes:
            for owner_id, current in writes.items():
                rows = self.filter(owner_id=owner_id)
                ids = list(rows.order_by().values_list("pk", flat=True))
                current.record(self.model, event, ids)
                stamped = {"updated_at": timezone.now(), **values, "revision": current.revision}
                changed += super(RevisedQuerySet, rows).update(**stamped)
                self.touch_dependents(ids, values.keys())
        return changed

    update_as.alters_data = True  # type: ignore[attr-defined]

    def touch_dependents(self, ids: Sequence[UUID], fields: Collection[str]) -> None:
        """Stamp what shows these `fields` of these rows elsewhere. Called in the write that changed them."""

    def bulk_create(self, objs, batch_size=None, *args, **kwargs):
        """Make new rows. Raises ValueError for the options for conflicts: a row that is skipped is no write."""
        if args or kwargs:
            raise ValueError("A conflict can't be ignored, or made an update: nobody would know what was changed.")
        objs = list(objs)
        with revision_transactions({obj.owner_id for obj in objs}) as writes:
            for owner_id, current in writes.items():
                own = [obj for obj in objs if obj.owner_id == owner_id]
                for index, obj in enumerate(own):
                    obj.stamp(current.revision, index / len(own))
                current.record(self.model, "created", [obj.pk for obj in own])
            prepared_insert(self.model).run(objs, batch_size)
        for obj in objs:
            obj.remember()
        return objs

    def bulk_update(self, objs, fields, batch_size=None) -> int:
        """Write these fields of these loaded objects, where they were changed."""
        own = defaultdict(list)
        for obj in objs:
            own[obj.owner_id].append(obj)
        with revision_transactions(own):
            return sum(self.save_all(group, only=fields) for group in own.values())

    def save_all(self, objs, event: str = "updated", only: Iterable[str] | None = None) -> int:
        """Write what was changed in these loaded objects of one owner, in one query.

        `only`: the names of the fields to write. Returns how many objects were written.
        """
        allowed = None if only is None else {self.model._meta.get_field(name).attname for name in only}
        dirty = []
        for obj in objs:
            if changed := obj.changed(allowed):
                dirty.append(obj)
            if "owner_id" in changed:
                raise ValueError(FIXED_MESSAGE)
        if not dirty:
            return 0
        with revision_transaction(dirty[0].owner_id) as current:
            current.record(self.model, event, [obj.pk for obj in dirty])
            now = timezone.now()
            for index, obj in enumerate(dirty):
                obj.stamp(current.revision, index / len(dirty))
                obj.updated_at = now
            fields = self.model.COUNTED.union(*(obj.changed(allowed) for obj in dirty))
            self._write_fields(dirty, sorted(fields))
            self.touch_dependents([obj.pk for obj in dirty], fields)
        for obj in dirty:
            obj.remember(fields)
        return len(dirty)

    def _write_fields(self, objs: list["RevisedModel"], fields: list[str]) -> None:
        if len(objs) == 1:
            prepared_update(self.model, tuple(fields)).run(objs[0])
            return
        # Not Django's bulk_update: it writes a CASE for each field, also for those that are the same everywhere.
        values = {name: self._value_or_case(objs, self.model._meta.get_field(name)) for name in fields}
        rows: models.QuerySet = models.QuerySet(self.model, using=self.db)
        rows.filter(pk__in=[obj.pk for obj in objs]).update(**values)

    @staticmethod
    def _value_or_case(objs: list["RevisedModel"], field: Any):
        first = getattr(objs[0], field.attname)
        if all(getattr(obj, field.attname) == first for obj in objs):
            return first
        whens = [When(pk=obj.pk, then=Value(getattr(obj, field.attname), field)) for obj in objs]
        return Cast(Case(*whens), field)  # Postgres takes the values of a CASE for text


@cache
def folded_fields(model: type[models.Model]) -> list[FoldedField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, FoldedField)]


class RevisedModel(OwnedModel):
    """An owned row whose every write is counted, and that writes only what was changed."""

    updated_at = models.DateTimeField(auto_now=True)
    revision = models.BigIntegerField(editable=False)

    objects: ClassVar = RevisedQuerySet.as_manager()

    COUNTED = frozenset({"revision", "updated_at"})  # every write changes these

    loaded: dict | None = None  # the values in the database, as far as this object knows them

    class Meta(OwnedModel.Meta):
        abstract = True
        base_manager_name = "objects"  # or `project.tasks.add(task)` would write around it

    @classmethod
    def from_db(cls, db, field_names, values, **options):
        instance = super().from_db(db, field_names, values, **options)
        instance.loaded = dict(zip(field_names, values, strict=False))
        return instance

    def refresh_from_db(self, *args, **kwargs) -> None:
        super().refresh_from_db(*args, **kwargs)
        self.remember()

    def remember(self, names: Iterable[str] | None = None) -> None:
        """Take the values (of these columns alone) as they are for those in the database."""
        own = self.__dict__  # where the values of columns are; what is not there wasn't loaded
        if names is None:
            names = [field.attname for field in self._meta.concrete_fields if field.attname in own]
        self.loaded = {**(self.loaded or {}), **{name: own[name] for name in names}}

    def changed(self, among: set[str] | None = None) -> set[str]:
        """The columns (among these) whose values differ from those in the database; all of them, for a new object."""
        if self.loaded is None:
            return {field.attname for field in self._meta.concrete_fields}
        others = self.replaced()
        for field in folded_fields(type(self)):
            if {field.source, field.attname} & others:
                field.pre_save(self, add=False)
                others = self.replaced()
        changed = {name for name in others if getattr(self, name) != self.loaded[name]} - self.COUNTED
        if among is not None:
            folded = {field.name for field in folded_fields(type(self)) if field.source in among}
            changed &= among | folded
        return changed

    def replaced(self) -> set[str]:
        """The columns whose values are other objects than those loaded; to compare these takes no call."""
        own, loaded = self.__dict__, self.loaded or {}
        return {name for name in loaded if name in own and own[name] is not loaded[name]}

    def stamp(self, revision: int, share: float = 0.0) -> None:
        """Note the revision of the write that changes this; `share`, 0 to 1, is its place among those of the write."""
        self.revision = revision

    def save(self, *args, **kwargs) -> None:
        """Save what was changed. Saving without a change does nothing, and takes no revision."""
        if self._state.adding:
            type(self).objects.bulk_create([self])
        else:
            type(self).objects.save_all([self], only=kwargs.get("update_fields"))

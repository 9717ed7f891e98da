"""Rows with a revision: each has the number of the write that changed it last."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection, models
from django.db.models import Case, Expression, Value, When
from django.db.models.functions import Cast
from django.db.models.signals import pre_save
from django.utils import timezone

from ownership import constraints
from ownership.changes import ChangeTrackingModel, column_names, folded_fields
from ownership.owned import OwnedModel, OwnedQuerySet, queryset_only
from ownership.transactions import revision_transaction, revision_transactions
from ownership.validation import check_each

FIXED_MESSAGE = "The owner and the id can't be changed, since clients couldn't follow. Create a new object instead."


def by_owner(objs: Iterable["RevisedModel"]) -> dict[UUID, list["RevisedModel"]]:
    groups = defaultdict(list)
    for obj in objs:
        groups[obj.owner_id].append(obj)
    return groups


class RevisedQuerySet(OwnedQuerySet):
    """Django's methods for many rows. Each call is one revision for each owner of the rows."""

    def owner_ids(self) -> set[UUID]:
        return set(self.order_by().values_list("owner_id", flat=True))

    def update(self, **values) -> int:
        """Change all rows.

        Raises ValueError if `values` contain the owner or the id, ValidationError for another owner's object.
        """
        if {"id", "pk", "owner", "owner_id"} & values.keys():
            raise ValueError(FIXED_MESSAGE)
        changed = 0
        with revision_transactions(self.owner_ids()) as transactions:
            for owner_id, current in transactions.items():
                constraints.check_values(self.model, owner_id, values)
                rows = self.filter(owner_id=owner_id)
                ids = list(rows.order_by().values_list("pk", flat=True))
                current.record(self.model, self.event_of(values), ids)
                self.before_update(ids, values.keys())
                folded = self.folded(ids, values)
                stamped = {"updated_at": timezone.now(), **values, **folded, "revision": current.revision}
                changed += super(RevisedQuerySet, rows).update(**stamped)
                self.touch_dependents(ids, values)
        return changed

    def folded(self, ids: Sequence[UUID], values: dict) -> dict:
        """The folded copies of these new values, for the rows with these ids."""
        copies = {}
        for field in folded_fields(self.model):  # type: ignore[arg-type]
            new = {name: values[name] for name in field.sources if name in values}
            if len(new) == len(field.sources):
                copies[field.name] = field.copy_of(list(new.values()))
            elif new and ids:
                objs: list[Any] = list(models.QuerySet(self.model).filter(pk__in=ids).only(*field.sources))
                for obj in objs:
                    vars(obj).update(new)
                    field.pre_save(obj, add=False)
                copies[field.name] = value_or_case(objs, field)
        return copies

    def event_of(self, values: dict) -> str:
        """The name in the log of a change of all rows to these values."""
        return "updated"

    def consequences(self, objs: Sequence[Any]) -> list[Any]:
        """The owner's other objects that change with these: already changed, but not saved."""
        return []

    def save_related(self, objs: Sequence[Any]) -> None:
        """Save data of these objects in other tables. Called in the revision transaction that saved them."""

    def before_update(self, ids: Sequence[UUID], fields: Collection[str]) -> None:
        """Do what needs the old values of these `fields` of these rows.

        Called in the revision transaction that is about to change them.
        """

    def touch_dependents(self, ids: Sequence[UUID], values: Mapping[str, Any]) -> None:
        """Give a new revision to the objects that show what has these new `values` in these rows.

        Called in the revision transaction that changed them.
        """

    def bulk_create(self, objs, batch_size=None, *args, **kwargs):
        """Insert the objects. Raises ValueError for the options for conflicts, which hide what was written."""
        if args or kwargs:
            raise ValueError("bulk_create() of revised rows doesn't support conflicts: use save() or bulk_update().")
        objs = list(objs)
        groups = by_owner(objs)
        with revision_transactions(groups) as transactions:
            for owner_id, own in groups.items():
                check_each(own, lambda obj: obj.check_new())
                for index, obj in enumerate(own):
                    obj.stamp(transactions[owner_id].revision, index / len(own))
            others = [other for own in groups.values() for other in self.consequences(own)]
            super().bulk_create(objs, batch_size)
            for owner_id, own in groups.items():
                transactions[owner_id].record(self.model, "created", [obj.pk for obj in own])
                self.save_related(own)
            save_together(others)
        for obj in objs:
            obj.snapshot()
        return objs

    def bulk_update(self, objs, fields, batch_size=None) -> int:
        """Save these fields of the objects, where they changed."""
        columns = {self.model._meta.get_field(name).attname for name in fields}
        groups = by_owner(objs)
        with revision_transactions(groups):
            return sum(self.save_all(own, columns) for own in groups.values())

    def save_all(self, objs: Iterable["RevisedModel"], columns: set[str] | None = None) -> int:
        """Save the changed columns (only `columns`, if given) of objects of one owner. Return how many were saved."""
        dirty = [obj for obj in objs if obj.changed_fields()]
        if not dirty:
            return 0
        with revision_transaction(dirty[0].owner_id):
            check_each(dirty, lambda obj: obj.check_rules())
            others = self.consequences(dirty)
            saved = save_together([*dirty, *others], columns and columns | self.model.FOLLOWING)
            self.save_related(dirty)
        return saved

    @queryset_only
    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete all rows, and those that refer to them with CASCADE."""
        with revision_transactions(self.owner_ids()) as transactions:
            for owner_id, current in transactions.items():
                ids = list(self.filter(owner_id=owner_id).order_by().values_list("pk", flat=True))
                current.record(self.model, "deleted", ids)
            return super().delete()


class RevisedModel(ChangeTrackingModel, OwnedModel):
    """An owned row with a revision. Saving it writes only the columns that changed."""

    updated_at = models.DateTimeField(auto_now=True)
    revision = models.BigIntegerField(editable=False)

    objects: ClassVar = RevisedQuerySet.as_manager()

    STAMPS = frozenset({"revision", "updated_at"})

    class Meta(OwnedModel.Meta):
        abstract = True
        base_manager_name = "objects"  # otherwise `project.tasks.add(task)` would bypass the revision

    def save(self, *args, update_fields: Iterable[str] | None = None, **kwargs) -> None:
        """Save the changed fields (only `update_fields`, if given), as one revision. Does nothing without a change.

        Raises ValidationError if the object breaks a rule of the model.
        """
        if not self.is_changed(update_fields):
            return
        with revision_transaction(self.owner_id) as current:
            self.check_rules()
            others = type(self).objects.consequences([self])
            event = self.event()
            self.stamp(current.revision)
            changed = self.columns_to_write(update_fields)
            is_new = self._state.adding
            # A receiver may change further columns.
            writes_all = is_new or (update_fields is None and pre_save.has_listeners(type(self)))
            written = None if writes_all else changed | self.STAMPS
            if not is_new:
                type(self).objects.before_update([self.pk], changed)
            super().save(*args, **kwargs, update_fields=written)
            if writes_all and event != "created":
                changed = self.changed_fields()
            current.record(type(self), event, [self.pk])
            self.snapshot(written)
            if event != "created":
                type(self).objects.touch_dependents([self.pk], {name: getattr(self, name) for name in changed})
            type(self).objects.save_related([self])
            save_together(others)

    def is_changed(self, update_fields: Iterable[str] | None = None) -> bool:
        return self._state.adding or bool(self.columns_to_write(update_fields))

    def columns_to_write(self, update_fields: Iterable[str] | None = None) -> set[str]:
        """The columns that changed; only these fields and those derived from them, if given."""
        changed = self.changed_fields()
        if not self._state.adding and "owner_id" in changed:
            raise ValueError(FIXED_MESSAGE)
        if update_fields is None:
            return changed
        fields: list[Any] = [self._meta.get_field(name) for name in update_fields]
        named = {field.attname for field in fields}
        following = {field.attname for field in folded_fields(type(self)) if named.intersection(field.sources)}
        return changed & (named | following | self.FOLLOWING)

    # Columns that `clean` derives from others: saved with them, even if `update_fields` doesn't contain them.
    FOLLOWING: ClassVar[frozenset[str]] = frozenset()

    def check_rules(self) -> None:
        """Raise ValidationError if the object breaks a rule. `clean` also sets the columns that are derived."""
        self.clean()
        self.validate_constraints()

    def validate_constraints(self, exclude=None) -> None:
        """As Django's, about the columns that were changed. Django's forms call it too."""
        constraints.check(self, self.changed_fields(), exclude or ())

    def check_new(self) -> None:
        """Check one of many new objects, without the constraints that need a query: the database checks those."""
        self.clean()
        constraints.check(self, self.changed_fields(), queries=False)

    def event(self) -> str:
        """The name in the log of the change that will be saved."""
        return "created" if self._state.adding else "updated"

    def stamp(self, revision: int, share: float = 0.0) -> None:
        """Set the revision before saving. `share`, from 0 to 1, is the position among the objects saved together."""
        self.revision = revision

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        with revision_transaction(self.owner_id) as current:
            current.record(type(self), "deleted", [self.pk])
            return super().delete(*args, **kwargs)


def save_together(objs: Iterable[RevisedModel], columns: set[str] | None = None) -> int:
    """Save what changed in these objects of one owner, in one query. Their rules must have been checked.

    `columns`: save only these. Returns how many objects were saved.
    """
    changes = {obj: obj.changed_fields() & (columns or column_names(type(obj))) for obj in objs}
    dirty = [obj for obj, changed in changes.items() if changed]
    if not dirty:
        return 0
    if any("owner_id" in changed for changed in changes.values()):
        raise ValueError(FIXED_MESSAGE)
    model = type(dirty[0])
    with revision_transaction(dirty[0].owner_id) as current:
        now = timezone.now()
        for index, obj in enumerate(dirty):
            current.record(model, obj.event(), [obj.pk])
            obj.stamp(current.revision, index / len(dirty))
            obj.updated_at = now
        changed = set().union(*(obj.changed_fields() & (columns or column_names(type(obj))) for obj in dirty))
        for field in folded_fields(model):
            if field.attname in changed:
                for obj in dirty:
                    field.pre_save(obj, add=False)
        model.objects.before_update([obj.pk for obj in dirty], changed)
        names = sorted(changed | model.STAMPS)
        # Django's bulk_update writes a CASE for each field, even where all objects have the same value.
        values = {name: value_or_case(dirty, model._meta.get_field(name)) for name in names}
        models.QuerySet(model).filter(pk__in=[obj.pk for obj in dirty]).update(**values)
        for obj in dirty:
            obj.snapshot(names)
        model.objects.touch_dependents([obj.pk for obj in dirty], values)
    return len(dirty)


def value_or_case(objs: list[RevisedModel], field: Any):
    first = getattr(objs[0], field.attname)
    if all(getattr(obj, field.attname) == first for obj in objs):
        return first
    return case_of(objs, field)


def case_of(objs: list[Any], field: Any) -> Expression:
    """The value of this field of each of these objects; NULL for other rows."""
    case = Case(*(When(pk=obj.pk, then=Value(getattr(obj, field.attname), field)) for obj in objs), output_field=field)
    # Postgres takes the values of a CASE for text. On SQLite, a cast would cut moments to milliseconds.
    return Cast(case, field) if connection.features.requires_casted_case_in_updates else case

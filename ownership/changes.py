"""Tracks which fields of an object changed since it was loaded."""

from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from typing import ClassVar

from django.db import models

from api.text import FoldedField

# What holds values that are replaced as a whole. Others, such as a JSONField's, can be changed in place.
REPLACED = (
    models.BinaryField,
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.DecimalField,
    models.DurationField,
    models.FileField,
    models.FloatField,
    models.ForeignKey,
    models.GenericIPAddressField,
    models.IntegerField,
    models.TextField,
    models.TimeField,
    models.UUIDField,
)


@cache
def column_names(model: type[models.Model]) -> frozenset[str]:
    return frozenset(field.attname for field in model._meta.concrete_fields)


@cache
def columns_changed_in_place(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if not isinstance(field, REPLACED)]


@cache
def folded_fields(model: type[models.Model]) -> list[FoldedField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, FoldedField)]


class ChangeTrackingModel(models.Model):
    """A model whose objects know which of their values differ from the database."""

    STAMPS: ClassVar[frozenset[str]] = frozenset()  # set by every write: they don't count as changed
    loaded_values: dict | None = None  # by column, without deferred fields; None until it is saved

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values, **options):
        instance = super().from_db(db, field_names, values, **options)
        instance.loaded_values = instance.copied(dict(zip(field_names, values, strict=False)))
        return instance

    @classmethod
    def copied(cls, values: dict) -> dict:
        for name in columns_changed_in_place(cls):
            if name in values:
                values[name] = deepcopy(values[name])
        return values

    def refresh_from_db(self, using=None, fields=None, from_queryset=None) -> None:
        super().refresh_from_db(using, fields, from_queryset)
        self.snapshot(fields)

    def snapshot(self, names: Iterable[str] | None = None) -> None:
        """Take the values as they are (those of these fields alone) for those in the database."""
        fields = self._meta.concrete_fields if names is None else map(self._meta.get_field, names)
        own = self.__dict__  # what isn't there wasn't loaded
        names = [field.attname for field in fields if field.concrete]
        loaded = self.copied({name: own[name] for name in names if name in own})
        self.loaded_values = {**(self.loaded_values or {}), **loaded}

    def changed_fields(self) -> set[str]:
        """The columns whose values differ from the database; all columns of a new object."""
        if self.loaded_values is None:
            return set(column_names(type(self)) - self.STAMPS)
        own, loaded = self.__dict__, self.loaded_values
        # Most values are still the objects that were loaded: comparing identities is faster.
        replaced = {name for name in loaded if name in own and own[name] is not loaded[name]}
        changed = {name for name in replaced if own[name] != loaded[name]}
        # What `only` or `defer` left out: setting it is a change, too.
        changed |= (column_names(type(self)) - loaded.keys()) & own.keys()
        changed |= {field.attname for field in folded_fields(type(self)) if changed.intersection(field.sources)}
        return changed - self.STAMPS

    def was(self, name: str):
        """The value of this column in the database when it was loaded; None for a new object or a deferred field."""
        return (self.loaded_values or {}).get(name)

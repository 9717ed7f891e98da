"""Tracks which fields of an object changed since it was loaded."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.db import models

from api.text import FoldedField


@cache
def folded_fields(model: type[models.Model]) -> list[FoldedField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, FoldedField)]


class ChangeTrackingModel(models.Model):
    """A model whose objects know which of their values differ from the database."""

    loaded_values: dict | None = None  # by column, without deferred fields; None until it is saved

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values, **options):
        instance = super().from_db(db, field_names, values, **options)
        instance.loaded_values = dict(zip(field_names, values, strict=False))
        return instance

    def refresh_from_db(self, using=None, fields=None, from_queryset=None) -> None:
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        self.snapshot(fields)

    def snapshot(self, names: Iterable[str] | None = None) -> None:
        """Remember the current values of these fields (all by default) as those in the database."""
        fields: Iterable[Any] = self._meta.concrete_fields if names is None else map(self._meta.get_field, names)
        own = self.__dict__  # without deferred fields
        loaded = {field.attname: own[field.attname] for field in fields if field.attname in own}
        self.loaded_values = {**(self.loaded_values or {}), **loaded}

    def changed_fields(self) -> set[str]:
        """The columns whose values differ from the database; all columns of a new object."""
        if self.loaded_values is None:
            return {field.attname for field in self._meta.concrete_fields}
        own, loaded = self.__dict__, self.loaded_values
        # Most values are still the objects that were loaded: comparing identities is faster.
        replaced = {name for name in loaded if name in own and own[name] is not loaded[name]}
        changed = {name for name in replaced if own[name] != loaded[name]}
        return changed | {field.attname for field in folded_fields(type(self)) if field.source in changed}

    def was(self, name: str):
        """The value of this column in the database when it was loaded; None for a new object or a deferred field."""
        return (self.loaded_values or {}).get(name)

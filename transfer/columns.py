"""The columns of a model in the archive: all of them but those named here, so that what is new is in it by default."""

from collections.abc import Callable
from copy import copy
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import ForeignKey, Model, TimeField
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.validators import UniqueValidator

from api.serializers import ModelSerializer
from api.text import FoldedField
from ownership.owned import OwnedModel
from ownership.revised import RevisedModel
from todos.models import Project, Tag, Task
from todos.models.position import PositionModel
from todos.models.trash import TrashModel
from transfer.files import BadFileError
from transfer.records import Record
from transfer.sources.fields import SHOWN, Members

# Those of the account that a row is in, and those that follow from others.
NOT_ARCHIVED: dict[type[Model], set[str]] = {
    RevisedModel: {"owner", "revision"},
    Task: {"level", "is_tagged", "remind_at", "reminded_at", "automatic_revision", "completed_in_revision"},
}
# Those that records have attributes for. All others are read by what the model says of them.
READ_BY_NAME: dict[type[Model], set[str]] = {
    RevisedModel: {"id", "created_at", "updated_at"},
    TrashModel: {"deleted_at"},
    PositionModel: {"position"},
    Project: {"name", "color"},
    Tag: {"name"},
    Task: {
        *("title", "description", "completed_at", "priority", "start_date", "start_time", "due_date", "due_time"),
        *("reminders", "recurrence", "repeat_from", "project", "parent", "series", "series_start", "series_day"),
        *("series_passed", "series_time", "occurrence_date", "next_occurrence", "carried_from"),
    },
}


def named(model: type[Model], names: dict[type[Model], set[str]]) -> set[str]:
    return set().union(*(names.get(each, ()) for each in model.__mro__))


@cache
def columns(model: type[Model]) -> list[str]:
    """The columns that an archive has. A reference is the id of a row."""
    left_out = named(model, NOT_ARCHIVED)
    fields = model._meta.concrete_fields
    return [each.name for each in fields if each.name not in left_out and not isinstance(each, FoldedField)]


@cache
def others(model: type[Model]) -> list[Any]:
    """The fields of those that records have no attribute for."""
    return [model._meta.get_field(name) for name in columns(model) if name not in named(model, READ_BY_NAME)]


@cache
def references(model: type[Model]) -> list[ForeignKey]:
    return [field for field in others(model) if isinstance(field, ForeignKey)]


def defaults(model: type[Model]) -> dict[str, Any]:
    """What a row is made with where the archive doesn't have these columns."""
    return {field.name: field.get_default() for field in model._meta.concrete_fields if field.name in columns(model)}


class ColumnSerializer(ModelSerializer):
    # Rows can have fractions of a second that clients can't send.
    serializer_field_mapping = {**ModelSerializer.serializer_field_mapping, TimeField: serializers.TimeField}


@cache
def reader(column: Any) -> Callable[[Any], Any]:
    """A function that takes what JSON has of this column, and raises REST framework's ValidationError."""
    column = copy(column)
    column.editable = True
    field_class, options = ColumnSerializer().build_standard_field(column.name, column)
    options.pop("read_only", None)  # an archive sets also what clients can't
    # What has to be unique is checked where rows are written: it may be the same row.
    options["validators"] = [each for each in options.get("validators", []) if not isinstance(each, UniqueValidator)]
    if issubclass(field_class, serializers.CharField):
        options["trim_whitespace"] = False
    return field_class(**options).run_validation


def read_columns(model: type[Model], members: Members, record: Record) -> None:
    """Add the columns that records have no attribute for. Raises BadFileError for a value that the model refuses."""
    for field in others(model):
        if field.name not in members.values:
            continue  # it is from before that column: the default
        if not isinstance(field, ForeignKey):
            record.columns[field.name] = read_value(field, field.name, members)
        elif issubclass(field.related_model, OwnedModel):
            record.references[field.name] = members.id(field.name)
        elif members.values[field.name] is not None:
            record.references[field.name] = read_value(field.target_field, field.name, members)


def read_value(column: Any, name: str, members: Members) -> Any:
    try:
        value = reader(column)(members.values[name])
        column.run_validators(value)  # the range of an AutoField is left out by REST framework
    except (ValidationError, DjangoValidationError) as error:
        reasons = error.detail if isinstance(error, ValidationError) else error.messages
        shown = repr(members.values[name])[:SHOWN]
        raise BadFileError(f"{members.where}: {name}: {shown}: {' '.join(map(str, reasons))}") from None
    return value

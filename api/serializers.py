"""Serializers that refuse unknown fields, and that represent rows straight from the database where possible."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.db.models.fields import NOT_PROVIDED
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.utils import html
from rest_framework.utils.serializer_helpers import BindingDict

from api import fields
from api.text import LineField

UNKNOWN = ErrorDetail("This field is unknown. Check its name.", code="unknown")
MAX_ERRORS = 100  # in one response: a body can contain 100,000 unknown names
SHOWN_LENGTH = 100  # of an unknown name

# These hooks decide which fields a serializer has. If one is overridden, the fields are created for each instance.
FIELD_HOOKS = ("get_fields", "get_field_names", "get_extra_kwargs", "build_field", "include_extra_kwargs")
# These hooks decide how an object is represented. If one is overridden, rows can't replace the serializer.
REPRESENTATION_HOOKS = (*FIELD_HOOKS, "__init__", "to_representation", "data")
# The fields whose values in a row can be rendered as they are. A field class can add itself with `is_in_row = True`.
ROW_FIELDS = {
    serializers.ReadOnlyField,
    serializers.CharField,
    serializers.UUIDField,
    serializers.PrimaryKeyRelatedField,
    fields.BooleanField,
    fields.ChoiceField,
    fields.DateField,
    fields.DateTimeField,
    fields.EmailField,
    fields.FloatField,
    fields.IPAddressField,
    fields.IntegerField,
    fields.JSONField,
    fields.LineField,
    fields.ListField,
    fields.SlugField,
    fields.StringField,
    fields.TimeField,
    fields.URLField,
    fields.UUIDField,
}

# By the field of REST framework, ours that takes its place.
STRICT_FIELDS: dict[type, type] = {}
for ours in vars(fields).values():
    if isinstance(ours, type) and issubclass(ours, serializers.Field) and ours.__module__ == fields.__name__:
        base = next(base for base in ours.__mro__ if base.__module__ == serializers.Field.__module__)
        STRICT_FIELDS.setdefault(base, ours)


def overrides(cls: type, names: tuple[str, ...]) -> bool:
    """Whether a subclass overrides one of these hooks of REST framework."""
    owners = (base.__module__ for name in names for base in cls.__mro__[:-1] if name in vars(base))
    return any(
        owner not in ("api.serializers", "rest_framework.serializers", "rest_framework.fields") for owner in owners
    )


class BoundFields(BindingDict):
    def values(self):
        return self.fields.values()  # a dict's own: without two calls in Python for each field


# Refuses unknown fields. Read-only fields are accepted and ignored.
# This is not a docstring, which would be published as the description of each serializer without its own.
class Serializer(serializers.Serializer):
    unknown = UNKNOWN

    # REST framework creates the fields for each instance, which takes a millisecond.
    @cached_property
    def fields(self):
        cls = type(self)
        if overrides_fields(cls):
            return super().fields
        if cls not in bound_fields:
            found = self.get_fields()
            for name, field in found.items():
                if is_plain(field):
                    field.bind(name, None)  # type: ignore[arg-type]
            bound_fields[cls] = found
        copies = BoundFields(self)
        copies.fields = copies_of(bound_fields[cls], self)
        return copies

    def to_internal_value(self, data):
        errors = {}
        if isinstance(data, dict):
            known = {*self.fields, *(["csrfmiddlewaretoken"] if html.is_html_input(data) else [])}
            unknown = islice((name for name in data if name not in known), MAX_ERRORS)
            errors = {name[:SHOWN_LENGTH]: [self.unknown] for name in unknown}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**error.detail, **errors}) from None  # type: ignore[dict-item]
        if errors:
            raise ValidationError(errors)
        return value


class EmptySerializer(Serializer):
    """For calls that need no fields: a page has a button for them."""


class ModelSerializer(Serializer, serializers.ModelSerializer):
    serializer_choice_field = fields.ChoiceField
    serializer_field_mapping = {
        **{
            model: STRICT_FIELDS.get(field, field)
            for model, field in serializers.ModelSerializer.serializer_field_mapping.items()
        },
        models.BigIntegerField: fields.IntegerField,
        LineField: fields.LineField,
    }

    def get_validators(self):
        if has_own_fields(type(self)):
            return super().get_validators()
        return list(validators_of(type(self)))

    def create(self, validated_data):
        """As REST framework's, but for a serializer that can't write nested data, its checks are left out."""
        if writes_related(type(self)):
            return super().create(validated_data)
        model: Any = self.Meta.model
        return model._default_manager.create(**validated_data)

    def update(self, instance, validated_data):
        """As REST framework's, but as in `create`."""
        if writes_related(type(self)):
            return super().update(instance, validated_data)
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save()
        return instance

    def save(self, **kwargs):
        """Save the object. Report broken rules of the model as validation errors of the request."""
        try:
            return super().save(**kwargs)
        except DjangoValidationError as error:
            self._errors = serializers.as_serializer_error(error)
            raise ValidationError(self.errors) from None

    @classmethod
    def rows(cls, queryset: models.QuerySet, *others: str) -> models.QuerySet:
        """What the serializer would represent each of these as, as a dict straight from the database.

        `Meta.computed` has the expressions of the fields that aren't columns. `others`: names to add to each row.
        """
        names = [name for name, _ in readers(cls)]
        return queryset.annotate(**getattr(cls.Meta, "computed", {})).values(*names, *others)

    def build_standard_field(self, field_name, model_field):
        """Give an optional field the model's default, so that PUT resets the fields that are left out."""
        return with_default(model_field, *super().build_standard_field(field_name, model_field))

    def build_relational_field(self, field_name, relation_info):
        return with_default(relation_info.model_field, *super().build_relational_field(field_name, relation_info))


@cache
def overrides_fields(serializer_class: type[Serializer]) -> bool:
    return overrides(serializer_class, FIELD_HOOKS)


@cache
def has_own_fields(serializer_class: type[Serializer]) -> bool:
    """Whether two serializers of this class can have different fields."""
    return overrides(serializer_class, (*FIELD_HOOKS, "__init__"))


@cache
def writes_related(serializer_class: type[ModelSerializer]) -> bool:
    """Whether the model or a field has related data to write, which REST framework does, or refuses."""
    meta: Any = serializer_class.Meta
    if has_own_fields(serializer_class) or meta.model._meta.many_to_many:
        return True
    writable = [field for field in serializer_class().fields.values() if not field.read_only]
    related = (serializers.BaseSerializer, serializers.ManyRelatedField)
    return any(isinstance(field, related) or len(field.source_attrs) > 1 for field in writable)


bound_fields: dict[type[Serializer], dict[str, Any]] = {}  # without a parent


@cache
def validators_of(serializer_class: type[ModelSerializer]) -> list:
    return serializers.ModelSerializer.get_validators(serializer_class())


def is_plain(field: Any) -> bool:
    """Whether the field can be copied after it was bound: nothing in it has a parent of its own."""
    if isinstance(field, serializers.BaseSerializer | serializers.ManyRelatedField):
        return False
    child = getattr(field, "child", None)
    return type(field).bind is serializers.Field.bind and (child is None or is_plain(child))


def copies_of(templates: dict[str, Any], parent: Any) -> dict[str, Any]:
    """Copies of the fields of a class for one serializer. What an instance may change is its own."""
    copies = {}
    for name, field in templates.items():
        if field.field_name is None:
            copied = deepcopy(field)
            copied.bind(name, parent)
        else:  # as copy.copy() does it, in a quarter of the time
            copied = object.__new__(type(field))
            copied.__dict__ = own = field.__dict__.copy()
            own |= {"error_messages": field.error_messages.copy(), "_validators": field.validators[:], "parent": parent}
            if child := getattr(field, "child", None):
                copied.child = copies_of({"": child}, copied)[""]
        copies[name] = copied
    return copies


@cache
def has_rows(serializer_class: type[Serializer]) -> bool:
    """Whether rows can replace the serializer: each field is a column, or the database computes it.

    Otherwise, for example with a SerializerMethodField, the serializer represents each object.
    """
    if not issubclass(serializer_class, ModelSerializer) or overrides(serializer_class, REPRESENTATION_HOOKS):
        return False
    meta: Any = serializer_class.Meta
    if overrides(getattr(meta, "list_serializer_class", object), REPRESENTATION_HOOKS):
        return False
    return not fields_without_row(serializer_class)


def fields_without_row(serializer_class: type[ModelSerializer]) -> list[str]:
    """The names of the fields whose representation isn't in a row: each object has to be represented by itself."""
    meta: Any = serializer_class.Meta
    computed = dict.fromkeys(getattr(meta, "computed", {}))
    columns = {field.name: field for field in meta.model._meta.concrete_fields} | computed
    return [
        name
        for name, field in serializer_class().fields.items()
        if not field.write_only and not (field.source == name in columns and is_in_row(field, columns[name]))
    ]


def is_in_row(field: serializers.Field, column: models.Field | None) -> bool:
    given: Any = field
    if given._kwargs.keys() & {"format", "uuid_format", "default_timezone", "pk_field", "binary"}:
        return False
    if isinstance(field, serializers.CharField) and not (column is None or is_text_column(column)):
        return False  # as text, it is written in another way than the column's own value
    if isinstance(column, models.ForeignKey) != isinstance(field, serializers.RelatedField):
        return False
    return type(field) in ROW_FIELDS or vars(type(field)).get("is_in_row", False)


def is_text_column(column: models.Field) -> bool:
    return isinstance(column, models.CharField | models.TextField | models.GenericIPAddressField)


@cache
def readers(serializer_class: type[Serializer]) -> list[tuple[str, Callable]]:
    """The names of the fields in the representation, each with a function that reads its value from an object."""
    return [(name, reader(field)) for name, field in serializer_class().fields.items() if not field.write_only]


def reader(field: serializers.Field) -> Callable:
    if isinstance(field, serializers.RelatedField):
        return attrgetter(f"{field.source}_id")
    name, default, parent = str(field.source), field.default, cast(Any, field.parent)
    if default is serializers.empty or hasattr(parent.Meta.model, name):
        return attrgetter(name)
    return lambda instance: getattr(instance, name, default)  # computed: only rows from the database have it


def row_of(serializer_class: type[Serializer], instance) -> dict:
    """The representation of this object, as `ModelSerializer.rows` reads it from the database."""
    return {name: read(instance) for name, read in readers(serializer_class)}


def with_default(model_field: models.Field, field_class, kwargs: dict) -> tuple:
    if kwargs.get("required") is False and (model_field.null or model_field.default is not NOT_PROVIDED):
        # One that is called, such as `timezone.now`, is called for each request.
        is_called = model_field.has_default() and callable(model_field.default)
        default = model_field.default if is_called else model_field.get_default()
        kwargs["default"] = kwargs["initial"] = default
        del kwargs["required"]
    return field_class, kwargs

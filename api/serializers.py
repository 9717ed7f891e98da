from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from functools import cache
from itertools import islice
from operator import attrgetter

from django.db import models
from django.db.models.fields import NOT_PROVIDED
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.utils import html
from rest_framework.utils.serializer_helpers import BindingDict

from api import fields

UNKNOWN = ErrorDetail("There is no such field.", code="unknown")
MAX_ERRORS = 100  # in one answer: a body of 100,000 wrong names isn't sent back, nor is an error made of each
SHOWN_LENGTH = 100  # of a name that the client made up


# Refuses the names that the serializer doesn't have. Its read-only fields may be repeated: they are ignored.
# (A docstring would be published, as the description of each serializer that has none.)
class Serializer(serializers.Serializer):
    unknown = UNKNOWN

    # REST framework works them out anew for each instance, which takes a millisecond.
    @cached_property
    def fields(self):
        fields = BindingDict(self)
        for name, field in unbound_fields(type(self)).items():
            fields[name] = unbound_copy(field)
        return fields

    @property
    def _writable_fields(self):
        return super()._writable_fields if fields.is_text(self) else self.json_fields

    @cached_property
    def json_fields(self) -> list[serializers.Field]:
        """The writable fields for JSON: those of the class, but for the ones that ask who is calling."""
        shared = shared_fields(type(self), bool(getattr(self.root, "partial", False)))
        return [self.own_field(field) if asks else field for field, asks in shared]

    def own_field(self, field: serializers.Field) -> serializers.Field:
        name = str(field.field_name)
        own = unbound_copy(unbound_fields(type(self))[name])
        own.bind(name, self)
        return own

    def get_initial(self):
        """What a page's form begins with: the defaults, so that it can be sent with what is required filled in."""
        if hasattr(self, "initial_data"):
            return super().get_initial()  # what was typed
        initial = {}
        for field in self._writable_fields:
            with suppress(serializers.SkipField):
                initial[field.field_name] = field.get_initial() if field.required else field.get_default()
        return initial

    def run_validators(self, value):
        if self.validators:  # what REST framework prepares for them takes all fields
            super().run_validators(value)

    def to_internal_value(self, data):
        errors = {}
        if isinstance(data, dict):
            known = {*unbound_fields(type(self)), *(["csrfmiddlewaretoken"] if html.is_html_input(data) else [])}
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
    """For calls that take no fields."""


class ModelSerializer(Serializer, serializers.ModelSerializer):
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: fields.StringField,
        models.TextField: fields.StringField,
        models.EmailField: fields.EmailField,
        models.BooleanField: fields.BooleanField,
        models.DateTimeField: fields.DateTimeField,
        models.DateField: fields.DateField,
        models.TimeField: fields.TimeField,
        models.UUIDField: fields.UUIDField,
    }

    def get_validators(self):
        return list(validators_of(type(self)))

    @classmethod
    def rows(cls, queryset: models.QuerySet) -> models.QuerySet:
        """What the serializer would answer for each of these, as a dict straight from the database.

        `Meta.computed` has the expressions of those `Meta.fields` that are no columns.
        """
        return queryset.annotate(**getattr(cls.Meta, "computed", {})).values(*cls.Meta.fields)

    def build_standard_field(self, field_name, model_field):
        """An optional field has its default in the serializer too, so that PUT resets what it leaves out."""
        return with_default(model_field, *super().build_standard_field(field_name, model_field))

    def build_relational_field(self, field_name, relation_info):
        return with_default(relation_info.model_field, *super().build_relational_field(field_name, relation_info))


@cache
def unbound_fields(serializer_class: type[Serializer]) -> dict[str, serializers.Field]:
    return serializer_class().get_fields()


@cache
def shared_fields(serializer_class: type[Serializer], partial: bool) -> list[tuple[serializers.Field, bool]]:
    """The writable fields, bound to a serializer that stands for all that get JSON; each with `asks_for_the_call`."""
    standing = serializer_class(data={}, partial=partial)
    return [(field, asks_for_the_call(field)) for field in standing.fields.values() if not field.read_only]


def asks_for_the_call(field: serializers.Field) -> bool:
    """Whether what it says depends on more than the value."""
    if isinstance(field, serializers.RelatedField | serializers.BaseSerializer):
        return True
    return any(getattr(each, "requires_context", False) for each in (field.default, *field.validators))


@cache
def validators_of(serializer_class: type[ModelSerializer]) -> list:
    return serializers.ModelSerializer.get_validators(serializer_class())


def unbound_copy(field: serializers.Field) -> serializers.Field:
    if isinstance(field, serializers.BaseSerializer):
        return deepcopy(field)
    field = copy_of(field)
    if child := getattr(field, "child", None):
        field.child = copy_of(child)  # type: ignore[attr-defined]
        field.child.parent = field  # type: ignore[attr-defined]
    return field


def copy_of(field: serializers.Field) -> serializers.Field:
    # As copy.copy() does it, in a quarter of the time.
    made = object.__new__(type(field))
    made.__dict__.update(field.__dict__)
    return made


@cache
def readers(serializer_class: type[Serializer]) -> list[tuple[str, Callable]]:
    """The names that the serializer answers with, each with what reads its value from an object."""
    return [(name, reader(field)) for name, field in serializer_class().fields.items() if not field.write_only]


def reader(field: serializers.Field) -> Callable:
    if isinstance(field, serializers.RelatedField):
        return attrgetter(f"{field.source}_id")
    if field.default is serializers.empty:
        return attrgetter(str(field.source))
    name, default = str(field.source), field.default
    return lambda thing: getattr(thing, name, default)


def row_of(serializer_class: type[Serializer], thing) -> dict:
    """What the serializer answers for this object, as `ModelSerializer.rows` has it from the database."""
    return {name: read(thing) for name, read in readers(serializer_class)}


def with_default(model_field: models.Field, field_class, kwargs: dict) -> tuple:
    if kwargs.get("required") is False and (model_field.null or model_field.default is not NOT_PROVIDED):
        kwargs["default"] = model_field.get_default()
        del kwargs["required"]
    return field_class, kwargs

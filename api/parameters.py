from collections.abc import Callable, Hashable, Iterable
from typing import ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from api import fields
from api.compiled import Param
from api.pagination import Order
from api.serializers import Serializer

REPEATED = ErrorDetail("This parameter may be given only once.", code="repeated")


# The value for people's pages, `api`, is none of the document's: it describes what programs get.
@extend_schema_field({"type": "string", "enum": ["json"]})
class FormatField(serializers.CharField):
    """By now it has been negotiated: what there is not is a 404."""


class QueryParameters(Serializer):
    """The query parameters of a call. Other names, and repeated ones where one is meant, are refused."""

    is_text = True
    unknown = ErrorDetail("There is no such query parameter.", code="unknown")
    format = FormatField(required=False, help_text="Instead of the Accept header.")

    @classmethod
    def read(cls, query) -> dict:
        """The valid values in the QueryDict `query`; a ValidationError names all that are not."""
        if not query:
            return {}
        parameters = cls(data={}, partial=True)
        data = {}
        for name, values in query.lists():
            field = parameters.fields.get(name)
            if isinstance(field, serializers.ListField):
                data[name] = values
            elif len(values) > 1 and field is not None:
                raise ValidationError({name: [REPEATED]})
            else:
                data[name] = values[0]
        parameters.initial_data = data
        parameters.is_valid(raise_exception=True)
        return parameters.validated_data


class PageParameters(QueryParameters):
    """The query parameters of a list: which rows, in which order, and which page of them."""

    MAX_LIMIT = 200
    PAGING = frozenset({"format", "limit", "cursor", "ordering"})
    # Values that a filter gives to the database as they are. Others can make another query of it.
    PASSED_ON: ClassVar[dict[type[serializers.Field], models.Field]] = {
        fields.UUIDField: models.UUIDField(),
        fields.DateField: models.DateField(),
        fields.FoldedField: models.TextField(),
    }

    orderings: ClassVar[dict[str, Order]]
    default_ordering: ClassVar[str]

    limit = fields.IntegerField(
        required=False, min_value=1, max_value=MAX_LIMIT, help_text="How many rows a page holds (50 by default)."
    )
    cursor = fields.StringField(required=False, max_length=2000, help_text="From `next` or `previous`: opaque.")

    @classmethod
    def depends_on_clock(cls, values: dict) -> bool:
        """Whether the answer can change while the data doesn't."""
        return False

    @classmethod
    def null_or_not(cls, values: dict) -> Iterable[bool]:
        """Whether the filters leave rows with null in the column that can be null in an order, rows without, or both.

        Only what is certain need be said: to look for rows that can't be there would read all others.
        """
        return (False, True)

    @classmethod
    def order(cls, name: str, values: dict) -> Order:
        """The order of this name, among rows with these filters."""
        return cls.orderings[name]

    @classmethod
    def prepare(cls, values: dict) -> tuple[Hashable, dict]:
        """What is of the shape of a query with these filters, and the filters with a `Param` for what is not."""
        filters = {name: cls.pass_on(name, values[name]) for name in sorted(values.keys() - cls.PAGING)}
        shape = tuple((name, describe(value)) for name, value in filters.items())
        return shape, filters

    @classmethod
    def pass_on(cls, name: str, value):
        kind = cls.kind_of(cls._declared_fields[name])
        if kind is None or value is None:
            return value
        if isinstance(value, list):
            return [Param(parameter_at(name, index), kind) for index in range(len(value))]
        return Param(lambda view: view.parameters[name], kind)

    @classmethod
    def kind_of(cls, field: serializers.Field) -> models.Field | None:
        single = getattr(field, "child", field)
        return next((kind for passed, kind in cls.PASSED_ON.items() if isinstance(single, passed)), None)

    @classmethod
    def apply(cls, queryset, values: dict, user):
        """The rows of `queryset` that the valid `values` of `user` ask for."""
        return queryset


def parameter_at(name: str, index: int) -> Callable:
    return lambda view: view.parameters[name][index]


def describe(value) -> Hashable:
    """The value, where it is of the shape of a query; the word for one that comes later."""
    if isinstance(value, list):
        return tuple(map(describe, value))
    return "later" if isinstance(value, Param) else value


def ordering_field(orderings: dict) -> serializers.ChoiceField:
    names = [f"{sign}{name}" for name in orderings for sign in ("", "-")]
    return serializers.ChoiceField(names, required=False, help_text="`-` for descending.")

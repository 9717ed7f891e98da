"""The query parameters of lists: filters, order and page."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from rest_framework import serializers
from rest_framework.filters import BaseFilterBackend

from api import fields
from api.compiled import Param
from api.pagination import Order
from api.parameters import QueryParameters


class FilterSet(QueryParameters):
    """The filters of a list, declared as serializer fields.

    Each has a lookup, or a method `filter_<name>`:

        due_before = fields.DateField(required=False)
        recent = fields.BooleanField(required=False)

        lookups = {"due_before": "due_date__lte"}

        @staticmethod
        def filter_recent(queryset, value, user):
            return queryset.filter(created_at__gt=timezone.now() - timedelta(days=1)) if value else queryset

    A list runs as a compiled query where its filters are lookups, or methods that are named in `compiled`. What such a
    method gets as `value` and `user` stands for the value and the user of any call (`api/compiled.py`): it may pass
    them on to the query, and look at nothing else, least of all at the clock. Booleans, choices and null are given as
    they are: each makes a query of its own.
    """

    MAX_LIMIT = 200
    PAGES = frozenset({"limit", "cursor", "ordering"})  # what KeysetPagination reads
    PAGING = PAGES | {"format"}
    # The fields whose values are bind parameters, with the model field that converts each for the database.
    PARAM_FIELDS: ClassVar[dict[type[serializers.Field], models.Field]] = {
        serializers.UUIDField: models.UUIDField(),
        serializers.DateTimeField: models.DateTimeField(),
        serializers.DateField: models.DateField(),
        serializers.TimeField: models.TimeField(),
        serializers.IntegerField: models.BigIntegerField(),
        serializers.FloatField: models.FloatField(),
        serializers.DecimalField: models.DecimalField(max_digits=40, decimal_places=20),
        serializers.CharField: models.TextField(),
    }

    lookups: ClassVar[dict[str, str]] = {}
    compiled: ClassVar[frozenset[str]] = frozenset()
    orderings: ClassVar[dict[str, Order]]
    default_ordering: ClassVar[str]

    limit = fields.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_LIMIT,
        help_text="The number of results per page. Default: 50. A page ends earlier at about 2 MB.",
    )
    cursor = fields.StringField(
        required=False, max_length=4000, help_text="The position of a page. Use the URLs in `next` and `previous`."
    )

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        declared = cls.filters()
        for name in declared - cls.lookups.keys():
            if not hasattr(cls, f"filter_{name}"):
                raise ImproperlyConfigured(
                    f"{cls.__name__}.{name} has no effect. Add it to lookups, or define filter_{name}()."
                )
        if undeclared := (cls.lookups.keys() | cls.compiled) - declared:
            raise ImproperlyConfigured(f"{cls.__name__} has no field for its filter {', '.join(sorted(undeclared))}.")

    @classmethod
    def filters(cls) -> set[str]:
        return set(cls._declared_fields) - cls.PAGING

    @classmethod
    def can_compile(cls, values: dict) -> bool:
        """Whether one compiled query can serve all calls with these filters."""
        return not values.keys() - cls.PAGING - cls.lookups.keys() - cls.compiled

    @classmethod
    def depends_on_clock(cls, values: dict) -> bool:
        """Whether the response can change while the data doesn't."""
        return not cls.can_compile(values)

    @classmethod
    def null_or_not(cls, name: str, values: dict) -> Iterable[bool]:
        """Whether the first column of this order can be null (True) or not (False) in the rows with these filters.

        Return both, as here, if unsure: a page has only the rows of the parts that are returned. A part without rows
        costs time, since the query that looks for them reads all the others.
        """
        return (False, True)

    @classmethod
    def order(cls, name: str, values: dict) -> Order:
        """The order with this name (with `-` for descending), for rows with these filters."""
        return cls.orderings.get(name) or cls.orderings[name.removeprefix("-")]

    @classmethod
    def as_params(cls, values: dict) -> tuple[Hashable, dict]:
        """The key of the compiled query with these filters, and the filters with a `Param` in place of each value."""
        filters = {name: cls.as_param(name, values[name]) for name in sorted(values.keys() - cls.PAGING)}
        return tuple((name, key_of(value)) for name, value in filters.items()), filters

    @classmethod
    def as_param(cls, name: str, value):
        field = cls.param_field(cls._declared_fields[name])
        if field is None or value is None:
            return value
        if isinstance(value, list):
            return [Param(parameter_at(name, index), field) for index in range(len(value))]
        return Param(lambda view: view.parameters[name], field)

    @classmethod
    def param_field(cls, field: serializers.Field) -> models.Field | None:
        single = getattr(field, "child", field)
        return next((kind for known, kind in cls.PARAM_FIELDS.items() if isinstance(single, known)), None)

    @classmethod
    def apply(cls, queryset, values: dict, user):
        """Filter `queryset` by these validated values, for `user`."""
        for name in values.keys() - cls.PAGING:
            queryset = cls.apply_one(queryset, name, values[name], user)
        return queryset

    @classmethod
    def apply_one(cls, queryset, name: str, value: Any, user):
        if name in cls.lookups:
            return queryset.filter(**{cls.lookups[name]: value})
        return getattr(cls, f"filter_{name}")(queryset, value, user)


class FilterSetBackend(BaseFilterBackend):
    """Filters a list by the view's `filterset_class`. Used by views that override REST framework's hooks."""

    def filter_queryset(self, request, queryset, view):
        filterset_class = getattr(view, "filterset_class", None)
        if filterset_class is None or view.detail:
            return queryset
        return filterset_class.apply(queryset, view.parameters, request.user)


def parameter_at(name: str, index: int) -> Callable:
    return lambda view: view.parameters[name][index]


def key_of(value) -> Hashable:
    """The part of the query's key for this value: the same for every Param."""
    if isinstance(value, list):
        return tuple(map(key_of, value))
    return "param" if isinstance(value, Param) else value


def ordering_field(orderings: dict) -> fields.ChoiceField:
    names = [f"{sign}{name}" for name in orderings if not name.startswith("-") for sign in ("", "-")]
    return fields.ChoiceField(names, required=False, help_text="Put `-` in front for descending order.")

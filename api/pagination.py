"""Keyset pagination: each page costs the same, and rows that don't change are never skipped or repeated."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import orjson
from django.core import signing
from django.db.models import (
    BooleanField,
    Expression,
    F,
    Field,
    Func,
    Lookup,
    Model,
    QuerySet,
    TextField,
    UUIDField,
    Value,
)
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from api.compiled import Param, compiled

DEFAULT_LIMIT = 50
MAX_SIZE = 2_000_000  # bytes of the long texts on a page: a client that doesn't read makes the server keep them
INVALID_CURSOR = ErrorDetail(
    "This cursor is damaged or belongs to another list. Start again without a cursor.", code="invalid"
)


class RowValue(Func):
    """An SQL row value, `(a, b)`. It is compared from left to right, and can use an index."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


class Order:
    """The order by these columns or expressions, then by the id.

    `nulls_last`: how many of them, from the first on, say nothing about rows with null in the first column. Such rows
    come last in both directions. They are a separate part of the list, with its own query, since an index has them at
    opposite ends in the two directions.
    """

    def __init__(self, *columns: str | Expression, nulls_last: int = 0):
        self.columns = columns
        self.nulls_last = nulls_last
        # The names of the keys in a row.
        self.names = [f"_key{index}" for index in range(len(columns))]

    def part(self, queryset: QuerySet, nulls: bool) -> tuple[QuerySet, list[str]]:
        """The rows with null in the first column, or those without, and the names of the keys to order them by."""
        keys = [F(column) if isinstance(column, str) else column for column in self.columns]
        queryset = queryset.annotate(**dict(zip(self.names, keys, strict=True)))
        if self.nulls_last:
            queryset = queryset.filter(**{f"{self.columns[0]}__isnull": nulls})
        return queryset, self.names[self.nulls_last if nulls else 0 :]

    def nullable_column(self, model: type[Model]) -> str | None:
        """A column of the model that can be null, and that isn't declared so: no row comes before or after null."""
        nullable = {field.name for field in model._meta.concrete_fields if field.null}
        declared = self.columns[:1] if self.nulls_last else ()
        return next((name for name in self.columns if name in nullable and name not in declared), None)


class CursorJSON:
    # A key can be a title of 500 characters. With ASCII escapes, it could be too long for a URL.
    dumps = staticmethod(orjson.dumps)
    loads = staticmethod(orjson.loads)


@dataclass
class Cursor:
    """A position in an order: after the row with these keys and this id, or before it if `back`.

    If `inclusive`, the page includes that row.
    """

    ordering: str
    back: bool
    keys: list
    id: str
    inclusive: bool = False

    def sign(self, salt: str) -> str:
        parts = [self.ordering, self.back, self.keys, self.id, self.inclusive]
        return signing.Signer(salt=salt).sign_object(parts, serializer=CursorJSON, compress=True)

    @property
    def in_nulls(self) -> bool:
        return self.keys[0] is None

    def turned(self) -> "Cursor":
        """The cursor at the same position in the other direction."""
        return replace(self, back=not self.back, inclusive=not self.inclusive)

    def lookup(self, descending: bool) -> type[Lookup]:
        if self.inclusive:
            return LessThanOrEqual if descending else GreaterThanOrEqual
        return LessThan if descending else GreaterThan

    @classmethod
    def read(cls, text: str, salt: str) -> "Cursor":
        """The cursor that was signed with this salt. Raises ValidationError if the signature is wrong."""
        try:
            return cls(*signing.Signer(salt=salt).unsign_object(text, serializer=CursorJSON))
        except signing.BadSignature:
            raise ValidationError({"cursor": [INVALID_CURSOR]}) from None


class KeysetPagination(BasePagination):
    """Pagination by `(ordering keys, id)`. The view's `filterset_class` defines the orders."""

    page_size = DEFAULT_LIMIT

    def paginate_queryset(self, queryset: Any, request, view=None) -> list:
        """The objects of `queryset` on the requested page."""

        def fetch(nulls: bool, from_cursor: bool, limit: int) -> list:
            return list(self.in_order(queryset, nulls, from_cursor, self.cursor_value)[:limit])

        return self.page(view, fetch)

    def paginate_rows(self, view, key: Hashable, build: Callable[[], QuerySet]) -> list[dict]:
        """The rows of `build()` on the requested page, from a compiled query with this key."""

        def fetch(nulls: bool, from_cursor: bool, limit: int) -> list[dict]:
            cursor = self.cursor and (self.cursor.back, from_cursor, self.cursor.inclusive)
            return compiled(
                (key, self.ordering, cursor, nulls, limit),
                lambda: self.in_order(build(), nulls, from_cursor, cursor_param)[:limit],
            ).rows(view)

        return self.page(view, fetch)

    def page(self, view, fetch: Callable[[bool, bool, int], list]) -> list:
        request, parameters = view.request, view.parameters
        self.url = request.build_absolute_uri()
        # A cursor is valid only for the user and the list that it was made for.
        self.salt = f"cursor:{request.user.pk}:{view.basename}:{view.action}"
        self.ordering = parameters.get("ordering", view.filterset_class.default_ordering)
        self.cursor = self.read_cursor(parameters)
        limit = parameters.get("limit", self.page_size)
        self.order = view.filterset_class.order(self.ordering, parameters)
        if self.cursor and len(self.cursor.keys) != len(self.order.columns):
            raise ValidationError({"cursor": [INVALID_CURSOR]})
        found: list = []
        parts = view.filterset_class.null_or_not(self.ordering, parameters) if self.order.nulls_last else [False]
        for nulls in self.parts(parts):
            if len(found) <= limit:
                from_cursor = self.cursor is not None and self.cursor.in_nulls == nulls
                found += fetch(nulls, from_cursor, limit + 1)
        page = found[: fitting(found[:limit], long_texts(getattr(view.queryset, "model", None)))]
        self.more = len(found) > len(page)
        return self.finish(page)

    def parts(self, parts: Iterable[bool]) -> list[bool]:
        """The list's parts (see Order) from the cursor on, in the direction of the page."""
        if self.cursor is None:
            return sorted(parts)
        here, back = self.cursor.in_nulls, self.cursor.back
        return sorted((each for each in parts if each == here or (each < here) == back), reverse=back)

    def read_cursor(self, parameters: dict) -> Cursor | None:
        if "cursor" not in parameters:
            return None
        cursor = Cursor.read(parameters["cursor"], self.salt)
        if parameters.get("ordering", cursor.ordering) != cursor.ordering:
            raise ValidationError({"cursor": [INVALID_CURSOR]})
        self.ordering = cursor.ordering
        return cursor

    def cursor_value(self, index: int, field: Field) -> Value:
        keys = (*self.cursor.keys, self.cursor.id) if self.cursor else ()
        return Value(field.to_python(keys[index]), field)

    def in_order(
        self, queryset: QuerySet, nulls: bool, from_cursor: bool, value: Callable[[int, Field], Value]
    ) -> QuerySet:
        """One part of the list in order, starting at the cursor if it is in that part.

        `value`: returns the cursor's key with this index, or its id for the index after the last key.
        """
        queryset, names = self.order.part(queryset, nulls)
        descending = self.ordering.startswith("-") != bool(self.cursor and self.cursor.back)
        if self.cursor and from_cursor:
            fields = [*(queryset.query.annotations[name].output_field for name in names), UUIDField()]
            limits = [
                value(index, field) for index, field in enumerate(fields, start=len(self.order.names) - len(names))
            ]
            here = RowValue(*map(F, names), F("id"))
            queryset = queryset.filter(self.cursor.lookup(descending)(here, RowValue(*limits)))
        sign = "-" if descending else ""
        return queryset.order_by(*(f"{sign}{name}" for name in [*names, "id"]))

    def finish(self, found: list) -> list:
        """Bring the page into the order of the list, and set the links to the next and the previous page."""
        if self.cursor and self.cursor.back:
            found.reverse()
            has_previous, has_next = self.more, True
        else:
            has_previous, has_next = self.cursor is not None, self.more
        if self.cursor and not found:  # all rows are gone: only the way back is left
            has_previous, has_next = not self.cursor.back, self.cursor.back
        self.next = self.link(found[-1:], back=False) if has_next else None
        self.previous = self.link(found[:1], back=True) if has_previous else None
        for row in found:
            if isinstance(row, dict):
                for name in self.order.names:
                    del row[name]
        return found

    def cursor_at(self, found) -> Cursor:
        values = found if isinstance(found, dict) else vars(found)
        return Cursor(self.ordering, False, [values[name] for name in self.order.names], str(values["id"]))

    def link(self, end: list, back: bool) -> str:
        """The URL of the page beyond this row; without one, of that which the cursor led away from."""
        cursor: Any = self.cursor_at(end[0]) if end else self.cursor and self.cursor.turned()
        return replace_query_param(self.url, "cursor", replace(cursor, back=back).sign(self.salt))

    def get_paginated_response(self, data: Iterable) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }


@cache
def long_texts(model: type[Model] | None) -> list[str]:
    """The names of the model's fields that can hold long texts and that clients see."""
    fields = model._meta.concrete_fields if model else ()
    return [field.name for field in fields if isinstance(field, TextField) and field.editable]


def fitting(rows: Sequence, names: Iterable[str]) -> int:
    """How many of the first rows have long texts, of these names, of up to MAX_SIZE together; at least one, if any."""
    size = 0
    for index, row in enumerate(rows):
        values = row if isinstance(row, dict) else vars(row)
        for text in filter(None, map(values.get, names)):
            size += len(text) if text.isascii() else len(text.encode())
        if size > MAX_SIZE and index:
            return index
    return len(rows)


def cursor_param(index: int, field: Field) -> Param:
    """As `KeysetPagination.cursor_value`, for a compiled query."""
    return Param(lambda view: view.paginator.cursor_value(index, field).value, field)

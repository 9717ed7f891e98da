"""Keyset pages: any page costs the same, and rows that nobody touched are never skipped or repeated."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core import signing
from django.db.models import BooleanField, F, Func, QuerySet, UUIDField, Value
from django.db.models.lookups import GreaterThan, LessThan
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

DEFAULT_LIMIT = 50
INVALID_CURSOR = ErrorDetail("This cursor is damaged, or it is from another list.", code="invalid")


class RowValue(Func):
    """An SQL row value, `(a, b)`: compared from left to right, by an index if there is one."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


@dataclass
class Cursor:
    """A place between two rows: in this order, after the row with this key and id (before it, when `back`)."""

    ordering: str
    back: bool
    key: object
    id: str

    def sign(self, salt: str) -> str:
        # Compressed: with a title of 255 emoji it would be 4,000 characters long, and no cursor may be.
        return signing.dumps([self.ordering, self.back, self.key, self.id], salt=salt, compress=True)

    @classmethod
    def read(cls, text: str, salt: str) -> "Cursor":
        """The cursor that was signed with this salt. Raises ValidationError for any other text."""
        try:
            return cls(*signing.loads(text, salt=salt))
        except signing.BadSignature:
            raise ValidationError({"cursor": [INVALID_CURSOR]}) from None


class KeysetPagination(BasePagination):
    """Pages by `(ordering key, id)`. The view's `parameters_class` says by which keys a list can be ordered."""

    def paginate_queryset(self, queryset, request, view=None):
        parameters = view.parameters
        self.url = request.build_absolute_uri()
        # A cursor is good for the caller and the list that it was made for.
        self.salt = f"cursor:{request.user.pk}:{view.basename}:{view.action}"
        self.ordering = parameters.get("ordering", view.parameters_class.default_ordering)
        self.cursor = self.read_cursor(parameters)
        limit = parameters.get("limit", DEFAULT_LIMIT)
        rows = list(self.in_order(queryset, view.parameters_class.orderings)[: limit + 1])
        self.more = len(rows) > limit
        return self.finish(rows[:limit])

    def read_cursor(self, parameters: dict) -> Cursor | None:
        if "cursor" not in parameters:
            return None
        cursor = Cursor.read(parameters["cursor"], self.salt)
        if parameters.get("ordering", cursor.ordering) != cursor.ordering:
            raise ValidationError({"cursor": [INVALID_CURSOR]})
        self.ordering = cursor.ordering
        return cursor

    def in_order(self, queryset: QuerySet, orderings: dict) -> QuerySet:
        expression = orderings[self.ordering.removeprefix("-")]
        queryset = queryset.annotate(_key=expression)
        back = self.cursor is not None and self.cursor.back
        descending = self.ordering.startswith("-") != back
        if self.cursor:
            field = queryset.query.annotations["_key"].output_field
            place = RowValue(Value(field.to_python(self.cursor.key), field), Value(self.cursor.id, UUIDField()))
            beyond = LessThan if descending else GreaterThan
            queryset = queryset.filter(beyond(RowValue(F("_key"), F("id")), place))
        return queryset.order_by("-_key", "-id") if descending else queryset.order_by("_key", "id")

    def finish(self, rows: list[dict]) -> list[dict]:
        """The rows in the order of the list, without their keys; notes where the pages beside this one begin."""
        if self.cursor and self.cursor.back:
            rows.reverse()
            has_previous, has_next = self.more, True
        else:
            has_previous, has_next = self.cursor is not None, self.more
        keys = [row.pop("_key") for row in rows]
        self.next = self.link(rows[-1], keys[-1], back=False) if rows and has_next else None
        self.previous = self.link(rows[0], keys[0], back=True) if rows and has_previous else None
        return rows

    def link(self, row: dict, key, back: bool) -> str:
        position = key.isoformat() if hasattr(key, "isoformat") else key
        cursor = Cursor(self.ordering, back, position, str(row["id"]))
        return replace_query_param(self.url, "cursor", cursor.sign(self.salt))

    def get_paginated_response(self, data: Iterable) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

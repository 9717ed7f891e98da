"""Queries that are compiled once and run often.

Django takes longer to generate the SQL of a list than to do the rest of the request. The SQL depends on which filters
are used, not on their values. With a `Param` in place of each value, one compiled query serves all calls with its key.

    newest = CompiledQuery(Task.objects.filter(owner_id=CurrentUser.pk).values("id", "title"))
    rows = newest.rows(view)
"""

import re
from collections.abc import Callable, Hashable
from datetime import date, time
from typing import Any

from django.db import connection, models
from django.db.models.expressions import Value
from django.db.models.query import get_related_populators, prefetch_related_objects

MAX_QUERIES = 500  # in the cache; clients can request any number of combinations
# As SQLite stores them. A literal that looks like one was read from the clock, and must not be cached.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d.*|\d\d:\d\d:\d\d.*", re.ASCII)


class Param(Value):
    """A bind parameter: `read(call)` gives its value each time the compiled query runs.

    `read`: takes the argument that the query is run with, usually the view. `output_field`: the model field that
    converts the value for the database.
    """

    def __init__(self, read: Callable[[Any], Any], output_field: models.Field):
        super().__init__(read, output_field)

    def as_sql(self, compiler, connection):
        return "%s", [self]

    def bind(self, call, database) -> Any:
        return self.output_field.get_db_prep_value(self.value(call), database)


class CurrentTime:
    """The time of the call, in the current user's time zone."""

    @staticmethod
    def date() -> Param:
        return Param(lambda view: view.request.user.today(), models.DateField())

    @staticmethod
    def time() -> Param:
        return Param(lambda view: view.request.user.now().time(), models.TimeField())


class CurrentUser:
    """Represents `request.user` in a query that is compiled once for all users."""

    is_authenticated = True
    pk = Param(lambda view: view.request.user.pk, models.UUIDField())
    now = CurrentTime

    @staticmethod
    def start_of(day: Param) -> Param:
        return Param(lambda view: view.request.user.start_of(day.value(view)), models.DateTimeField())

    @staticmethod
    def end_of(day: Param) -> Param:
        return Param(lambda view: view.request.user.end_of(day.value(view)), models.DateTimeField())


def is_moment(literal) -> bool:
    return isinstance(literal, date | time) or (isinstance(literal, str) and MOMENT.fullmatch(literal) is not None)


class CompiledQuery:
    """The SQL of a queryset, with the converters for its rows. It is safe to share between threads."""

    def __init__(self, queryset: models.QuerySet):
        self.db = queryset.db
        query = queryset.query
        self.compiler = query.get_compiler(queryset.db)
        self.sql, self.parameters = self.compiler.as_sql()
        self.names = list(query.selected or ())
        self.prefetched = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
        if not self.names:
            self.read_objects_with(self.compiler.klass_info)
        self.converters = self.compiler.get_converters([column for column, _, _ in self.compiler.select])

    @property
    def is_cacheable(self) -> bool:
        """Whether each value that changes between calls is a `Param`. A literal date or time would become stale."""
        return not any(map(is_moment, self.parameters))

    def tuples(self, call) -> list:
        with connection.cursor() as cursor:
            database = cursor.db  # since Django's proxy is slow to access
            values = [each.bind(call, database) if isinstance(each, Param) else each for each in self.parameters]
            cursor.execute(self.sql, values)
            rows = cursor.fetchall()
        return list(self.compiler.apply_converters(rows, self.converters)) if self.converters else rows

    def rows(self, call) -> list[dict]:
        """The rows of a queryset with `.values()`."""
        return [dict(zip(self.names, row, strict=True)) for row in self.tuples(call)]

    def read_objects_with(self, info: dict) -> None:
        self.model = info["model"]
        self.columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        self.attributes = [column.target.attname for column, _, _ in self.compiler.select[self.columns]]
        self.related = get_related_populators(info, self.compiler.select, self.db)  # type: ignore[call-arg]

    def objects(self, call) -> list:
        """The objects of a queryset without `.values()`, with what it selects, prefetches and annotates."""
        found = [self.read_object(row) for row in self.tuples(call)]
        if self.prefetched:
            prefetch_related_objects(found, *self.prefetched)
        return found

    def read_object(self, row) -> models.Model:
        instance = self.model.from_db(self.db, self.attributes, row[self.columns])
        for populator in self.related:
            populator.populate(row, instance)
        for name, index in self.compiler.annotation_col_map.items():
            setattr(instance, name, row[index])
        return instance


cached_queries: dict[Hashable, CompiledQuery] = {}


def compiled(key: Hashable, build: Callable[[], models.QuerySet]) -> CompiledQuery:
    """The query with this key, compiled at the first call.

    `key` must differ whenever `build()` returns other SQL or other literals. A query with a date or a time that isn't a
    `Param`, such as `timezone.now() - timedelta(days=1)`, works too, but is compiled at each call.
    """
    found = cached_queries.get(key)
    if found is None:
        found = CompiledQuery(build())
        if found.is_cacheable:
            if len(cached_queries) >= MAX_QUERIES:
                cached_queries.clear()
            cached_queries[key] = found
    return found

"""Queries that are compiled once and run often.

For Django, making the SQL of a list costs more than the rest of the request. It depends on which filters there are,
and not on their values: with `Param` in the place of the values, the same SQL serves all calls of one shape.

    newest = Prepared(Task.objects.filter(owner_id=Param(lambda call: call.user.pk, UUIDField())).values("id", "title"))
    rows = newest.rows(call)
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.expressions import Value
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery
from psycopg2.extensions import UNICODE, new_type, register_type

UUID_AS_TEXT = new_type((2950,), "UUID_AS_TEXT", UNICODE)  # 2950: what Postgres calls the type


class Param(Value):
    """A value that a prepared query gets each time it runs: what `read` says of that call."""

    def __init__(self, read: Callable[[Any], Any], output_field: models.Field):
        super().__init__(read, output_field)

    def as_sql(self, compiler, connection):
        return "%s", [self]

    def of(self, call, database) -> Any:
        return self.output_field.get_db_prep_value(self.value(call), database)


def bind(parameters: Iterable, call, database) -> list:
    """`database`: the connection itself; Django's `connection` looks it up for each attribute, in a microsecond."""
    return [each.of(call, database) if isinstance(each, Param) else each for each in parameters]


class Prepared:
    """A query in SQL, and how its rows are read. Any thread may run it."""

    def __init__(self, queryset: models.QuerySet):
        self.db = queryset.db
        query = queryset.query
        self.compiler = query.get_compiler(queryset.db)
        self.sql, self.parameters = self.compiler.as_sql()
        self.names = list(query.selected or ())
        if not self.names:
            self.read_objects_with(self.compiler.klass_info)
        select = [column for column, _, _ in self.compiler.select]
        self.converters = self.compiler.get_converters(select)
        if self.names:
            for index, (_, expression) in list(self.converters.items()):
                if isinstance(expression.output_field, models.JSONField):
                    self.converters[index] = ([json_as_text], expression)

    def tuples(self, call, uuids_as_text: bool = False) -> list:
        with connection.cursor() as cursor:
            if uuids_as_text and cursor.db.vendor == "postgresql":
                register_type(UUID_AS_TEXT, cursor.cursor)
            cursor.execute(self.sql, bind(self.parameters, call, cursor.db))
            rows = cursor.fetchall()
        return list(self.compiler.apply_converters(rows, self.converters)) if self.converters else rows

    def rows(self, call) -> list[dict]:
        """The rows of a query with `.values()`, made to be answered.

        What is text for the database, JSON and on Postgres UUIDs, stays text: to parse it would be for nothing.
        """
        return [dict(zip(self.names, row, strict=True)) for row in self.tuples(call, uuids_as_text=True)]

    def read_objects_with(self, info: dict) -> None:
        self.model = info["model"]
        self.columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        self.attributes = [column.target.attname for column, _, _ in self.compiler.select[self.columns]]
        self.related = get_related_populators(info, self.compiler.select, self.db)  # type: ignore[call-arg]

    def objects(self, call) -> list:
        """The objects of a query without `.values()`, with what was selected as related and annotated."""
        found = []
        for row in self.tuples(call):
            thing = self.model.from_db(self.db, self.attributes, row[self.columns])
            for populator in self.related:
                populator.populate(row, thing)
            for name, index in self.compiler.annotation_col_map.items():
                setattr(thing, name, row[index])
            found.append(thing)
        return found


def write(sql: str, parameters: list) -> None:
    """Execute what gives no result that anybody asks for: on Postgres it goes along with the next statement."""
    with connection.cursor() as cursor:
        cursor.cursor.may_wait = True
        cursor.execute(sql, parameters)


class PreparedInsert:
    """Writes new objects, all of whose values are set before."""

    def __init__(self, model: type[models.Model]):
        self.fields = model._meta.concrete_fields
        self.readers = [saved_value(field) for field in self.fields]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self.fields)
        self.sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES "  # noqa: S608
        self.row = f"({', '.join(['%s'] * len(self.fields))})"

    def run(self, things: Sequence[models.Model], most: int | None = None) -> None:
        """`most`: of them in one statement; by default, as many as the database takes."""
        most = most or max(1, connection.ops.bulk_batch_size(self.fields, things))
        for batch in (things[start : start + most] for start in range(0, len(things), most)):
            values = [read(thing) for thing in batch for read in self.readers]
            write(self.sql + ", ".join([self.row] * len(batch)), values)
        for thing in things:
            thing._state.adding = False
            thing._state.db = DEFAULT_DB_ALIAS


# Fields whose values psycopg2 takes as they are: what Django does to them is for other databases.
TAKEN_BY_POSTGRES = (
    models.UUIDField,
    models.CharField,
    models.TextField,
    models.DateField,
    models.TimeField,
    models.IntegerField,
    models.FloatField,
)


def saved_value(field: models.Field) -> Callable[[models.Model], Any]:
    """What reads the value of the field from a new object, to be written."""
    kind = field.target_field if isinstance(field, models.ForeignKey) else field
    as_it_is = connection.vendor == "postgresql" and isinstance(kind, TAKEN_BY_POSTGRES)
    if as_it_is and type(field).pre_save is models.Field.pre_save:
        return attrgetter(field.attname)
    if as_it_is:
        return lambda thing: field.pre_save(thing, add=True)
    return lambda thing: field.get_db_prep_save(field.pre_save(thing, add=True), connection)


class PreparedUpdate:
    """Writes these columns of one object."""

    def __init__(self, model: type[models.Model], columns: Iterable[str]):
        this = Param(attrgetter("pk"), model._meta.pk)
        query: Any = models.QuerySet(model).filter(pk=this).query.chain(UpdateQuery)
        fields: list[Any] = [model._meta.get_field(name) for name in columns]
        query.add_update_fields([(each, None, Param(attrgetter(each.attname), each)) for each in fields])
        self.sql, self.parameters = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()

    def run(self, thing: models.Model) -> None:
        write(self.sql, bind(self.parameters, thing, connections[DEFAULT_DB_ALIAS]))


def json_as_text(text: str | None, expression, connection) -> Any:
    """A converter: what is written into the answer as the database sent it."""
    return None if text is None else orjson.Fragment(text)


MOST = 500  # shapes that are kept; clients can make up any number
known: dict[Hashable, Any] = {}


def kept(shape: Hashable, make: Callable[[], Any]) -> Any:
    found = known.get(shape)
    if found is None:
        if len(known) >= MOST:
            known.clear()
        found = known[shape] = make()
    return found


def prepared(shape: Hashable, build: Callable[[], models.QuerySet]) -> Prepared:
    """The query of this shape, compiled when it is asked for the first time.

    `shape` has to differ wherever `build()` would give other SQL, or another value that isn't a `Param`.
    """
    return kept(("read", shape), lambda: Prepared(build()))


def prepared_insert(model: type[models.Model]) -> PreparedInsert:
    return kept(("insert", model), lambda: PreparedInsert(model))


def prepared_update(model: type[models.Model], columns: tuple[str, ...]) -> PreparedUpdate:
    return kept(("update", model, columns), lambda: PreparedUpdate(model, columns))

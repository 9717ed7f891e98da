"""Inserts rows with the values that they have, as Django loads fixtures: `auto_now_add` would replace those of a file.

In half the time of `bulk_create`, which asks each value of each row whether it is an expression.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

from transfer.records import chunks


def insert_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert these objects. Values that the database makes, such as a number as the primary key, are left to it."""
    fields: list[Any] = [each for each in model._meta.concrete_fields if not isinstance(each, models.AutoField)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(each.column) for each in fields)
    head = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES "  # noqa: S608 (names of our own models)
    placeholders = f"({', '.join(['%s'] * len(fields))})"
    readers = [(each.attname, each.get_db_prep_save) for each in fields]
    objs = list(rows)
    with connection.cursor() as cursor:
        for batch in chunks(objs, max(connection.ops.bulk_batch_size(fields, objs), 1)):
            values = [prepare(getattr(row, name), connection) for row in batch for name, prepare in readers]
            cursor.execute(head + ", ".join([placeholders] * len(batch)), values)

"""Transactions on Postgres, where BEGIN travels with the first statement."""

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from psycopg2.sql import SQL, Identifier

from ownership.transactions import revision_transaction
from todos.models import Task

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is not on a network"),
    pytest.mark.django_db(transaction=True),  # COMMIT is part of it
]


def test_a_commit_that_postgres_answers_with_rollback_is_an_error(alice, task, caplog):
    with pytest.raises(InternalError), revision_transaction(alice.pk):  # noqa: PT012 (raised where the write ends)
        Task.objects.create(owner=alice, title="Lost")
        with connection.connection.cursor() as plain, pytest.raises(Exception, match="division by zero"):
            plain.execute("SELECT 1 / 0")  # behind Django's back, so that it tries to commit

    assert list(Task.objects.values_list("title", flat=True)) == ["Buy milk"]
    assert "task.created" not in caplog.messages


def test_a_first_statement_may_be_composed(alice):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SQL("SELECT {}").format(Identifier("title")) + SQL(" FROM todos_task"))
        assert cursor.fetchall() == []


def test_save_raises_where_it_stands(alice, task):
    reached = []
    with pytest.raises(IntegrityError), revision_transaction(alice.pk):  # noqa: PT012
        reached.append("before")
        Task(owner=alice, id=task.pk, title="Twin").save()
        reached.append("after")

    assert reached == ["before"]

"""On Postgres, a write whose result nobody asks for goes in one message with the statement after it."""

from contextlib import suppress

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg2.sql import SQL, Identifier

from ownership.revised import revision_transaction
from todos.models import Task

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is not on a network"),
    pytest.mark.django_db(transaction=True),  # COMMIT is a part of it
]


class UndoError(Exception):
    pass


def twin_of(task: Task) -> Task:
    """A new task that the database refuses: its id is taken."""
    return Task(owner=task.owner, id=task.pk, title="Twin")


def titles() -> list[str]:
    return sorted(Task.objects.values_list("title", flat=True))


def test_it_waits_for_the_next_statement(alice):
    with revision_transaction(alice.pk):
        Task.objects.create(owner=alice, title="Buy milk")
        waiting = connection.waiting
        seen = titles()

    assert waiting.count(b"INSERT INTO") == 1
    assert seen == ["Buy milk"]
    assert connection.waiting == b""


def test_the_log_of_queries_has_each_by_itself(alice):
    with CaptureQueriesContext(connection) as log, revision_transaction(alice.pk):
        Task.objects.create(owner=alice, title="Buy milk")
        Task.objects.count()

    kinds = [query["sql"].split()[0].strip(";") for query in log.captured_queries]
    assert kinds == ["BEGIN", "BEGIN", "INSERT", "SELECT", "COMMIT"]  # Django notes its own BEGIN, too


def test_the_log_has_each_of_one_cursor_too(alice):
    with CaptureQueriesContext(connection) as log, revision_transaction(alice.pk):
        Task.objects.create(owner=alice, title="Buy milk")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT 2")

    assert [query["sql"] for query in log.captured_queries[-3:]] == ["SELECT 1", "SELECT 2", "COMMIT"]


def test_the_last_one_goes_along_with_the_commit(alice):
    with revision_transaction(alice.pk):
        Task.objects.create(owner=alice, title="Buy milk")

    assert titles() == ["Buy milk"]


def test_one_that_is_refused_undoes_all(alice, task):
    with pytest.raises(IntegrityError), revision_transaction(alice.pk):  # noqa: PT012 (it is raised where the write ends)
        Task.objects.create(owner=alice, title="Bake bread")
        twin_of(task).save()

    alice.refresh_from_db()
    assert (titles(), alice.revision) == (["Buy milk"], 1)


def test_it_waits_on_when_the_next_one_never_goes(alice):
    with revision_transaction(alice.pk):
        Task.objects.create(owner=alice, title="Buy milk")
        with suppress(ValueError):  # psycopg2 refuses a NUL, and the database never hears of it
            Task.objects.filter(title="a\0b").exists()

    assert titles() == ["Buy milk"]


def test_one_that_is_refused_where_nobody_minds_is_not_passed_off_as_done(alice, task, caplog):
    with pytest.raises(InternalError), revision_transaction(alice.pk):  # noqa: PT012 (it is raised where the write ends)
        twin_of(task).save()
        with suppress(IntegrityError), transaction.atomic():  # meant for what is inside
            titles()

    assert titles() == ["Buy milk"]
    assert "task.created" not in caplog.messages


def test_a_first_statement_may_be_composed(alice):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SQL("SELECT {}").format(Identifier("title")) + SQL(" FROM todos_task"))
        assert cursor.fetchall() == []


def test_one_that_is_refused_is_a_conflict_for_clients(api, task, monkeypatch):
    monkeypatch.setattr(Task, "check_rules", lambda new: setattr(new, "id", task.pk))

    answer = api.post("/tasks/", {"title": "Twin"})

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert titles() == ["Buy milk"]


def test_what_is_undone_before_it_went_is_not_sent(alice, task):
    with revision_transaction(alice.pk):
        with suppress(UndoError), transaction.atomic():
            twin_of(task).save()
            raise UndoError
        Task.objects.create(owner=alice, title="Bake bread")

    assert titles() == ["Bake bread", "Buy milk"]


@pytest.mark.parametrize("break_off", [lambda: None, connection.close], ids=["rolled back", "connection closed"])
def test_what_waits_when_a_transaction_breaks_off_is_forgotten(alice, break_off):
    with suppress(UndoError), revision_transaction(alice.pk):
        Task.objects.create(owner=alice, title="Buy milk")
        break_off()
        raise UndoError

    with transaction.atomic():  # in which it would go along
        titles()

    assert titles() == []

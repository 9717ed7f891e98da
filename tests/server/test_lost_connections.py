"""How clients notice broken connections to Postgres, on the real server."""

from contextlib import contextmanager

import psycopg2
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, connections, transaction

from todos.models import Task

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connection that could break"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def operator_session(transactional_db):
    """Another session on the same server."""
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory")
    session = psycopg2.connect(**parameters)
    session.autocommit = True
    yield session.cursor()
    session.close()


@pytest.fixture
def kill(operator_session):
    connection.ensure_connection()
    operator_session.execute("SELECT pid FROM pg_stat_activity")
    if (connection.connection.info.backend_pid,) not in operator_session.fetchall():
        pytest.skip("A pooler names sessions of its own, and hides it when one behind it ends: see make drills")

    def kill() -> None:
        pid = connection.connection.info.backend_pid
        operator_session.execute("SELECT pg_terminate_backend(%s, 30000)", [pid])

    return kill


@contextmanager
def killed_at(kill, words: str):
    """Kill the connection once, just before a statement with these words."""
    pending = [words]

    def wrapper(execute, sql, *arguments):
        if pending and words in sql:
            pending.clear()
            kill()
        return execute(sql, *arguments)

    with connection.execute_wrapper(wrapper):
        yield
    assert not pending, "no such statement came by"


@pytest.fixture(autouse=True)
def _as_the_server_does_it():
    """Check connections between requests, which Django's test client turns off."""
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    yield
    connection.close()


def test_one_that_was_closed_while_idle_is_noticed(api, kill):
    api.get("/tasks/")
    kill()
    close_old_connections()

    assert api.get("/tasks/").status_code == 200


def test_one_that_was_closed_while_idle_is_noticed_before_a_write(api, kill):
    api.get("/tasks/")
    kill()
    close_old_connections()

    assert api.post("/tasks/", {"title": "Buy milk"}).status_code == 201


def test_a_connection_that_works_is_kept(api):
    api.get("/tasks/")
    pid = connection.connection.info.backend_pid
    close_old_connections()

    api.get("/tasks/")

    assert connection.connection.info.backend_pid == pid


@pytest.mark.parametrize("words", ["users_apitoken", "todos_task"])
def test_a_read_is_done_once_more(api, kill, words):
    with killed_at(kill, words):
        response = api.get("/tasks/")

    assert (response.status_code, response.json()["results"]) == (200, [])


@pytest.mark.parametrize("words", ["users_apitoken", "SET revision", "INSERT INTO"])
def test_a_write_is_answered_503_and_changes_nothing(api, kill, words):
    with killed_at(kill, words):
        response = api.post("/tasks/", {"title": "Buy milk"})

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response["Retry-After"] == "1"
    assert api.get("/tasks/").json()["results"] == []


@pytest.mark.parametrize("words", ["users_apitoken", "SET revision", "INSERT INTO"])
def test_a_write_with_a_key_is_done_once_more(api, kill, words):
    with killed_at(kill, words):
        response = api.post("/tasks/", {"title": "Buy milk"}, HTTP_IDEMPOTENCY_KEY="k")

    assert response.status_code == 201
    assert Task.objects.count() == 1


def test_a_write_whose_commit_was_heard_but_not_answered_is_done_once(api, kill, monkeypatch):
    """The worst moment: Postgres has committed, and the connection breaks before it can say so."""
    backend = type(connections["default"])
    commit = backend._commit
    pending = [True]

    def commit_and_break(wrapper):
        commit(wrapper)
        if pending:
            pending.clear()
            kill()
            with wrapper.wrap_database_errors, wrapper.connection.cursor() as cursor:
                cursor.execute("SELECT 1")

    monkeypatch.setattr(backend, "_commit", commit_and_break)
    response = api.post("/tasks/", {"title": "Buy milk"}, HTTP_IDEMPOTENCY_KEY="k")

    assert (response.status_code, response.headers.get("Idempotency-Replayed")) == (201, "true")
    assert Task.objects.count() == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_writes_are_left_to_the_client(api, task, kill, method):
    with killed_at(kill, "SET revision"):
        response = getattr(api, method)(f"/tasks/{task.pk}/", {"title": "Other"}, HTTP_IDEMPOTENCY_KEY="k")

    assert response.status_code == 503
    task.refresh_from_db()
    assert (task.title, task.deleted_at) == ("Buy milk", None)


def test_a_call_that_ignores_keys_is_not_done_twice(api, kill):
    with killed_at(kill, "INSERT INTO"):
        response = api.post("/tokens/", {"name": "phone"}, HTTP_IDEMPOTENCY_KEY="k")

    assert response.status_code == 503


def test_the_page_of_a_browser_is_made_once_more(client, operator, kill):
    client.raise_request_exception = False
    client.force_login(operator)
    client.get("/admin/")

    with killed_at(kill, "users_session"):
        assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout"])
def test_a_statement_that_takes_too_long_is_answered_503(api, alice, operator_session, setting):
    api.get("/tasks/")
    operator_session.execute("BEGIN")
    operator_session.execute("SELECT * FROM users_user WHERE id = %s FOR UPDATE", [str(alice.pk)])
    with connection.cursor() as cursor:
        cursor.execute(f"SET {setting} = 100")

    response = api.post("/tasks/", {"title": "Buy milk"})

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    operator_session.execute("ROLLBACK")
    assert api.post("/tasks/", {"title": "Buy milk"}).status_code == 201


def test_a_transaction_begins_in_the_message_of_its_first_statement():
    sent = []
    with transaction.atomic():
        idle = connection.is_idle
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            sent.append(cursor.query)

    assert idle
    assert sent == [b"BEGIN; SELECT 1"]
    assert connection.is_idle

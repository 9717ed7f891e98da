"""A database that can be read and not written: a replica, or SQLite while another program writes to it for long."""

import sqlite3
import time

import pytest
from django.db import connection

from testing.problems import assert_problem
from users.models import ApiToken

UNAVAILABLE = (503, "unavailable", "The database is temporarily unavailable. Try again.")
READS = ("/me/", "/tasks/", "/projects/", "/tags/", "/tasks/summary/", "/sync/", "/tokens/", "/tasks/trash/")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def read_only(api):
    """From its first call on, the session can't write."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = on" if sqlite else "SET default_transaction_read_only = on")
    yield
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = off" if sqlite else "SET default_transaction_read_only = off")


@pytest.fixture
def long_writer(api):
    writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    yield
    writer.close()


@pytest.mark.parametrize("path", READS)
def test_a_read_only_database_is_read(api, read_only, path):
    assert api.get(path).status_code == 200
    assert ApiToken.objects.get(pk=api.token.pk).last_used_at is None


def test_a_write_to_it_is_a_503(api, read_only):
    response = api.post("/tasks/", {"title": "Buy milk"})

    assert_problem(response, *UNAVAILABLE)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="On Postgres a writer holds up no reader")
@pytest.mark.parametrize("path", READS)
def test_a_long_writer_holds_up_no_reader(api, long_writer, path):
    started = time.monotonic()

    assert api.get(path).status_code == 200
    assert time.monotonic() - started < 5


def test_writers_still_wait_for_each_other(api, db):
    """What a token's use doesn't wait for, other statements of its connection do."""
    api.get("/me/")

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout")
            assert cursor.fetchone() == (20_000,)
    assert ApiToken.objects.get(pk=api.token.pk).last_used_at is not None

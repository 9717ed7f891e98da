"""Fixtures for all tests. Alice is the current user, Bob another one."""

import gc
import os
from collections import defaultdict
from zlib import crc32

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from django.test import TransactionTestCase, override_settings
from rest_framework.throttling import SimpleRateThrottle

from testing import proofs
from testing.client import PASSWORD, Client, leave_role
from testing.databases import migrated_database
from testing.emails import wait_until_sent
from testing.flush import delete_rows
from todos.models import Task
from users.models import User

pytest.register_assert_rewrite("testing.problems")

# The same examples in each run, so that failures are reproducible. HYPOTHESIS_PROFILE=random tries new ones.
hypothesis.settings.register_profile("seeded", derandomize=True)
hypothesis.settings.register_profile("random", derandomize=False)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "seeded"))


# What is collected stays until the end. To look through thousands of tests for garbage, again and again, would take as
# long as half of them take.
gc.disable()


def pytest_collection_finish():
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000)


def leave_request_scope(get_response):
    """Middleware that resets the role after a request."""

    def middleware(request):
        response = get_response(request)
        leave_role()
        return response

    return middleware


@pytest.fixture(scope="session", autouse=True)
def _test_settings():
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        MIDDLEWARE=["conftest.leave_request_scope", *settings.MIDDLEWARE],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # Argon2 is slow on purpose
        THROTTLE_CREDENTIALS=None,  # tests make many calls
        SENDS_MAIL=True,
        PUBLIC_URL="https://todo.example.com",
        # Without `collectstatic` there is no manifest of hashed names, and nothing for WhiteNoise to look through.
        STATIC_ROOT=None,
        STORAGES={**settings.STORAGES, "staticfiles": plain},
    ):
        SimpleRateThrottle.THROTTLE_RATES = dict.fromkeys(SimpleRateThrottle.THROTTLE_RATES)
        yield


@pytest.fixture(scope="session")
def django_db_setup(tmp_path_factory, django_db_blocker):
    """In the place of pytest-django's, which migrates a database for each of the processes."""
    with migrated_database(tmp_path_factory.mktemp("database")) as name, django_db_blocker.unblock():
        connection.close()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TransactionTestCase, "_fixture_teardown", delete_rows)
            yield
        connection.close()


@pytest.fixture(autouse=True)
def _mail_is_sent():
    yield
    wait_until_sent()


@pytest.fixture
def proved(record_property):
    """Note how much of a large proof a test does: `proved("isolation", 12, 96)` is shown at the end of the run."""
    return lambda name, done, of: record_property("proof", (name, done, of))


# `make test` does these on one of its databases alone, by the beginning of their names: a directory, a file, or some of
# its tests. Which database there is can't change what the first see. The others are samples of large proofs, which
# `make proofs` does on both, and on Postgres row-level security is a part of them; or they start many processes, which
# are for production.
ALONE = {
    "sqlite": (
        "bench/tests",
        "tests/guards/test_admin_costs.py",
        "tests/server/test_cors.py",
        "tests/server/test_commands.py",
        "tests/server/test_events.py",
        "tests/server/test_path_prefix.py",
        "tests/server/test_postgres.py",
        "tests/server/test_server.py",
        "tests/server/test_settings.py",
        "tests/server/test_uploads.py",
        "todos/tests/test_recurrence_",
        "todos/tests/test_search.py::test_texts_that_are_canonically_equal_fold_to_the_same",
        "transfer/tests/test_bad_files.py",
    ),
    "postgres": (
        "assistants/tests/test_fuzz.py",
        "assistants/tests/test_isolation.py",
        "assistants/tests/test_undo_of_anything.py",
        "tests/guards/test_isolation_by_id.py",
        "tests/guards/test_isolation_by_token.py",
        "tests/guards/test_isolation_of_calendars.py",
        "tests/guards/test_isolation_of_lists.py",
        "tests/guards/test_isolation_of_pages.py::test_a_page",
        "tests/server/test_revocation.py",
        "tests/hostile",
        "tests/server/test_abuse_of_many_processes.py",
        "todos/tests/test_replicas.py",
        "todos/tests/test_tree_invariants.py",
    ),
}


# The rooms that databases could tell apart: those of models, rules and queries, and the guards over all rooms.
ON_BOTH = ("ownership/", "todos/", "tests/")


def pytest_collection_modifyitems(items):
    """Mark what `make test` does on one of its databases alone.

    Of a test with several cases, each database does half: the test runs on both, and each of its cases on one. Of a
    file that isn't `ON_BOTH`, each database does half of the tests, and so it does of those that don't use a database.
    `make coverage` does all of them on Postgres.
    """
    cases = defaultdict(list)
    for item in items:
        alone = [database for database, names in ALONE.items() if item.nodeid.startswith(names)]
        if alone:
            item.add_marker(f"{alone[0]}_alone")
        elif not item.get_closest_marker("skipif"):
            uses_database = "db" in item.fixturenames or item.get_closest_marker("django_db")
            by_case = item.nodeid.startswith(ON_BOTH) and uses_database
            cases[item.nodeid.partition("[" if by_case else "::")[0]].append(item)
    for items in cases.values():
        if len(items) > 1:
            # In an order that has nothing to do with what they are, but is the same in each run.
            for number, item in enumerate(sorted(items, key=lambda item: crc32(item.nodeid.encode()))):
                item.add_marker(("sqlite_alone", "postgres_alone")[number % 2])


def pytest_terminal_summary(terminalreporter):
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, [])]
    if lines := proofs.summary(reports):
        terminalreporter.section("large proofs, whole" if proofs.FULL else "large proofs, a sample")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def alice(db) -> User:
    return User.objects.create_user("alice@example.com", PASSWORD, name="Alice", timezone="Europe/Zurich")


@pytest.fixture
def bob(db) -> User:
    return User.objects.create_user("bob@example.com", PASSWORD, name="Bob")


@pytest.fixture
def operator(db) -> User:
    return User.objects.create_superuser("operator@example.com", PASSWORD)


@pytest.fixture
def desk(operator) -> Browser:
    """The operator's browser, signed in to the admin."""
    browser = Browser()
    browser.force_login(operator)
    return browser


@pytest.fixture
def api(alice) -> Client:
    return Client(alice)


@pytest.fixture
def bobs_api(bob) -> Client:
    return Client(bob)


@pytest.fixture
def anonymous(db) -> Client:
    return Client()


@pytest.fixture
def task(alice) -> Task:
    return Task.objects.create(owner=alice, title="Buy milk", description="Two litres")


@pytest.fixture
def bobs_task(bob) -> Task:
    return Task.objects.create(owner=bob, title="Bob's secret", description="canary-bob")

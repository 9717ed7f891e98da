"""Fixtures for all tests. Alice is the current user, Bob another one."""

import gc
import os

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from django.test import override_settings
from rest_framework.throttling import SimpleRateThrottle

from testing import proofs
from testing.client import PASSWORD, Client, leave_role
from testing.databases import migrated_database
from todos.models import Task
from users.emails import mail_executor
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
        yield
        connection.close()


@pytest.fixture(autouse=True)
def _mail_is_sent():
    yield
    mail_executor.submit(int).result(timeout=10)  # wait for the emails of this test


@pytest.fixture
def proved(record_property):
    """Note how much of a large proof a test does: `proved("isolation", 12, 96)` is shown at the end of the run."""
    return lambda name, done, of: record_property("proof", (name, done, of))


# `make test` does these on one of its databases alone, by the beginning of their names: a directory, a file, or some of
# its tests. Which database there is can't change what the first see. The others are samples of large proofs, which
# `make proofs` does on both, and on Postgres row-level security is a part of them.
ALONE = {
    "sqlite": (
        "api/tests/test_addresses.py",
        "api/tests/test_bodies.py",
        "api/tests/test_csrf.py",
        "api/tests/test_document.py",
        "api/tests/test_fields.py",
        "api/tests/test_garbage.py",
        "api/tests/test_middleware.py",
        "api/tests/test_negotiation.py",
        "api/tests/test_parameters.py",
        "api/tests/test_parsers.py",
        "api/tests/test_schema.py",
        "assistants/tests/test_protocol.py",
        "bench/tests",
        "dav/tests/test_calendars_page.py",
        "dav/tests/test_discovery.py",
        "live/tests/test_sending.py",
        "live/tests/test_streams.py",
        "tests/contract/test_sync_page.py",
        "tests/guards/test_content_security_policy.py",
        "tests/guards/test_cors.py",
        "tests/guards/test_documented_headers.py",
        "tests/guards/test_documents.py",
        "tests/guards/test_imports.py",
        "tests/guards/test_introduction.py",
        "tests/guards/test_isolation_of_pages.py::test_all_other_pages",
        "tests/guards/test_isolation_of_pages.py::test_the_admin",
        "tests/guards/test_mutants.py",
        "tests/guards/test_reliability.py",
        "tests/recipes/test_serializers.py",
        "tests/recipes/test_views.py",
        "tests/server/test_abuse_of_many_processes.py::test_no_header_is_a_way_around",
        "tests/server/test_commands.py",
        "tests/server/test_env_file.py",
        "tests/server/test_events.py",
        "tests/server/test_http.py",
        "tests/server/test_nginx.py",
        "tests/server/test_path_prefix.py",
        "tests/server/test_postgres.py",
        "tests/server/test_server.py",
        "tests/server/test_settings.py",
        "tests/server/test_streams.py",
        "tests/server/test_unread.py",
        "tests/server/test_uploads.py",
        "tests/server/test_values.py",
        "todos/tests/test_icalendar.py",
        "todos/tests/test_recurrence_",
        "todos/tests/test_search.py::test_texts_that_are_canonically_equal_fold_to_the_same",
        "transfer/tests/test_bad_files.py",
        "transfer/tests/test_words.py",
        "users/tests/test_issuer_keys.py",
        "users/tests/test_jwt.py",
    ),
    "postgres": (
        "assistants/tests/test_isolation.py",
        "tests/guards/test_isolation_by_id.py",
        "tests/guards/test_isolation_by_token.py",
        "tests/guards/test_isolation_of_calendars.py",
        "tests/guards/test_isolation_of_lists.py",
        "tests/guards/test_isolation_of_pages.py::test_a_page",
        "tests/guards/test_revocation.py",
        "tests/hostile",
    ),
}


def pytest_collection_modifyitems(items):
    for item in items:
        for database, names in ALONE.items():
            if item.nodeid.startswith(names):
                item.add_marker(f"{database}_alone")


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

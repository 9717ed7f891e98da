"""Fixtures for all tests. Alice is the current user, Bob another one."""

import os

import hypothesis
import pytest
from django.db import connection
from django.test import Client as Browser

from testing.client import PASSWORD, Client
from todos.models import Task
from users.emails import mail_executor
from users.models import User

# The same examples in each run, so that failures are reproducible. HYPOTHESIS_PROFILE=random tries new ones.
hypothesis.settings.register_profile("seeded", derandomize=True)
hypothesis.settings.register_profile("random", derandomize=False)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "seeded"))


def leave_request_scope(get_response):
    """Middleware that resets the role after a request: the test's transaction would keep that of row-level security."""

    def middleware(request):
        response = get_response(request)
        if connection.vendor == "postgresql" and connection.in_atomic_block and not connection.needs_rollback:
            with connection.connection.cursor() as cursor:  # psycopg2's: it is not for the tests to count
                cursor.execute("SELECT set_config('role', 'none', true), set_config('app.owner', '', true)")
        return response

    return middleware


@pytest.fixture(autouse=True)
def _test_settings(settings):
    settings.MIDDLEWARE = ["conftest.leave_request_scope", *settings.MIDDLEWARE]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 is slow on purpose
    settings.THROTTLE_USER = settings.THROTTLE_ANON = settings.THROTTLE_CREDENTIALS = None  # tests make many calls
    settings.SENDS_MAIL, settings.PUBLIC_URL = True, "https://todo.example.com"
    # Without `collectstatic` there is no manifest of hashed names, and nothing for WhiteNoise to look through.
    settings.STATIC_ROOT = None
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    yield
    mail_executor.submit(int).result(timeout=10)  # wait for the emails of this test


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

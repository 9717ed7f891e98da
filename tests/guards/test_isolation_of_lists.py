"""What another has changes nothing in what somebody is answered: not a row, not even a count."""

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from testing.callers import protected_by, protections
from testing.client import PASSWORD, Client
from testing.routes import ROUTES
from testing.world import build
from users.models import User

WITHOUT_ID = [route for route in ROUTES if "GET" in route.methods and not route.has_id]


@pytest.fixture(scope="module", params=protections())
def answers(request, django_db_setup, django_db_blocker) -> dict[str, list]:
    """What Bob is answered under this protection, without Alice's world and with it, by route."""
    with django_db_blocker.unblock(), transaction.atomic(), override_settings():
        api = Client(User.objects.create_user("bob@example.com", PASSWORD, name="Bob"))

        def ask() -> list:
            return [api.get(route.url(), HTTP_X_REQUEST_ID="probe") for route in WITHOUT_ID]

        with protected_by(request.param, settings):
            before = ask()
            build()
            after = ask()
        transaction.set_rollback(True)
    return {str(route): list(pair) for route, *pair in zip(WITHOUT_ID, before, after, strict=True)}


@pytest.mark.parametrize("route", WITHOUT_ID, ids=str)
def test_what_another_has_changes_no_response(route, answers):
    before, after = answers[str(route)]

    assert (before.status_code, dict(before.headers), before.content) == (200, dict(after.headers), after.content)

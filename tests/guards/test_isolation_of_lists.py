"""What another has changes nothing in what somebody is answered: not a row, not even a count."""

import pytest

from testing.callers import protected_by, protections
from testing.routes import ROUTES
from testing.world import build

WITHOUT_ID = [route for route in ROUTES if "GET" in route.methods and not route.has_id]


@pytest.mark.parametrize("protection", protections())
@pytest.mark.parametrize("route", WITHOUT_ID, ids=str)
def test_what_another_has_changes_no_response(route, protection, bobs_api, settings):
    with protected_by(protection, settings):
        before = bobs_api.get(route.url(), HTTP_X_REQUEST_ID="probe")
        build()
        after = bobs_api.get(route.url(), HTTP_X_REQUEST_ID="probe")

    assert (before.status_code, dict(before.headers), before.content) == (200, dict(after.headers), after.content)

"""The initial raw data of a page is valid once the required fields are filled in."""

import json
import re
from html import unescape

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client as Browser
from django.utils.http import urlsafe_base64_encode

from testing.client import PASSWORD
from testing.probes import BODIES
from testing.routes import ROUTES, Route
from testing.uploads import source_of
from testing.world import World

NEW = "another horse battery"
CALLS = [
    (route, method)
    for route in ROUTES
    for method in BODIES
    if method in route.methods and not source_of(route.path)  # a file can be sent by a form alone
]


def required(route: Route, method: str, thing, world: World) -> dict:
    bodies: dict[str, dict] = {
        "auth/register/": {"email": "new@example.com", "password": NEW},
        "auth/login/": {"email": world.alice.email, "password": PASSWORD},
        "auth/password-reset/": {"email": world.alice.email},
        "auth/password-reset/confirm/": {
            "uid": urlsafe_base64_encode(str(world.alice.pk).encode()),
            "token": default_token_generator.make_token(world.alice),
            "new_password": NEW,
        },
        "me/password/": {"current_password": PASSWORD, "new_password": NEW},
    }
    return bodies.get(route.path) or route.body(method, world.alice, thing)


def raw_data(page: str) -> dict:
    (text,) = re.findall(r'<textarea name="_content"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return json.loads(unescape(text))


def test_raw_data_has_the_defaults_and_nothing_that_is_not_taken(world):
    browser = Browser(headers={"Accept": "text/html"})
    browser.force_login(world.alice)

    begun = {path: raw_data(browser.get(f"/api/v1/{path}").content.decode()) for path in ("projects/", "tokens/")}

    assert begun == {
        "projects/": {"name": "", "color": ""},
        "tokens/": {"name": "", "kind": "api", "scopes": ["read", "write"], "expires_at": None},
    }


@pytest.mark.parametrize(("route", "method"), CALLS, ids=lambda part: str(part))
def test_raw_data_can_be_sent_with_what_is_required(route, method, world):
    browser = Browser(headers={"Accept": "text/html"})
    browser.force_login(world.alice)
    thing = route.make(world.alice) if route.model else None
    url = "/api/v1" + route.url(thing and thing.pk)

    body, more = raw_data(browser.get(url).content.decode()), required(route, method, thing, world)
    response = browser.generic(method, url, json.dumps({**body, **more}), content_type="application/json")

    assert more.keys() <= body.keys()
    assert response.status_code < 300, route.refusal(response)

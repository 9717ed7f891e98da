"""The guard of the owner rule, over every route and method of the API."""

import pytest
from django.db import connection
from django.utils import timezone

from api.ids import uuid7
from api.prepared import known
from config.tests.routes import METHODS, PUBLIC, ROUTES, Route
from conftest import Client
from todos.models import Project, Tag, Task
from users.models import ApiToken, User
from users.ownership import OwnedModel, OwnedQuerySet
from users.viewsets import OwnedViewSet

MISSING = "01900000-0000-7000-8000-000000000000"
# How to make one of each thing that a route is about. A new model fails here until it is added.
MAKE = {
    Task: lambda owner: Task.objects.create(owner=owner, title="canary", description="canary", tags=["canary"]),
    Project: lambda owner: Project.objects.create(owner=owner, name=f"canary {uuid7()}"),
    Tag: lambda owner: Tag.objects.create(owner=owner, name=f"canary {uuid7().hex}"),
    ApiToken: lambda owner: ApiToken.issue(owner, "canary")[0],
}


WALLS = ["both walls", "the owner rule alone", "the database alone"]


@pytest.fixture(params=WALLS if connection.vendor == "postgresql" else WALLS[1:2])
def _walls(request, settings, monkeypatch):
    """Either wall has to hold without the other one. SQLite has only the one."""
    known.clear()
    settings.ROW_LEVEL_SECURITY = request.param != "the owner rule alone"
    if request.param == "the database alone":
        monkeypatch.setattr(OwnedQuerySet, "owned_by", lambda queryset, user: queryset.all())
    yield
    known.clear()


def make(route: Route, owner: User):
    thing = MAKE[route.model](owner)
    if route.is_about_trash:
        thing.delete()
    return thing


WITH_ID = [route for route in ROUTES if route.has_id]
OWNED = [route for route in ROUTES if route.model and issubclass(route.model, OwnedModel)]


def answer_of(client: Client, method: str, url: str) -> tuple:
    body = {} if method in ("POST", "PUT", "PATCH", "DELETE") else None
    answer = client.generic(
        method, url, data="{}" if body is not None else "", content_type="application/json", HTTP_X_REQUEST_ID="guard"
    )
    return answer.status_code, dict(answer.headers), answer.content


@pytest.mark.usefixtures("_walls")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", WITH_ID, ids=str)
def test_what_is_anothers_answers_byte_for_byte_like_what_is_missing(route, method, alice, bobs_api):
    theirs = make(route, alice)
    before = type(theirs).objects.filter(pk=theirs.pk).values().get()

    foreign = answer_of(bobs_api, method, route.url(theirs.pk))

    assert foreign == answer_of(bobs_api, method, route.url(MISSING))
    assert foreign[0] == (404 if method in route.methods else 200 if method == "OPTIONS" else foreign[0])
    assert foreign[0] in (200, 404, 405)
    assert type(theirs).objects.filter(pk=theirs.pk).values().get() == before


@pytest.mark.usefixtures("_walls")
@pytest.mark.parametrize("route", WITH_ID, ids=str)
def test_the_owner_does_find_it(route, alice, api):
    """Without this, a guard that looks at the wrong place would pass."""
    for method in route.methods:
        mine = make(route, alice)
        status, _, _ = answer_of(api, method, route.url(mine.pk))
        assert status not in (401, 403, 404, 405), method


@pytest.mark.usefixtures("_walls")
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("route", OWNED, ids=str)
def test_no_page_shows_anything_of_another(route, accept, alice, bobs_api):
    theirs = make(route, alice)

    for url in {route.url(theirs.pk), route.url(MISSING)}:
        for method in ("GET", "OPTIONS"):
            page = bobs_api.generic(method, url, HTTP_ACCEPT=accept)
            assert b"canary" not in page.content
            assert theirs.pk.hex not in page.content.decode().replace(f"{theirs.pk}/", "")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", [route for route in ROUTES if route.path not in PUBLIC], ids=str)
def test_nobody_gets_a_401(route, method, anonymous):
    status, headers, body = answer_of(anonymous, method, route.url(MISSING))

    assert status == 401
    assert headers["WWW-Authenticate"] == "Bearer"
    assert method == "HEAD" or b'"not_authenticated"' in body


@pytest.mark.parametrize("make_useless", ["expired", "revoked", "disabled"])
@pytest.mark.parametrize("route", [route for route in ROUTES if route.path not in PUBLIC], ids=str)
def test_a_token_that_is_no_longer_good_gets_a_401(route, make_useless, api):
    if make_useless == "expired":
        ApiToken.objects.filter(pk=api.token.pk).update(expires_at=timezone.now())
    elif make_useless == "revoked":
        api.token.delete()
    else:
        type(api.user).objects.filter(pk=api.user.pk).update(is_active=False)

    for method in route.methods:
        status, _, body = answer_of(api, method, route.url(MISSING))
        assert (status, b'"authentication_failed"' in body) == (401, True), method


@pytest.mark.parametrize("route", [route for route in ROUTES if route.path not in PUBLIC], ids=str)
def test_a_token_that_may_only_read_writes_nothing(route, alice):
    reader = Client(alice, scopes=["read"])

    for method in route.methods:
        status, _, _ = answer_of(reader, method, route.url(MISSING))
        assert (status == 403) == (method not in ("GET", "HEAD")), method


def test_every_view_of_a_model_is_scoped_by_the_owner_rule():
    about_models = [route.view for route in ROUTES if route.model]

    assert about_models
    for view in about_models:
        assert issubclass(view, OwnedViewSet)
        assert isinstance(view.queryset, OwnedQuerySet)
        assert view.get_queryset is OwnedViewSet.get_queryset, f"{view.__name__} has its own idea of ownership"


def test_the_guard_walks_all_routes():
    found = {route.path: set(route.methods) for route in ROUTES}

    assert found["tasks/"] == {"GET", "POST"}
    assert found["tasks/<uuid:pk>/"] == {"GET", "PUT", "PATCH", "DELETE"}
    assert found["tasks/<uuid:pk>/complete/"] == {"POST"}
    assert found["me/"] == {"GET", "PATCH", "DELETE"}
    assert found.keys() >= PUBLIC

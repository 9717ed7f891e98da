"""Every view applies the owner rule. The tests in test_isolation_….py show its effect on every route and method."""

from api.ids import uuid7
from ownership.owned import OwnedQuerySet
from ownership.viewsets import OwnedViewSet
from testing.client import Client
from testing.routes import PUBLIC, ROUTES, Route
from todos.models import Project, Tag, Task
from users.models import ApiToken, User

MISSING = "01900000-0000-7000-8000-000000000000"
# How to create an object of each route. A new model fails here until it is added.
MAKE = {
    Task: lambda owner: Task.objects.create(owner=owner, title="canary", description="canary", tags=["canary"]),
    Project: lambda owner: Project.objects.create(owner=owner, name=f"canary {uuid7()}"),
    Tag: lambda owner: Tag.objects.create(owner=owner, name=f"canary {uuid7().hex}"),
    ApiToken: lambda owner: ApiToken.issue(owner, "canary")[0],
}


def make(route: Route, owner: User):
    thing = MAKE[route.model](owner)
    if route.is_about_trash:
        thing.delete()
    return thing


def answer_of(client: Client, method: str, url: str) -> tuple:
    body = {} if method in ("POST", "PUT", "PATCH", "DELETE") else None
    answer = client.generic(
        method, url, data="{}" if body is not None else "", content_type="application/json", HTTP_X_REQUEST_ID="guard"
    )
    return answer.status_code, dict(answer.headers), answer.content


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
    assert found["tasks/<id:pk>/"] == {"GET", "PUT", "PATCH", "DELETE"}
    assert found["tasks/<id:pk>/complete/"] == {"POST"}
    assert found["me/"] == {"GET", "PATCH", "DELETE"}
    assert found.keys() >= PUBLIC

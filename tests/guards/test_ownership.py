"""Every view applies the owner rule. The tests in test_isolation_….py show its effect on every route and method."""

from ownership.owned import OwnedQuerySet
from ownership.viewsets import OwnedViewSet
from testing.routes import EVERY_ROUTE, PUBLIC, ROUTES


def test_every_view_of_a_model_is_scoped_by_the_owner_rule():
    about_models = [route.view for route in EVERY_ROUTE if route.model]

    assert about_models
    for view in about_models:
        assert issubclass(view, OwnedViewSet)
        assert isinstance(view.queryset, OwnedQuerySet)


def test_the_guard_walks_all_routes():
    found = {route.path: set(route.methods) for route in ROUTES}

    assert found["tasks/"] == {"GET", "POST"}
    assert found["tasks/<id:pk>/"] == {"GET", "PUT", "PATCH", "DELETE"}
    assert found["tasks/<id:pk>/complete/"] == {"POST"}
    assert found["me/"] == {"GET", "PATCH", "DELETE"}
    assert found.keys() >= PUBLIC

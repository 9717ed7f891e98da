"""Nobody can use Alice's ids: in a path, in a body, in a filter."""

from collections.abc import Iterator

import pytest
from rest_framework.serializers import Serializer

from api.fields import UUIDField
from ownership.references import OwnedRelatedField
from ownership.serializers import RevisedSerializer
from testing.callers import Caller, callers, enforcing, layers, probe
from testing.client import Client
from testing.probes import BY_ID, questions, references
from testing.routes import ROUTES
from testing.world import World, rows_of, texts

WITHOUT_ID = [route for route in ROUTES if "GET" in route.methods and not route.has_id]
OWNED = [route for route in ROUTES if route.model and "GET" in route.methods]


@pytest.mark.parametrize("layer", layers())
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_what_is_anothers_is_like_what_is_missing(route, layer, world, bob, operator, settings):
    asked = questions(route, BY_ID)

    with enforcing(layer, settings):
        for name in callers(layer):
            probe(Caller.of(name, world, bob, operator), route, asked)


@pytest.mark.parametrize("layer", layers())
@pytest.mark.parametrize("route", WITHOUT_ID, ids=str)
def test_what_another_has_changes_no_answer(route, layer, bobs_api, request, settings):
    """Not even a count."""
    with enforcing(layer, settings):
        before = bobs_api.get(route.url(), HTTP_X_REQUEST_ID="probe")
        request.getfixturevalue("world")
        after = bobs_api.get(route.url(), HTTP_X_REQUEST_ID="probe")

    assert (before.status_code, dict(before.headers), before.content) == (200, dict(after.headers), after.content)


# Without these, the matrix would say nothing.


@pytest.mark.parametrize("layer", layers())
@pytest.mark.parametrize("route", OWNED, ids=str)
def test_alice_is_shown_it_and_that_is_noticed(route, layer, world, settings):
    name = {"Task": "task", "Project": "project", "Tag": "tag", "ApiToken": "token"}[route.model.__name__]

    with enforcing(layer, settings):
        answer = Client(world.alice).get(route.url(world.values[name]))

    assert answer.status_code == 200
    assert world.leaks(answer.content.decode())


def test_she_has_something_in_every_text(world: World):
    filled = {name: False for name, _ in texts(rows_of(world.alice))}

    for name, text in texts(rows_of(world.alice)):
        filled[name] |= bool(world.leaks(text)) or text not in ("", "None", "[]", "{}")

    assert [name for name, is_filled in filled.items() if not is_filled] == []


def serializers(kind: type = Serializer) -> Iterator[type]:
    for each in kind.__subclasses__():
        if each.__module__.startswith(("todos.", "users.")) and each is not RevisedSerializer:
            yield each
        yield from serializers(each)


def test_every_reference_of_a_body_is_asked_with():
    found = {
        name for each in serializers() for name, field in each().fields.items() if isinstance(field, OwnedRelatedField)
    }

    assert found == {"project", "parent", "before", "after"}
    assert all(references(route).keys() == found for route in ROUTES)


def test_every_id_of_a_filter_is_asked_with():
    parameters = [route.view.parameters_class() for route in OWNED]

    found = {name for each in parameters for name, field in each.fields.items() if isinstance(field, UUIDField)}

    assert found == {"project", "parent"}

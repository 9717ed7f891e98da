"""Nobody can use Alice's ids: in a path, in a body, in a filter."""

import json
import re

import pytest
from django.db import transaction
from django.db.models import CharField, DateTimeField, Model
from django.test import Client as Browser
from django.utils import timezone

from api.tests.test_schema import written_out
from testing.callers import Caller, asked_by, callers, probe, protected_by, protections
from testing.client import Client
from testing.probes import BY_ID, questions, references, size
from testing.resources import RESOURCES, reference_models
from testing.routes import ROUTES
from testing.world import EMPTY, World, rows_of, stored, texts

OWNED = [route for route in ROUTES if route.model and "GET" in route.methods]


@pytest.mark.parametrize("protection", protections())
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_what_is_anothers_is_like_what_is_missing(route, protection, world, bob, operator, settings, proved):
    every = questions(route, BY_ID)

    with protected_by(protection, settings):
        for name, asked in asked_by(callers(protection), protection, every, str(route)):
            probe(Caller.of(name, world, bob, operator), route, asked)
            proved("isolation", size(asked), size(every))


# Without these, the matrix would say nothing.


@pytest.mark.parametrize("protection", protections())
@pytest.mark.parametrize("route", OWNED, ids=str)
def test_alice_is_shown_it_and_that_is_noticed(route, protection, world, settings):
    with protected_by(protection, settings):
        response = Client(world.alice).get(route.url(world.values[RESOURCES[route.model].name]))

    assert response.status_code == 200
    assert world.leaks(response.content.decode())


def test_she_has_something_in_every_text(world: World):
    filled = {name: False for name, _ in texts(rows_of(world.alice))}

    for name, text in texts(rows_of(world.alice)):
        filled[name] |= bool(world.leaks(text)) or text not in EMPTY

    assert [name for name, is_filled in filled.items() if not is_filled] == []


def a_change(model: type[Model]) -> dict:
    """Of its first moment or text."""
    moments = [column.name for column in model._meta.fields if isinstance(column, DateTimeField)]
    texts = [column.name for column in model._meta.fields if isinstance(column, CharField) and not column.primary_key]
    return {moments[0]: timezone.now()} if moments else {texts[0]: "changed"}


def test_a_change_of_any_of_her_rows_is_noticed(world: World):
    before = stored(world.alice)

    for model, rows in rows_of(world.alice).items():
        for row in rows:
            with transaction.atomic():
                model._base_manager.filter(pk=row[model._meta.pk.attname]).update(**a_change(model))
                assert stored(world.alice) != before, row
                transaction.set_rollback(True)


@pytest.fixture(scope="module")
def document() -> dict:
    return Browser().get("/api/v1/schema/?format=json").json()


@pytest.fixture(scope="module")
def calls(document) -> list[dict]:
    return [call for methods in written_out(document["paths"], document).values() for call in methods.values()]


def ids_in(schema: dict, schemas: dict) -> set[str]:
    """The names of what may be sent, and is an id."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    found = set()
    for name, described in schema.get("properties", {}).items():
        is_id = is_of_ids({**described, "items": None}) and not described.get("readOnly")
        found |= {name} if is_id else ids_in(described, schemas)
    parts = [part for kind in ("anyOf", "oneOf", "allOf") for part in schema.get(kind, [])]
    return found.union(*(ids_in(part, schemas) for part in [*parts, schema.get("items")] if part))


def is_of_ids(schema: dict) -> bool:
    return bool(re.search(r'"uuid"|\[0-9a-fA-F\]\{8\}', json.dumps(schema)))


def test_every_reference_of_a_body_is_asked_with(document, calls):
    bodies = [
        content["schema"] for call in calls for content in call.get("requestBody", {}).get("content", {}).values()
    ]

    found = set().union(*(ids_in(body, document["components"]["schemas"]) for body in bodies))

    assert found >= {"project", "parent", "before", "after"}
    assert all(references(route).keys() >= found for route in ROUTES)


def test_every_id_of_a_filter_is_asked_with(calls):
    parameters = [each for call in calls for each in call.get("parameters", []) if each["in"] == "query"]

    found = {each["name"] for each in parameters if is_of_ids(each["schema"])}

    assert {"project", "parent"} <= found <= reference_models().keys()

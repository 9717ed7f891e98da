"""Whoever adds a resource is told, by its name, to tell the guards how to make one."""

import pytest
from django.apps import apps
from django.db.models import Model, UniqueConstraint

from ownership.revised import RevisedModel
from testing.resources import RESOURCES, WITHOUT_CALLS, make
from testing.routes import EVERY_ROUTE, LISTS


def known_models() -> set[type[Model]]:
    """What the API has viewsets for, and what is counted. (Tests have models of their own, to be thrown away.)"""
    counted = {model for model in apps.get_models() if issubclass(model, RevisedModel)}
    found = counted | {route.model for route in EVERY_ROUTE if route.model}
    return {
        model
        for model in found - WITHOUT_CALLS
        if ".tests" not in model.__module__ and not model.__module__.startswith("tests")
    }


def test_every_resource_is_registered():
    for model in sorted(known_models() - RESOURCES.keys(), key=lambda model: model.__name__):
        pytest.fail(f"Register {model.__name__} in testing/resources.py: say what one is made of.", pytrace=False)


def test_no_other_is():
    assert RESOURCES.keys() <= known_models()


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=lambda each: each.name)
def test_one_is_made_as_its_registration_says(api, alice, resource):
    thing = make(resource.model, alice, "goldfinch")
    body = resource.body("goldfinch", lambda needed: str(make(needed, alice).pk))
    response = api.post(LISTS[resource.model].url(), body)

    assert thing.owner == alice
    assert "goldfinch" in getattr(thing, resource.text)
    assert response.status_code == 201, response.json()
    assert "goldfinch" in response.json()[resource.text]


def indexed(model: type[Model]) -> list[tuple[str, ...]]:
    """The columns of each index of a model. The id is implied where the others are unique."""
    found = [(each, False) for each in model._meta.indexes]
    found += [(each, True) for each in model._meta.constraints if isinstance(each, UniqueConstraint)]
    names = [(each.fields or [getattr(part, "name", "") for part in each.expressions], once) for each, once in found]
    return [(*columns, *(["id"] if is_unique else [])) for columns, is_unique in names]


@pytest.mark.parametrize("model", RESOURCES, ids=lambda model: model.__name__.lower())
def test_the_default_order_of_a_list_has_an_index(model):
    filters = LISTS[model].view.filterset_class
    wanted = ("owner", *filters.orderings[filters.default_ordering.removeprefix("-")].columns, "id")

    assert wanted in [columns[: len(wanted)] for columns in indexed(model)], (
        f"{model.__name__} needs models.Index(fields={list(wanted)}, name=…), the order of {filters.__name__}."
    )

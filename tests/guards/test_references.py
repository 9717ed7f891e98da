"""Postgres itself ties no two owners together, whoever writes: each key to something owned is one with its owner."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import ForeignKey, Model

from testing.resources import RESOURCES, make
from todos.models import Task

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has the model's own check only.")


def owned_models() -> list[type[Model]]:
    """Those of this project that have an owner."""
    return [model for model in apps.get_models() if any(field.name == "owner" for field in model._meta.fields)]


def keys(model: type[Model]) -> Iterator[ForeignKey]:
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and field.related_model in owned_models():
            yield field


KEYS = [key for model in owned_models() for key in keys(model)]
TIED = {key.model for key in KEYS} | {key.related_model for key in KEYS}


def make_family(owner) -> None:
    """A row in each table, and one for each key."""
    for model in RESOURCES:
        make(model, owner)
    for key in KEYS:
        if key.model in RESOURCES:
            other = make(key.related_model, owner)
            key.model._base_manager.filter(owner=owner).exclude(pk=other.pk).update(**{key.name: other})


@pytest.fixture
def family(alice, bob):
    make_family(alice)
    make_family(bob)


def columns_of(model: type[Model], owner) -> list:
    return list(model._base_manager.filter(owner=owner).order_by("pk").values())


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_row_of_ones_own_cant_refer_to_anothers(family, alice, bob, key):
    theirs = key.related_model._base_manager.filter(owner=bob).first()
    before = columns_of(key.model, alice)
    table = key.model._meta.db_table

    # The error comes from the statement: at COMMIT, after a test's rollback, it would never come.
    with pytest.raises(IntegrityError, match="_same_owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {key.column} = %s WHERE owner_id = %s", [theirs.pk, alice.pk])

    assert before
    assert columns_of(key.model, alice) == before


@pytest.mark.parametrize("model", sorted(TIED, key=lambda model: model.__name__), ids=lambda model: model.__name__)
def test_what_is_tied_to_something_changes_hands_with_none_of_it(family, alice, bob, model):
    before = columns_of(model, alice)

    with pytest.raises(IntegrityError, match="_same_owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET owner_id = %s WHERE owner_id = %s", [bob.pk, alice.pk])

    assert before
    assert columns_of(model, alice) == before


def test_the_keys_of_a_task_are_among_them():
    assert {str(key) for key in KEYS if key.model is Task} == {"todos.Task.project", "todos.Task.parent"}

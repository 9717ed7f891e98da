"""Postgres itself ties no two owners together, whoever writes: each key to something owned is one with its owner."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import ForeignKey, Model

from assistants.models import ToolCall
from dav.tests.examples import store
from testing.resources import RESOURCES, make
from todos.models import Project, Task
from transfer.models import ImportedItem
from users.models import ApiToken, User

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has the model's own check only.")


def owned_models() -> list[type[Model]]:
    """Those of this project that have an owner."""
    return [model for model in apps.get_models() if any(field.name == "owner" for field in model._meta.fields)]


def keys(model: type[Model]) -> Iterator[ForeignKey]:
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and field.related_model in owned_models():
            yield field


KEYS = [key for model in owned_models() for key in keys(model)]


def make_family(owner: User) -> None:
    """A row in each table, and one for each key."""
    for model in RESOURCES:
        make(model, owner, owner.name)
    for key in KEYS:
        if key.model in RESOURCES:
            row, other = make(key.model, owner, owner.name), make(key.related_model, owner, owner.name)
            setattr(row, key.name, other)
            row.save()
    of_an_import = {"project": make(Project, owner, owner.name), "task": make(Task, owner, owner.name)}
    ImportedItem.objects.create(owner=owner, source="csv", key=owner.name, **of_an_import)
    store(owner, **of_an_import)
    ToolCall.objects.create(
        owner=owner, token=make(ApiToken, owner), tool="add_tasks", revision=1, revisions={}, before={}
    )


@pytest.fixture
def family(alice, bob):
    make_family(alice)
    make_family(bob)


def assert_refused(model: type[Model], column: str, value, owner: User, of: dict) -> None:
    """The error comes from the statement: at COMMIT, after a test's rollback, it would never come."""
    rows = model._base_manager.filter(owner=owner, **of)
    before, table = list(rows.values()), model._meta.db_table

    with pytest.raises(IntegrityError, match="_same_owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, before[0]["id"]])

    assert list(rows.values()) == before


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_row_of_ones_own_cant_refer_to_anothers(family, alice, bob, key):
    theirs = key.related_model._base_manager.filter(owner=bob).order_by("pk").first()  # that has no text of a client

    assert_refused(key.model, key.column, theirs.pk, alice, of={})


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_what_refers_to_something_changes_hands_only_with_it(family, alice, bob, key):
    assert_refused(key.model, "owner_id", bob.pk, alice, of={f"{key.name}__isnull": False})


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_what_is_referred_to_changes_hands_only_with_it(family, alice, bob, key):
    referred = key.model._base_manager.filter(owner=alice).values(key.name)

    assert_refused(key.related_model, "owner_id", bob.pk, alice, of={"pk__in": referred})


def test_the_keys_of_a_task_are_among_them():
    assert {str(key) for key in KEYS if key.model is Task} == {"todos.Task.project", "todos.Task.parent"}

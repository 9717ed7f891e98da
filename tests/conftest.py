from collections.abc import Callable, Iterator

import pytest
from django.db import transaction

from testing.counting import all_rows, revision_of
from testing.resources import REVISED, make
from testing.servers import Server, gunicorn
from testing.world import World, build


@pytest.fixture
def counted(alice):
    """Run a function. It must change something, and all changed rows must have the owner's next revision."""

    def run(something: Callable[[], object], writes: int = 1) -> None:
        before, revision = all_rows(alice), revision_of(alice)
        something()
        after = all_rows(alice)
        changed = {key for key in after if key not in before or after[key][0] != before[key][0]}
        assert changed or before.keys() - after.keys(), "Nothing was changed: this says nothing."
        assert revision_of(alice) == revision + writes
        stamps = {after[key][1] for key in changed}
        assert stamps <= set(range(revision + 1, revision + writes + 1))

    return run


@pytest.fixture(params=REVISED, ids=lambda model: model.__name__.lower())
def model(request):
    return request.param


@pytest.fixture
def thing(model, alice):
    return make(model, alice)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory) -> Iterator[Server]:
    """The production server with three processes, for all tests that do with what accounts of their own show."""
    with gunicorn(tmp_path_factory.mktemp("server"), processes=3) as server:
        yield server


@pytest.fixture(scope="module")
def built_world(django_db_setup, django_db_blocker) -> Iterator[World]:
    """In a transaction around those of all tests of a module: to build it takes longer than most of them."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@pytest.fixture
def world(built_world, db) -> World:
    return built_world

from collections.abc import Callable

import pytest

from testing.counting import MODELS, all_rows, revision_of
from testing.world import World, build
from tests.guards.test_ownership import MAKE


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
        assert {key for key in after if key in before and after[key][1] != before[key][1]} >= changed & before.keys()

    return run


@pytest.fixture(params=MODELS, ids=lambda model: model.__name__.lower())
def model(request):
    return request.param


@pytest.fixture
def thing(model, alice):
    return MAKE[model](alice)


@pytest.fixture
def world(db) -> World:
    return build()

"""Nobody can use values that were issued to Alice: cursors, sync tokens, Idempotency-Keys, entity tags."""

import pytest

from testing.callers import LAYERS, Caller, browsers, callers, enforcing, layers, probe
from testing.probes import BY_ID, BY_TOKEN, pages, questions, size
from testing.routes import ROUTES


@pytest.mark.parametrize("layer", layers())
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_what_was_given_to_another_is_like_what_was_given_to_nobody(route, layer, world, bob, operator, settings):
    asked = questions(route, BY_TOKEN)

    with enforcing(layer, settings):
        for name in callers(layer):
            probe(Caller.of(name, world, bob, operator), route, asked)


def test_they_are_20_000_probes_through_all_walls():
    """In the three files test_isolation_….py, without those of the admin."""
    asked = sum(size(questions(route, BY_ID + BY_TOKEN)) * len(callers(layer)) for route in ROUTES for layer in LAYERS)
    shown = sum(size(pages(route)) * len(browsers(layer)) for route in ROUTES for layer in LAYERS)

    print(f"\n{asked} calls and {shown} pages through {len(LAYERS)} layers")
    assert asked + shown >= 20_000

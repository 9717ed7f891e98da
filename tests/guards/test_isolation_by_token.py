"""Nobody can use values that were issued to Alice: cursors, sync tokens, Idempotency-Keys, entity tags."""

import pytest

from testing.callers import PROTECTIONS, Caller, asked_by, browsers, callers, probe, protected_by, protections
from testing.probes import BY_ID, BY_TOKEN, pages, questions, size
from testing.routes import ROUTES


@pytest.mark.parametrize("protection", protections())
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_what_was_given_to_another_is_like_what_was_given_to_nobody(
    route, protection, world, bob, operator, settings, proved
):
    every = questions(route, BY_TOKEN)

    with protected_by(protection, settings):
        for name, asked in asked_by(callers(protection), protection, every, str(route)):
            probe(Caller.of(name, world, bob, operator), route, asked)
            proved("isolation", size(asked), size(every))


def test_they_are_20_000_probes_under_all_protections():
    """In the three files test_isolation_….py, without those of the admin."""
    asked = sum(size(questions(route, BY_ID + BY_TOKEN)) for route in ROUTES) * sum(map(len, map(callers, PROTECTIONS)))
    shown = sum(size(pages(route)) for route in ROUTES) * sum(map(len, map(browsers, PROTECTIONS)))

    print(f"\n{asked} calls and {shown} pages under {len(PROTECTIONS)} protections")
    assert asked + shown >= 20_000

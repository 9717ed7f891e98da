"""Every filter of the project's lists, compiled and as Django runs it: the same rows, for two users at two moments.

One that is declared tomorrow is tried tomorrow: what it is asked for follows from the type of its field.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle, pairwise

import pytest
import time_machine
from django.http import QueryDict
from rest_framework import serializers

from testing import proofs
from testing.client import Client
from testing.routes import ROUTES, Route
from todos.models import Project, Task
from users.models import User

DAY = date(2030, 3, 10)
# In Zurich the second one is a day later than in UTC.
MOMENTS = [datetime(2030, 3, 10, 11, tzinfo=UTC), datetime(2030, 3, 11, 23, 30, tzinfo=UTC)]
# One list of each FilterSet; the trash of a thing has that of the thing.
LISTS = list({route.view.filterset_class: route for route in reversed(ROUTES) if route.is_list}.values())
FILTERS = [(route, name) for route in LISTS for name in sorted(route.view.filterset_class.filters())]


def samples(field: serializers.Field) -> Iterator[list[str]]:
    """Values to ask a filter of this type for, as a query string repeats them."""
    match field:
        case serializers.ListField():
            some = [value for [value] in samples(field.child)]
            yield from ([value] for value in some)
            yield from ([first, second] for first, second in pairwise(some) if first != second)
        case serializers.BooleanField():
            yield from (["true"], ["false"])
        case serializers.ChoiceField():
            yield from ([str(choice)] for choice in field.choices)
        case serializers.UUIDField():
            yield ["none"]
            some = [
                *Project.objects.all(),
                *Task.objects.filter(subtasks__isnull=False),
                *Task.objects.all()[:20],
            ]
            yield from ([str(row.pk)] for row in some)
        case serializers.DateTimeField():
            yield from ([each.isoformat()] for each in MOMENTS)
        case serializers.DateField():
            yield from ([str(DAY + timedelta(days=days))] for days in range(-1, 4))
        case serializers.IntegerField() | serializers.FloatField() | serializers.DecimalField():
            yield from ([str(number)] for number in range(5))
        case serializers.CharField():
            yield from ([word] for word in ("milk", "MILK", "two", "nothing"))
        case _:
            pytest.fail(f"{type(field).__name__} of a filter: say here what it can be asked for.")


def make_things(route: Route, owner: User, name: str) -> None:
    if route.model is Task:
        make_tasks(owner)
    else:
        for _ in range(3):
            route.make(owner)
    vary(route, owner, name)


def vary(route: Route, owner: User, name: str) -> None:
    """If all have the same in the column that this filter compares, give them what it will be asked for."""
    filterset = route.view.filterset_class
    column = filterset.lookups.get(name, "").partition("__")[0]
    things = list(route.model.objects.filter(owner=owner))
    columns = {each.name for each in route.model._meta.concrete_fields if not each.is_relation}
    if column not in columns or len({getattr(each, column) for each in things}) > 1:
        return
    for thing, values in zip(things, cycle(samples(filterset._declared_fields[name])), strict=False):
        query = QueryDict(mutable=True)
        query.setlist(name, values[:1])
        value = filterset.read(query)[name]
        setattr(thing, column, value[0] if isinstance(value, list) else value)
        thing.save()


def make_tasks(owner: User) -> None:
    home = Project.objects.create(owner=owner, name="Home")
    parent = Task.objects.create(owner=owner, title="Two litres of milk", project=home, priority=4)
    Task.objects.create(owner=owner, title="Buy it", parent=parent, priority=2, tags=["milk", "two"])
    Task.objects.create(owner=owner, title="Done", tags=["milk"]).complete()
    for days in range(4):
        for hour in (None, time(0, 15), time(11, 30), time(23)):
            due = {"due_date": DAY + timedelta(days=days), "due_time": hour}
            Task.objects.create(owner=owner, title=f"Due in {days} days", priority=days, **due)


@pytest.fixture
def clients(alice, bob) -> list[Client]:
    with time_machine.travel(MOMENTS[0], tick=False):
        return [Client(alice), Client(bob)]


def expected(route: Route, query: str, user: User) -> set[str]:
    filterset = route.view.filterset_class
    values = filterset.read(QueryDict(query))
    return {str(row.pk) for row in filterset.apply(route.view.queryset.owned_by(user), values, user)}


@pytest.mark.parametrize(("route", "name"), FILTERS, ids=lambda each: str(each))
def test_a_filter_gives_the_same_rows_compiled_and_uncompiled(route, name, clients):
    with time_machine.travel(MOMENTS[1], tick=False):  # the dates below are around those
        for client in clients:
            make_things(route, client.user, name)
    field = route.view.filterset_class._declared_fields[name]
    every = {client: expected(route, "", client.user) for client in clients}
    tells_apart = set()

    for moment in MOMENTS:
        with time_machine.travel(moment, tick=False):
            for values in samples(field):
                query = "&".join(f"{name}={value}" for value in values)
                for client in clients:
                    found = client.get(f"{route.url()}?limit=200&{query}").json()
                    if "results" not in found:  # an id of somebody else's, a parameter that isn't valid
                        continue
                    ids = {row["id"] for row in found["results"]}
                    assert ids == expected(route, query, client.user), (query, moment, client.user)
                    tells_apart |= {client} if set() < ids < every[client] else set()

    assert tells_apart == set(clients), (
        f"No value of the filter `{name}` leaves some rows out, so this says nothing. Let make_things() make some that"
        " it finds and some that it doesn't, or samples() have a value that does."
    )


ORDERS = [(route, name) for route in LISTS for name in sorted(route.view.filterset_class.orderings)]


@pytest.mark.parametrize(("route", "ordering"), ORDERS, ids=lambda each: str(each))
def test_an_order_shows_the_same_rows_with_each_filter(route, ordering, alice):
    client = Client(alice)
    make_things(route, alice, "")
    filters = route.view.filterset_class._declared_fields

    asked = [(name, values) for name in route.view.filterset_class.filters() for values in samples(filters[name])]
    for name, values in proofs.sample(asked, lambda pair: pair[0], ordering):
        query = "&".join(f"{name}={value}" for value in values)
        found = client.get(f"{route.url()}?limit=200&ordering={ordering}&{query}").json()
        if "results" in found:
            assert {row["id"] for row in found["results"]} == expected(route, query, alice), query


def test_the_filters_of_tasks_are_among_them():
    assert {name for route, name in FILTERS if str(route) == "tasks/"} >= {"due", "q", "tag", "project", "priority_min"}

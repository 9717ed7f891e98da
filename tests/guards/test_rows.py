"""Rows, objects and serializers have the same representation."""

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.renderers import dumps
from api.serializers import row_of
from ownership.viewsets import OwnedViewSet
from testing.routes import ROUTES

LISTS = [route for route in ROUTES if route.is_list]


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_row_is_what_the_serializer_answers(route, alice):
    serializer_class = route.view.serializer_class
    things = [route.make(alice) for _ in range(2)]
    for thing in things:
        thing = route.view.queryset.model.objects.all().get(pk=thing.pk)
        row = serializer_class.rows(route.model.objects.filter(pk=thing.pk)).get()
        said = orjson.loads(dumps(serializer_class(thing).data))
        assert orjson.loads(dumps(row)) == said
        assert orjson.loads(dumps(row_of(serializer_class, thing))) == said


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_list_costs_as_many_queries_for_50_rows_as_for_1(route, alice, api):
    assert issubclass(route.view, OwnedViewSet)
    route.make(alice)
    api.get(route.url())
    with CaptureQueriesContext(connection) as one:
        api.get(route.url())
    for _ in range(49):
        route.make(alice)

    with CaptureQueriesContext(connection) as fifty:
        response = api.get(route.url())

    assert len(response.json()["results"]) == 50
    assert len(one) == len(fifty) == 2  # the token, the rows

"""The number of round trips to the database of each call. On Neon, each costs a millisecond or more."""

import pytest
from django.db import connection

from testing.resources import RESOURCES, REVISED, make
from testing.round_trips import counted_connection, statements
from testing.routes import LISTS
from todos.models import Task

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is not on a network"),
    pytest.mark.django_db(transaction=True),  # a test's own transaction would make savepoints of theirs
]


@pytest.fixture
def tasks(alice):
    return Task.objects.bulk_create(Task(owner=alice, title=f"Task {number}") for number in range(200))


@pytest.fixture
def cost(api):
    """Count the round trips of a call with an open connection."""

    def call(method: str, path: str, body=None, status: int = 200, **headers) -> int:
        with counted_connection() as proxy:
            api.get("/me/")
            proxy.flights.clear()
            response = getattr(api, method.lower())(path, body, **headers)
            flights = list(proxy.flights)
        assert response.status_code == status, response.content
        print(f"\n{method} {path}: {len(flights)}\n{statements(flights)}")
        return len(flights)

    return call


@pytest.mark.parametrize("model", RESOURCES, ids=lambda model: model.__name__.lower())
def test_reading_costs_2(cost, alice, model):
    thing, path = make(model, alice), LISTS[model].url()

    assert cost("GET", path) <= 2
    assert cost("GET", f"{path}{thing.pk}/") <= 2


@pytest.mark.parametrize("model", REVISED, ids=lambda model: model.__name__.lower())
def test_an_unchanged_list_of_any_resource_costs_1(cost, api, alice, model):
    make(model, alice)
    etag = api.get(LISTS[model].url())["ETag"]

    assert cost("GET", LISTS[model].url(), status=304, HTTP_IF_NONE_MATCH=etag) <= 1


def test_a_list_costs_2(cost, tasks):
    assert cost("GET", "/tasks/") <= 2


@pytest.mark.parametrize(
    "query", ["untagged=true", "completed_after=2026-01-01", "completed_before=2026-01-01", "q=a b"]
)
def test_a_filter_costs_no_round_trip_of_its_own(cost, tasks, query):
    assert cost("GET", f"/tasks/?{query}") <= 2


@pytest.mark.parametrize("query", ["tag=a", "tag_any=a&tag_any=b", "tag_none=a", "tag=a&tag_any=b&tag_none=c"])
def test_the_filters_of_tags_cost_one_together(cost, tasks, query):
    assert cost("GET", f"/tasks/?{query}") <= 3


@pytest.mark.parametrize("ordering", ["due_date", "-due_date", "completed_at"])
def test_what_has_no_date_costs_one_more_where_it_comes_last(cost, tasks, ordering):
    assert cost("GET", f"/tasks/?ordering={ordering}") <= 3


def test_one_task_costs_2(cost, tasks):
    assert cost("GET", f"/tasks/{tasks[0].pk}/") <= 2


def test_an_unchanged_list_costs_1(cost, api, tasks):
    etag = api.get("/tasks/")["ETag"]

    assert cost("GET", "/tasks/", status=304, HTTP_IF_NONE_MATCH=etag) <= 1


def test_a_new_task_costs_4(cost):
    assert cost("POST", "/tasks/", {"title": "Buy milk"}, status=201) <= 4


@pytest.mark.parametrize(
    "fields", [{"title": "Buy oat milk"}, {"completed": True}, {"due_date": "2030-01-31"}], ids=list
)
def test_a_change_costs_5(cost, task, fields):
    assert cost("PATCH", f"/tasks/{task.pk}/", fields) <= 5


@pytest.mark.parametrize("action", ["complete", "toggle"])
def test_completing_costs_5(cost, task, action):
    assert cost("POST", f"/tasks/{task.pk}/{action}/") <= 5


def test_reopening_costs_5(cost, task):
    task.complete()

    assert cost("POST", f"/tasks/{task.pk}/reopen/") <= 5


def test_deleting_costs_5(cost, task):
    others = len(list(Task.dependents()))  # one query for each model whose rows are deleted with a task

    assert cost("DELETE", f"/tasks/{task.pk}/", status=204) <= 5 + others


def test_a_list_of_200_new_tasks_costs_8(cost):
    body = [{"title": f"Task {number}"} for number in range(200)]

    assert cost("POST", "/tasks/", body, status=201) <= 8


@pytest.mark.parametrize("action", [{"action": "update", "set": {"priority": 1}}, {"action": "complete"}], ids=str)
def test_200_tasks_changed_at_once_cost_8(cost, tasks, action):
    assert cost("POST", "/tasks/bulk/", {**action, "ids": [str(task.pk) for task in tasks]}) <= 8


def test_200_tasks_deleted_at_once_cost_8(cost, tasks):
    assert cost("POST", "/tasks/bulk/", {"action": "delete", "ids": [str(task.pk) for task in tasks]}) <= 8

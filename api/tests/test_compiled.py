import pytest

from api import compiled
from testing.client import Client
from todos.models import Project, Task


@pytest.fixture(autouse=True)
def _nothing_is_compiled():
    compiled.cached_queries.clear()
    yield
    compiled.cached_queries.clear()


def titles(client: Client, **query) -> list[str]:
    return [task["title"] for task in client.get("/tasks/", query).json()["results"]]


def lists() -> int:
    return sum("'list'" in repr(shape) for shape in compiled.cached_queries)


def test_one_query_serves_all_callers_and_all_values(alice, bob, api, bobs_api):
    for owner in (alice, bob):
        for name in ("home", "work"):
            project = Project.objects.create(owner=owner, name=name)
            Task.objects.create(owner=owner, title=f"{owner.name} {name}", project=project)
    projects = {(project.owner, project.name): str(project.pk) for project in Project.objects.all()}

    found = [
        titles(client, project=projects[client.user, name]) for client in (api, bobs_api) for name in ("home", "work")
    ]

    assert found == [["Alice home"], ["Alice work"], ["Bob home"], ["Bob work"]]
    assert lists() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"project": "none"},
        {"limit": "7"},
        {"ordering": "title"},
        {"ordering": "-title"},
        {"completed": "true"},
        {"completed": "false"},
        {"priority": ["1"]},
        {"priority": ["2"]},
        {"priority_min": "2"},
        {"tag": ["a"]},
        {"tag": ["a", "b"]},
        {"due": "today"},
        {"due": "overdue"},
        {"q": "milk"},
    ],
    ids=str,
)
def test_what_makes_another_query_of_it_is_prepared_apart(api, other):
    titles(api)

    titles(api, **other)

    assert lists() == 2


def test_the_order_of_the_parameters_makes_no_other_query(api):
    api.get("/tasks/?due_after=2026-01-01&completed=true")

    api.get("/tasks/?completed=true&due_after=2027-01-01")

    assert lists() == 1


def test_pages_of_one_list_share_two_queries(alice, api):
    Task.objects.bulk_create([Task(owner=alice, title=str(number)) for number in range(9)])

    page = api.get("/tasks/?limit=2").json()
    while page["next"]:
        page = api.get(page["next"].partition("/api/v1")[2]).json()

    assert lists() == 2  # the first page, and those after a place


def test_clients_can_not_fill_the_memory(api, monkeypatch):
    monkeypatch.setattr(compiled, "MAX_QUERIES", 10)

    for limit in range(1, 40):
        assert api.get(f"/tasks/?limit={limit}").status_code == 200
        assert len(compiled.cached_queries) <= 10

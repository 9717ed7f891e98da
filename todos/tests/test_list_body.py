"""A list of new tasks in one body: what it refers to is looked up at once, and errors have their index."""

from itertools import cycle

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from todos.models import Project, Tag, Task

NOBODYS = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def home(alice) -> Project:
    return Project.objects.create(owner=alice, name="Home")


def errors(response) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def test_the_tasks_of_a_list_refer_to_projects_parents_and_tags(api, task, home):
    body = [
        {"title": "a", "project": str(home.pk), "tags": ["x", "Y"]},
        {"title": "b", "parent": str(task.pk), "tags": ["y"]},
        {"title": "c"},
    ]

    response = api.post("/tasks/", body)

    assert response.status_code == 201
    assert [(made["title"], made["project"], made["parent"], made["tags"]) for made in response.json()] == [
        ("a", str(home.pk), None, ["x", "Y"]),
        ("b", None, str(task.pk), ["Y"]),
        ("c", None, None, []),
    ]
    assert response.json() == [api.get(f"/tasks/{made['id']}/").json() for made in response.json()]
    assert {made["revision"] for made in response.json()} == {Tag.objects.get(name="x").revision}


def test_the_positions_follow_the_list(api):
    made = api.post("/tasks/", [{"title": f"{number}"} for number in range(50)]).json()

    positions = [task["position"] for task in made]
    assert positions == sorted(set(positions))


def test_an_id_may_be_written_in_capital_letters(api, home):
    response = api.post("/tasks/", [{"title": "x", "project": str(home.pk).upper()}])

    assert response.json()[0]["project"] == str(home.pk)


def test_errors_have_the_index_of_their_task(api, home):
    response = api.post(
        "/tasks/",
        [
            {"title": "fine", "project": str(home.pk)},
            {"title": "x", "project": NOBODYS},
            {"title": "x", "parent": NOBODYS},
            {"title": "x", "recurrence": "FREQ=HOURLY", "due_date": "2030-01-01"},
            {"title": "x", "tags": ["fine", "x" * 51]},
            {"title": "x", "project": 5, "parent": {}},
        ],
    )

    assert response.status_code == 400
    assert errors(response) == [
        ("1.project", "does_not_exist"),
        ("2.parent", "does_not_exist"),
        ("3.recurrence", "invalid"),
        ("4.tags.1", "max_length"),
        ("5.project", "invalid"),
        ("5.parent", "invalid"),
    ]
    assert not Task.objects.exists()
    assert not Tag.objects.exists()


def test_every_task_that_a_rule_refuses_is_named_by_its_index(api, alice, task, home):
    done = Task.objects.create(owner=alice, title="done", completed=True)
    deep = task
    for _ in range(4):
        deep = Task.objects.create(owner=alice, title="x", parent=deep)
    count = Task.objects.count()

    response = api.post(
        "/tasks/",
        [
            {"title": "fine", "project": str(home.pk), "tags": ["fine"]},
            {"title": "x", "parent": str(done.pk)},
            {"title": "x", "parent": str(deep.pk)},
            {"title": "x", "parent": str(task.pk), "project": str(home.pk)},
            {"title": "x", "due_time": "09:00"},
        ],
    )

    assert response.status_code == 400
    assert errors(response) == [
        ("1.parent", "parent_completed"),
        ("2.parent", "too_deep"),
        ("3.project", "not_the_parents"),
        ("4.due_time", "needs_due_date"),
    ]
    assert Task.objects.count() == count
    assert not Tag.objects.exists()


@pytest.mark.parametrize("field", ["project", "parent"])
def test_someone_elses_and_nobodys_are_refused_alike(api, bob, bobs_task, field):
    theirs = Project.objects.create(owner=bob, name="Bob's") if field == "project" else bobs_task

    responses = {
        api.post("/tasks/", [{"title": "x"}, {"title": "y", field: str(pk)}], HTTP_X_REQUEST_ID="same-for-all").content
        for pk in (theirs.pk, NOBODYS)
    }

    assert len(responses) == 1
    assert f'"field":"1.{field}","code":"does_not_exist"'.encode() in responses.pop()
    assert Task.objects.get() == bobs_task


@pytest.mark.parametrize("kind", ["project", "parent"])
def test_what_is_in_the_trash_can_not_be_referred_to(api, task, home, kind):
    thing = home if kind == "project" else task
    thing.delete()

    response = api.post("/tasks/", [{"title": "x", kind: str(thing.pk)}])

    assert errors(response) == [(f"0.{kind}", "does_not_exist")]


@pytest.mark.parametrize("named", ["parent", "parent and project"])
def test_200_with_references_cost_the_same_queries_as_1(api, alice, named):
    many = 200 if connection.vendor == "postgresql" else 20  # SQLite takes so few rows in one query
    projects = Project.objects.bulk_create(Project(owner=alice, name=f"{number}") for number in range(5))
    parents = Task.objects.bulk_create(
        Task(owner=alice, title="p", project=project) for project, _ in zip(cycle(projects), range(many), strict=False)
    )
    api.get("/tasks/")  # so that the use of the token is noted already
    counts = []
    for size in (1, many):
        body = [
            {"title": "x", "parent": str(parent.pk), "tags": [f"{size}", f"{size}-{parent.pk}"]}
            | ({"project": str(parent.project_id)} if "project" in named else {})
            for parent in parents[:size]
        ]
        with CaptureQueriesContext(connection) as queries:
            response = api.post("/tasks/", body)
        assert (response.status_code, len(response.json())) == (201, size)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 12

from math import ceil

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from todos.models import Task


def test_a_task_needs_only_a_title(api, alice):
    response = api.post("/tasks/", {"title": "Buy milk"})

    task = Task.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver/api/v1/tasks/{task.id}/"
    assert response.json() == {
        "id": str(task.id),
        "title": "Buy milk",
        "description": "",
        "completed": False,
        "completed_at": None,
        "priority": 0,
        "start_date": None,
        "start_time": None,
        "due_date": None,
        "due_time": None,
        "reminders": [],
        "recurrence": "",
        "repeat_from": "due",
        "occurrence_date": None,
        "series": None,
        "next_occurrence": None,
        "project": None,
        "parent": None,
        "tags": [],
        "position": 1.0,
        "created_at": task.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": task.updated_at.isoformat().replace("+00:00", "Z"),
        "revision": 1,
    }
    assert task.owner == alice


def test_location_leads_to_the_task(api):
    response = api.post("/tasks/", {"title": "Buy milk"})

    found = api.get(response["Location"].removeprefix("http://testserver/api/v1"))

    assert found.json() == response.json()


def test_a_task_can_be_made_completed(api):
    response = api.post("/tasks/", {"title": "Done before it was written down", "completed": True})

    assert response.json()["completed"] is True
    assert response.json()["completed_at"] is not None


def test_the_title_is_trimmed_and_the_description_is_not(api):
    response = api.post("/tasks/", {"title": "  Buy milk ", "description": "  - oat\n"})

    assert response.json()["title"] == "Buy milk"
    assert response.json()["description"] == "  - oat\n"


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\t", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_a_line_break_in_a_title_becomes_a_space(api, line_break):
    made = api.post("/tasks/", {"title": f"Buy{line_break}milk{line_break}", "description": "two\nlines"}).json()

    assert (made["title"], made["description"]) == ("Buy milk", "two\nlines")
    assert (
        api.patch(f"/tasks/{made['id']}/", {"title": f"{line_break}Oat{line_break}milk"}).json()["title"] == "Oat milk"
    )


def test_what_is_invisible_stays_in_a_title_that_can_be_seen(api):
    title = "Plan \u270f\ufe0f with the \U0001f469\u200d\U0001f467"

    assert api.post("/tasks/", {"title": title}).json()["title"] == title


def test_the_model_takes_line_breaks_for_spaces_and_refuses_what_nobody_sees(alice):
    task = Task.objects.create(owner=alice, title="Buy\r\nmilk")

    assert Task.objects.get(pk=task.pk).title == "Buy milk"
    with pytest.raises(ValidationError) as refused:
        Task.objects.create(owner=alice, title="\u200b")
    assert refused.value.error_dict["title"][0].code == "blank"


def test_read_only_fields_are_ignored(api, alice, bob):
    mine = api.post("/tasks/", {"title": "Original"}).json()

    copy = api.post("/tasks/", {**mine, "occurrence_date": "2001-01-01", "revision": 99})

    assert copy.status_code == 201
    assert copy.json()["id"] != mine["id"]
    assert copy.json()["occurrence_date"] is None
    assert copy.json()["revision"] == 2


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "title", "required"),
        ({"title": ""}, "title", "blank"),
        ({"title": "   "}, "title", "blank"),
        ({"title": None}, "title", "null"),
        ({"title": 5}, "title", "invalid"),
        ({"title": ["x"]}, "title", "invalid"),
        ({"title": "x" * 501}, "title", "max_length"),
        *(({"title": text}, "title", "blank") for text in ("\u200b", "\u200d\ufe0f\u00a0", "\u3164", "\u2800", "\n\t")),
        ({"title": "\U000e0061"}, "title", "blank"),
        *(({"title": text}, "title", "control_characters_not_allowed") for text in ("a\x07b", "\x1b", "a\x1f", "\x9f")),
        ({"title": "a\0b"}, "title", "null_characters_not_allowed"),
        ({"title": "x", "description": None}, "description", "null"),
        ({"title": "x", "description": "x" * 20_001}, "description", "max_length"),
        ({"title": "x", "completed": "true"}, "completed", "invalid"),
        ({"title": "x", "completed": 1}, "completed", "invalid"),
        ({"title": "x", "completed": None}, "completed", "null"),
        ({"title": "x", "owner": "me"}, "owner", "unknown"),
        ({"title": "x", "titel": "y"}, "titel", "unknown"),
        ({"title": "x", "deleted_at": None}, "deleted_at", "unknown"),
    ],
)
def test_bad_values_are_refused_by_name(api, body, field, code):
    response = api.post("/tasks/", body)

    problem = response.json()
    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]
    assert problem["code"] == "validation_error"
    assert problem["detail"] == f"{field}: {problem['errors'][0]['message']}"
    assert not Task.objects.exists()


def test_the_longest_values_fit(api):
    response = api.post("/tasks/", {"title": "ß" * 500, "description": "日" * 20_000})

    assert response.status_code == 201
    assert (response.json()["title"], response.json()["description"]) == ("ß" * 500, "日" * 20_000)
    assert Task.objects.get().title_folded == "s" * 500  # twice as many would be too long for the index


def test_a_list_makes_all_its_tasks_in_one_write(api, alice):
    response = api.post("/tasks/", [{"title": "One"}, {"title": "Two", "completed": True}])

    assert response.status_code == 201
    assert [(task["title"], task["completed"], task["revision"]) for task in response.json()] == [
        ("One", False, 1),
        ("Two", True, 1),
    ]
    assert {str(task.id) for task in Task.objects.owned_by(alice)} == {task["id"] for task in response.json()}


def test_one_bad_task_in_a_list_stops_all_of_them(api):
    response = api.post("/tasks/", [{"title": "Good"}, {"title": ""}, {"title": "Good", "x": 1}, "no task"])

    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [
        ("1.title", "blank"),
        ("2.x", "unknown"),
        ("3", "invalid"),
    ]
    assert not Task.objects.exists()


@pytest.mark.parametrize(("size", "code"), [(0, "empty"), (201, "max_length")])
def test_a_list_has_1_to_200_tasks(api, size, code):
    response = api.post("/tasks/", [{"title": "x"}] * size)

    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == code
    assert not Task.objects.exists()


@pytest.mark.parametrize("size", [1, 200])
def test_a_list_costs_the_same_queries_whatever_its_length(api, size, django_assert_num_queries):
    api.get("/tasks/")  # so that the use of the token is noted already
    columns = len(Task._meta.concrete_fields)
    batches = ceil(size / (999 // columns)) if connection.vendor == "sqlite" else 1  # Django's limit of parameters

    with django_assert_num_queries(4 + batches):  # token, savepoint, revision, insert, release
        api.post("/tasks/", [{"title": "x"}] * size)


def test_a_task_can_be_made_by_a_form(api, alice):
    response = api.post("/tasks/", {"title": "From a form", "completed": "true"}, format="multipart")

    assert response.status_code == 201
    assert response.json()["completed"] is True

"""References to another user's object get the error for a missing one, and no write can connect two owners."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from api.ids import uuid7
from testing.client import PASSWORD
from todos.models import Project, Tag, Task


def fill_in(part, **ids):
    if isinstance(part, dict):
        return {name: fill_in(value, **ids) for name, value in part.items()}
    if isinstance(part, list):
        return [fill_in(value, **ids) for value in part]
    if isinstance(part, str):
        for name, pk in ids.items():
            part = part.replace(f"{{{name}}}", str(pk))
    return part


@pytest.fixture
def bobs(bob) -> dict:
    things = {
        "project": Project.objects.create(owner=bob, name="canary project"),
        "parent": Task.objects.create(owner=bob, title="canary task"),
        "tag": Tag.objects.create(owner=bob, name="canary tag"),
    }
    Task.objects.create(owner=bob, title="canary below", project=things["project"], tags=["canary tag"])
    Task.objects.create(owner=bob, title="canary subtask", parent=things["parent"])
    return things


@pytest.fixture
def home(alice) -> Project:
    return Project.objects.create(owner=alice, name="Home")


@pytest.mark.parametrize("name", ["project", "parent"])
def test_a_refused_reference_says_no_more_than_that(api, bobs, name):
    response = api.post("/tasks/", {"title": "x", name: str(bobs[name].pk)})

    message = "This object does not exist. Use the id of one of your own objects."
    assert response.json()["errors"] == [{"field": name, "code": "does_not_exist", "message": message}]


@pytest.mark.parametrize("name", ["project", "parent"])
def test_the_trash_is_no_place_to_put_something(api, task, home, alice, name):
    trashed = home if name == "project" else Task.objects.create(owner=alice, title="gone")
    trashed.delete()

    missing = [api.patch(f"/tasks/{task.pk}/", {name: str(pk)}, HTTP_X_REQUEST_ID="x") for pk in (trashed.pk, uuid7())]

    assert missing[0].status_code == 400
    assert missing[0].content == missing[1].content


@pytest.mark.parametrize(
    "path", ["tasks/", "tasks/{mine}/", "tasks/{mine}/move/", "tasks/bulk/", "projects/{home}/move/"]
)
def test_the_forms_offer_the_callers_own_only(client, alice, task, home, bobs, path):
    other = Task.objects.create(owner=alice, title="My other task")
    client.login(username=alice.email, password=PASSWORD)

    page = client.get("/api/v1/" + fill_in(path, mine=task.pk, home=home.pk), HTTP_ACCEPT="text/html").content.decode()

    assert "canary" not in page
    assert not any(str(thing.pk) in page for thing in bobs.values())
    if path == "tasks/":
        assert f'<option value="{other.pk}"' in page
        assert f'<option value="{home.pk}"' in page


# Past the API


@pytest.mark.parametrize("name", ["project", "parent"])
@pytest.mark.parametrize("write", ["create", "save", "full_clean", "bulk_create", "bulk_update"])
def test_the_model_refuses_it_to_every_writer(alice, task, bobs, name, write):
    if write in ("save", "full_clean", "bulk_update"):
        setattr(task, name, bobs[name])
    calls = {
        "create": lambda: Task.objects.create(owner=alice, title="x", **{name: bobs[name]}),
        "save": lambda: task.save(),
        "full_clean": lambda: task.full_clean(),
        "bulk_create": lambda: Task.objects.bulk_create([Task(owner=alice, title="x", **{name: bobs[name]})]),
        "bulk_update": lambda: Task.objects.bulk_update([task], [name]),
    }

    with pytest.raises(ValidationError) as refused:
        calls[write]()

    assert refused.value.error_dict[name][0].code == "does_not_exist"
    assert not Task.objects.filter(owner=alice).exclude(project=None, parent=None).exists()


def test_a_new_task_of_two_owners_is_not_valid(alice, bobs):
    with pytest.raises(ValidationError) as refused:
        Task(owner=alice, title="x", project=bobs["project"], position=1.0, revision=1).full_clean()

    assert "project" in refused.value.error_dict


def test_nothing_with_a_reference_changes_hands(alice, bob, home):
    task = Task.objects.create(owner=alice, title="x", project=home)
    task.owner = bob

    with pytest.raises(ValueError, match="owner and the id"):
        task.save()

    assert Task.objects.get().owner == alice


postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has the model's own check only")


@postgres
def test_postgres_takes_what_is_of_one_owner(alice, home, task):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE todos_task SET project_id = %s WHERE id = %s", [home.pk, task.pk])

    assert Task.objects.get().project == home

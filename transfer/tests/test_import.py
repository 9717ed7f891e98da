"""`POST import/{source}/`: all or none, in one revision, nothing twice."""

from datetime import UTC, datetime

import pytest

from testing.client import Client
from testing.problems import assert_problem
from testing.syncing import page
from testing.uploads import FILES, named, sample
from todos.models import Project, Tag, Task
from transfer.models import ImportedItem
from transfer.sources import SOURCES
from transfer.tests.conftest import data_of, refusal, tasks_of, told
from users.models import User

TABLE = "id,title,project,parent,tags\n1,Trip,Summer,,x\n2,Pack,,1,\n"


def revision(user) -> int:
    return User.objects.get(pk=user.pk).revision


def test_the_report_says_what_was_created(upload, alice):
    response = upload("csv", TABLE)

    assert response.json() == {
        "created": {"projects": 1, "tags": 1, "tasks": 2},
        "unchanged": 0,
        "lost": [],
    }
    assert tasks_of(alice) == {
        "Trip": {"project": "Summer", "tags": ["x"]},
        "Pack": {"project": "Summer", "parent": "Trip"},
    }


def test_what_has_tags_is_found_by_them(upload, api):
    upload("csv", TABLE)

    untagged = api.get("/tasks/?untagged=true").json()["results"]
    assert [task["title"] for task in untagged] == ["Pack"]


def test_reminders_go_out(upload, alice):
    upload("csv", "title,due_date,due_time,reminders\nCall,2130-01-31,09:00,30\nCalled,2020-01-31,09:00,30\n")

    moments = {task.title: task.remind_at for task in Task.objects.all()}
    assert moments == {"Call": datetime(2130, 1, 31, 7, 30, tzinfo=UTC), "Called": None}


def test_an_import_is_one_revision(upload, alice, api):
    before = revision(alice)

    upload("csv", TABLE)

    assert revision(alice) == before + 1
    assert {change["revision"] for change in page(api)["results"]} == {before + 1}


@pytest.mark.parametrize("source", SOURCES)
def test_a_dry_run_reports_the_same_and_changes_nothing(upload, alice, source):
    before = data_of(alice)

    dry = upload(source, sample(source), "?dry_run=true")

    assert data_of(alice) == before
    assert dry.json() == upload(source, sample(source)).json()
    assert dry.json()["created"]["tasks"] > 0


@pytest.mark.parametrize("source", SOURCES)
def test_a_second_import_makes_nothing_twice(upload, alice, source):
    first = upload(source, sample(source)).json()
    before = data_of(alice)

    again = upload(source, sample(source)).json()

    assert again["created"] == {"projects": 0, "tags": 0, "tasks": 0}
    assert again["unchanged"] == first["created"]["tasks"]
    assert data_of(alice) == before


def test_what_was_deleted_since_is_not_made_again(upload, alice):
    upload("csv", TABLE)
    Task.objects.get(title="Pack").delete()

    assert upload("csv", TABLE).json()["unchanged"] == 2


def test_what_was_purged_since_is_imported_again(upload, alice):
    upload("csv", TABLE)
    Task.objects.get(title="Pack").delete()
    Task.objects.in_trash().purge()

    assert upload("csv", TABLE).json()["created"] == {"projects": 0, "tags": 0, "tasks": 1}
    assert tasks_of(alice)["Pack"]["parent"] == "Trip"


def test_what_came_to_the_file_since_is_added(upload, alice):
    upload("csv", TABLE)
    Task.objects.get(title="Trip").complete()

    response = upload("csv", TABLE + "3,Book,,1,\n")

    assert response.json()["created"]["tasks"] == 1
    reason = "It was completed or deleted since: this isn't a subtask any more."
    assert told(response) == [("line 4: Book", "parent", reason)]


def test_projects_and_tags_that_are_there_are_used(upload, alice):
    Project.objects.create(owner=alice, name="SUMMER")
    Tag.objects.create(owner=alice, name="X")

    assert upload("csv", TABLE).json()["created"] == {"projects": 0, "tags": 0, "tasks": 2}
    assert tasks_of(alice)["Trip"] == {"project": "SUMMER", "tags": ["X"]}


def test_new_tasks_come_after_those_that_are_there(upload, alice, task, api):
    upload("csv", TABLE)
    Task.objects.create(owner=alice, title="Later")

    titles = [each["title"] for each in api.get("/tasks/?ordering=position&parent=none").json()["results"]]
    assert titles == ["Buy milk", "Trip", "Later"]


def test_ids_of_another_owner_mean_nothing(upload, alice, bob, bobs_task):
    project = Project.objects.create(owner=bob, name="Bob's")
    before = data_of(bob)

    response = upload("csv", f"id,title,project,parent\n{bobs_task.pk},Mine,{project.pk},\n2,Below,,{bobs_task.pk}\n")

    assert response.json()["created"] == {"projects": 1, "tags": 0, "tasks": 2}
    assert data_of(bob) == before
    assert tasks_of(alice)["Below"] == {"project": str(project.pk), "parent": "Mine"}


def test_what_another_imported_is_not_known_here(upload, bob, alice):
    upload("csv", TABLE, client=Client(bob))

    assert upload("csv", TABLE).json()["created"]["tasks"] == 2


def test_an_idempotency_key_repeats_the_report(upload):
    first = upload("csv", TABLE, HTTP_IDEMPOTENCY_KEY="key")
    again = upload("csv", TABLE, HTTP_IDEMPOTENCY_KEY="key")
    other = upload("csv", TABLE + "3,More,,,\n", HTTP_IDEMPOTENCY_KEY="key")

    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(("form", "code"), [({}, "required"), ({"file": "tasks.csv"}, "invalid")])
def test_a_file_is_needed(api, form, code):
    message = "Choose a file (with curl: -F file=@NAME)."
    errors = [{"field": "file", "code": code, "message": message}]

    response = api.post("/import/csv/", form, format="multipart")

    assert_problem(response, 400, "validation_error", f"file: {message}", errors)


def test_a_token_that_reads_can_not_import(alice, upload):
    response = upload("csv", TABLE, client=Client(alice, scopes=["read"]))

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


def test_an_unknown_source_is_not_found(upload):
    assert upload("trello", TABLE).status_code == 404


@pytest.mark.parametrize("source", SOURCES)
def test_a_file_of_another_kind_is_refused_and_nothing_changes(upload, alice, source):
    before = data_of(alice)
    others = {other: path for other, path in FILES.items() if other != source}

    for other, path in others.items():
        # Any text is a todo.txt, and what has a column for titles is a table.
        if source == "todotxt" or (source, other) == ("csv", "ticktick") or (source, other) == ("csv", "todoist"):
            continue
        assert refusal(upload(source, named(path.read_bytes(), path.name))), (source, other)
    assert data_of(alice) == before


def test_what_was_imported_goes_with_the_account(upload, alice):
    upload("csv", TABLE)

    alice.delete()

    assert not ImportedItem.objects.exists()

"""The tokens of `GET sync/`: whose they are, for how long, and what a page costs."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from testing.client import Client
from testing.plans import plans_of
from testing.problems import assert_problem, refused
from testing.syncing import make_tasks, page, pages
from todos import sync
from todos.models import Project, Tag, Task

EXPIRED = "Deletions since this token have been purged. Start again with a full sync, without `since`."
INVALID = [("since", "invalid")]


@pytest.fixture
def things(alice) -> tuple[Project, Task, Tag]:
    project = Project.objects.create(owner=alice, name="Home", color="#112233")
    task = Task.objects.create(owner=alice, title="Buy milk", project=project, tags=["shop"], due_date="2027-01-31")
    return project, task, Tag.objects.get(owner=alice)


def test_only_a_token_of_the_callers_own_is_taken(api, bobs_api, things):
    token = page(api)["token"]
    damaged = [token[:-1], token[1:], token + "x", token.swapcase(), "x", token.split(":")[0]]

    assert [refused(api.get("/sync/", {"since": each})) for each in damaged] == [INVALID] * len(damaged)
    assert refused(bobs_api.get("/sync/", {"since": token})) == INVALID


def test_a_cursor_of_a_list_is_no_token(api, alice):
    make_tasks(alice, 2)
    cursor = parse_qs(urlsplit(api.get("/tasks/?limit=1").json()["next"]).query)["cursor"][0]

    assert refused(api.get("/sync/", {"since": cursor})) == INVALID


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "", "1.5"])
def test_a_page_holds_1_to_1000_changes(api, limit):
    response = api.get("/sync/", {"limit": limit})

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["limit"]


def test_a_page_holds_500_changes_unless_said_otherwise(api, alice):
    make_tasks(alice, 600)

    assert [len(each["results"]) for each in pages(api)] == [500, 101]


# What is forgotten


def gone(api: Client, token: str) -> bool:
    response = api.get("/sync/", {"since": token})
    if response.status_code == 200:
        return False
    assert_problem(response, 410, "sync_token_expired", EXPIRED)
    return True


def test_only_who_has_not_heard_of_a_purged_deletion_starts_again(api, alice, bobs_api, things):
    before = page(api)["token"]
    bobs = page(bobs_api)["token"]
    api.delete(f"/tasks/{things[1].pk}/")
    after = page(api)["token"]
    told = page(api, before)["token"]
    api.delete("/tasks/trash/")

    assert gone(api, before)
    assert [gone(api, token) for token in (after, told)] == [False, False]
    assert not gone(bobs_api, bobs)
    assert not page(api)["has_more"]


def test_the_purge_command_is_one_too(api, things, settings):
    before = page(api)["token"]
    api.delete(f"/tags/{things[2].pk}/")
    settings.TRASH_DAYS = 0
    call_command("purge")

    assert gone(api, before)


def rename_tag(api: Client, task: dict) -> None:
    api.patch(f"/tags/{Tag.objects.get().pk}/", {"name": "errands"})


def delete_tag(api: Client, task: dict) -> None:
    api.delete(f"/tags/{Tag.objects.get().pk}/")


def move_parent(api: Client, task: dict) -> None:
    home = api.post("/projects/", {"name": "Home"}).json()
    api.post(f"/tasks/{task['parent']}/move/", {"project": home["id"]})


@pytest.mark.parametrize("change", [rename_tag, delete_tag, move_parent])
def test_a_change_that_reaches_into_the_trash_is_no_later_deletion(api, change):
    parent = api.post("/tasks/", {"title": "Parent"}).json()
    task = api.post("/tasks/", {"title": "Old", "parent": parent["id"], "tags": ["errand"]}).json()
    api.delete(f"/tasks/{task['id']}/")
    told = page(api)["token"]
    change(api, task)

    Task.objects.in_trash().purge()

    assert not gone(api, told)


def test_who_stopped_in_the_middle_of_a_purged_write_starts_again(api, alice):
    make_tasks(alice, 5)
    before = page(api)["token"]
    Task.objects.all().delete()
    some, all_of_them = page(api, before, limit=2)["token"], page(api, before)["token"]
    api.delete("/tasks/trash/")

    assert (gone(api, some), gone(api, all_of_them)) == (True, False)


def test_a_full_sync_during_which_something_it_told_was_purged_starts_again(api, alice):
    Task.objects.create(owner=alice, title="Gone before").delete()
    make_tasks(alice, 3)
    start = page(api, limit=2)["token"]
    Task.objects.in_trash().purge()
    assert not gone(api, start)  # it was never told

    Task.objects.first().delete()
    api.delete("/tasks/trash/")

    assert gone(api, start)


def test_a_purge_between_two_queries_of_a_page_is_noticed(api, alice, task, monkeypatch):
    token = page(api)["token"]
    task.delete()
    rows_after = sync.rows_after

    def purge_first(*arguments):
        Task.objects.in_trash().purge()
        return rows_after(*arguments)

    monkeypatch.setattr(sync, "rows_after", purge_first)

    assert gone(api, token)


# Cost


@pytest.mark.parametrize("size", [1, 300])
def test_a_page_costs_a_query_for_each_kind(api, alice, size, django_assert_num_queries):
    make_tasks(alice, size)
    token = page(api, limit=1)["token"]

    with django_assert_num_queries(2 + len(sync.kinds())):  # the token, each kind, and what is forgotten by now
        page(api, token)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="The plan is Postgres's.")
def test_each_kind_is_read_by_its_index(api, alice):
    make_tasks(alice, 300)
    Project.objects.bulk_create(Project(owner=alice, name=str(number)) for number in range(300))
    Tag.objects.bulk_create(Tag(owner=alice, name=str(number)) for number in range(300))
    tokens = [None, page(api, limit=5)["token"], page(api)["token"]]
    with CaptureQueriesContext(connection) as queries:
        for token in tokens:
            page(api, token, limit=5)

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    plans = plans_of(queries, "LIMIT 6")

    assert len(plans) == 3 * len(sync.kinds())
    for kind, plan in zip(["project", "tag", "task"] * 3, plans, strict=True):
        assert f"{kind}_owner_revision" in plan.indexes
        assert not plan.sorts_rows
        assert plan.read(f"todos_{kind}") == plan.answered


def test_after_the_guides_statement_for_a_restored_database_nothing_of_before_holds(api, alice):
    make_tasks(alice, 3)
    before, etag = page(api)["token"], api.get("/tasks/")["ETag"]
    guide = (settings.BASE_DIR / "docs" / "deploy.md").read_text()

    with connection.cursor() as cursor:
        cursor.execute(re.search(r"UPDATE users_user SET [^;]*purged_revision[^;]*", guide).group())

    assert gone(api, before)
    assert api.get("/tasks/", HTTP_IF_NONE_MATCH=etag).status_code == 200
    assert not gone(api, page(api)["token"])

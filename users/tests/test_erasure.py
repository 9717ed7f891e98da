"""Nothing of an erased account remains: all tables are the same as before it was created."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from dav.tests.examples import store
from testing.client import PASSWORD, Client
from testing.resources import RESOURCES, make
from todos.models import Project, Task
from users.models import ApiToken, Session, User


def all_rows() -> dict[str, list]:
    """All that the database holds, but numbers of sequences."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(map(repr, cursor.fetchall()))
        return found


def live(user: User, operator: User) -> None:
    """Leave traces wherever a user can."""
    api, browser, stranger = Client(user), Browser(), Client()
    made = {model: make(model, user) for model in RESOURCES}
    store(user, made[Project], made[Task])
    project = api.post("/projects/", {"name": "Home"}).json()["id"]
    parent = api.post("/tasks/", {"title": "Move in", "project": project}).json()["id"]
    api.post("/tasks/", {"title": "Unpack", "parent": parent, "tags": ["boxes"]})
    api.post("/tasks/", {"title": "Stored"}, HTTP_IDEMPOTENCY_KEY="key")
    api.delete(f"/tasks/{api.post('/tasks/', {'title': 'In the trash'}).json()['id']}/")
    browser.post("/api-auth/login/", {"username": user.email, "password": PASSWORD})
    stranger.post("/auth/login/", {"email": user.email, "password": "wrong horse"}, REMOTE_ADDR="192.0.2.7")
    stranger.post("/auth/password-reset/", {"email": user.email})
    desk = Browser()
    desk.force_login(operator)
    form = {"email": user.email, "name": "Renamed", "timezone": "UTC", "is_active": "on", "is_confirmed": "on"}
    assert desk.post(f"/admin/users/user/{user.pk}/change/", form).status_code == 302
    form = {"owner": str(user.pk), "title": "Renamed", "priority": "0", "tags": "canary"}
    assert desk.post(f"/admin/todos/task/{made[Task].pk}/change/", form).status_code == 302
    desk.logout()


@pytest.fixture
def before(alice, bob, operator, bobs_task):
    """All rows before there was a Carol, but after Bob: what is left of her must not depend on who else is there."""
    live(bob, operator)
    User.objects.update(last_login=None)
    return all_rows()


@pytest.fixture
def carol(before, operator):
    carol = User.objects.create_user("carol@example.com", PASSWORD, name="Carol")
    live(carol, operator)
    User.objects.filter(pk=operator.pk).update(last_login=None)
    return User.objects.get(pk=carol.pk)


def erase_by_api(carol, operator):
    assert Client(carol).delete("/me/", {"password": PASSWORD}).status_code == 204


def erase_in_a_browser(carol, operator):
    browser = Browser()
    browser.force_login(carol)
    response = browser.delete("/api/v1/me/", json.dumps({"password": PASSWORD}), content_type="application/json")
    assert response.status_code == 204


def erase_by_code(carol, operator):
    carol.delete()


def erase_by_queryset(carol, operator):
    User.objects.filter(pk=carol.pk).delete()


def test_a_user_leaves_traces_in_many_tables(before, carol):
    """Without this, the next test would say nothing."""
    after = all_rows()

    changed = {table for table in before if after[table] != before[table]}
    assert changed >= {
        *(model._meta.db_table for model in RESOURCES),
        *("django_admin_log", "users_user", "users_signinattempt", "users_session", "ownership_idempotentresponse"),
        *("todos_tasktag", "dav_collection", "dav_resource", "dav_removal", "dav_otherobject"),
    }


@pytest.mark.parametrize("erase", [erase_by_api, erase_in_a_browser, erase_by_code, erase_by_queryset])
def test_after_it_the_database_is_as_if_there_never_had_been_one(before, carol, operator, erase):
    erase(carol, operator)

    assert all_rows() == before


@pytest.mark.parametrize("way", ["one", "many"])
def test_what_the_admin_logs_of_its_own_erasing_names_nobody(before, carol, operator, way):
    desk = Browser()
    desk.force_login(operator)
    if way == "one":
        response = desk.post(f"/admin/users/user/{carol.pk}/delete/", {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": [carol.pk], "post": "yes"}
        response = desk.post("/admin/users/user/", chosen)
    desk.logout()
    User.objects.filter(pk=operator.pk).update(last_login=None)

    assert response.status_code == 302
    assert all_rows() == before


def test_what_the_log_says_of_a_revoked_token_names_nobody(alice, operator):
    desk = Browser()
    desk.force_login(operator)
    token, _ = ApiToken.issue(alice, "canary")

    desk.post(f"/admin/users/apitoken/{token.pk}/delete/", {"post": "yes"})

    [entry] = LogEntry.objects.all()
    assert (entry.object_id, entry.object_repr) == (str(token.pk), f"API token {token.pk}")


def test_what_the_log_says_of_a_task_goes_with_the_task(api, alice, operator):
    desk = Browser()
    desk.force_login(operator)
    task = Task.objects.create(owner=alice, title="canary")
    desk.post(f"/admin/todos/task/{task.pk}/delete/", {"post": "yes"})

    api.delete("/tasks/trash/")

    assert not LogEntry.objects.exists()


def test_what_the_log_says_of_things_that_are_gone_goes_with_the_purge(alice, bob, operator):
    desk = Browser()
    desk.force_login(operator)
    gone, kept = (Task.objects.create(owner=owner, title="canary") for owner in (alice, bob))
    for task in (gone, kept):
        desk.post(f"/admin/todos/task/{task.pk}/change/", {"owner": task.owner_id, "title": "canary", "priority": 1})
    Task.objects.filter(pk=gone.pk).purge()

    call_command("purge")

    assert [entry.object_id for entry in LogEntry.objects.all()] == [str(kept.pk)]


def test_a_session_says_whose_it_is_and_goes_with_the_account(alice, bob):
    for user in (alice, bob):
        Browser().force_login(user)

    alice.delete()

    assert [session.user for session in Session.objects.all()] == [bob]


def test_the_purge_takes_sessions_past_their_time(alice, bob):
    for user in (alice, bob):
        Browser().force_login(user)
    Session.objects.filter(user=alice).update(expire_date=timezone.now() - timedelta(seconds=1))

    call_command("purge")

    assert [session.user for session in Session.objects.all()] == [bob]

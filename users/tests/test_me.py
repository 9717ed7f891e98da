import pytest
from django.test import Client as Browser

from testing.client import PASSWORD
from testing.problems import assert_problem, refused
from testing.races import meanwhile
from testing.responses import GONE, INVALID_TOKEN, instant
from todos.models import Task
from users import serializers
from users.models import ApiToken, User


def test_it_is_the_account_of_the_caller(api, bobs_api, alice):
    response = api.get("/me/")

    assert response.status_code == 200
    assert response.json() == {
        "id": str(alice.id),
        "email": "alice@example.com",
        "name": "Alice",
        "timezone": "Europe/Zurich",
        "reminders_by_email": True,
        "created_at": instant(alice.created_at),
        "revision": 0,
    }
    assert bobs_api.get("/me/").json()["email"] == "bob@example.com"


def test_no_cache_may_give_it_to_others(api):
    response = api.get("/me/")

    assert response["Cache-Control"] == "private, no-cache"
    assert response["Vary"] == "Accept, Authorization, Cookie"


def test_the_revision_counts_the_writes_of_the_callers_data(api, bobs_api):
    api.post("/tasks/", {"title": "Buy milk"})
    bobs_api.post("/tasks/", {"title": "Buy bread"})
    api.post("/tasks/", {"title": "Buy oats"})

    assert api.get("/me/").json()["revision"] == 2


def test_patch_changes_name_and_time_zone(api, alice, bob):
    before = api.get("/me/").json()

    response = api.patch("/me/", {"name": "Alice L.", "timezone": "Europe/London"})

    assert response.status_code == 200
    assert response.json() == {**before, "name": "Alice L.", "timezone": "Europe/London", "revision": 1}
    assert api.get("/me/").json() == response.json()
    assert User.objects.filter(name="Alice L.").count() == 1


@pytest.mark.parametrize("change", [{"name": ""}, {"timezone": "UTC"}])
def test_patch_changes_only_what_it_names(api, change):
    before = api.get("/me/").json()

    response = api.patch("/me/", change)

    assert response.json() == {**before, **change, "revision": 1}


def test_a_patch_of_nothing_takes_no_revision(api):
    before = api.get("/me/").json()

    response = api.patch("/me/", {})

    assert response.status_code == 200
    assert response.json() == before == api.get("/me/").json()


def test_read_only_fields_are_ignored(api, alice):
    before = api.get("/me/").json()

    response = api.patch("/me/", {**before, "id": "x", "email": "eve@example.com", "created_at": 1, "revision": 99})

    assert response.status_code == 200
    assert response.json() == {**before, "revision": 1}
    assert api.get("/me/").json() == response.json()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": None}, [("name", "null")]),
        ({"name": 5}, [("name", "invalid")]),
        ({"name": "x" * 101}, [("name", "max_length")]),
        ({"name": "a\0b"}, [("name", "null_characters_not_allowed")]),
        ({"timezone": None}, [("timezone", "null")]),
        ({"timezone": ""}, [("timezone", "blank")]),
        ({"timezone": "Mars/Olympus"}, [("timezone", "invalid")]),
        ({"timezone": "localtime"}, [("timezone", "invalid")]),
        ({"timezone": "../UTC"}, [("timezone", "invalid")]),
        ({"name": "New", "is_staff": True}, [("is_staff", "unknown")]),
        ({"name": "New", "password": "another horse"}, [("password", "unknown")]),
        ({"name": "x" * 101, "timezone": "x"}, [("name", "max_length"), ("timezone", "invalid")]),
    ],
)
def test_bad_values_are_refused_by_name_and_change_nothing(api, body, errors):
    before = api.get("/me/").json()

    response = api.patch("/me/", body)

    assert refused(response) == errors
    assert api.get("/me/").json() == before


@pytest.mark.parametrize("method", ["post", "put"])
def test_it_is_neither_made_nor_replaced(api, method):
    response = getattr(api, method)("/me/", {"name": "New"})

    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"


def test_a_patch_takes_back_nothing_that_happened_meanwhile(api, alice, monkeypatch):
    def happen():
        other = User.objects.get(pk=alice.pk)
        other.timezone = "Asia/Tokyo"
        other.set_password("another horse battery")
        other.is_active = False
        other.save()

    meanwhile(monkeypatch, serializers.UserSerializer, happen)

    api.patch("/me/", {"name": "New"})

    alice.refresh_from_db()
    assert (alice.name, alice.timezone, alice.is_active) == ("New", "Asia/Tokyo", False)
    assert alice.check_password("another horse battery")


def test_a_patch_of_an_account_that_is_erased_meanwhile_is_a_401(api, alice, monkeypatch):
    meanwhile(monkeypatch, serializers.UserSerializer, alice.delete)

    response = api.patch("/me/", {"name": "New"})

    assert_problem(response, *GONE)
    assert not User.objects.exists()


def test_deleting_erases_the_account_and_all_its_data(api, bobs_api, alice, bob, task, bobs_task):
    Task.objects.create(owner=alice, title="In the trash").delete()

    response = api.delete("/me/", {"password": PASSWORD})

    assert (response.status_code, response.content) == (204, b"")
    assert list(User.objects.all()) == [bob]
    assert list(Task.objects.all()) == [bobs_task]
    assert list(ApiToken.objects.all()) == [bobs_api.token]


def test_after_it_the_token_is_refused(api):
    api.delete("/me/", {"password": PASSWORD})

    response = api.get("/me/")

    assert_problem(response, *INVALID_TOKEN)


def test_after_it_the_session_is_nobodys(alice):
    browser = Browser()
    browser.force_login(alice)

    response = browser.delete("/api/v1/me/", {"password": PASSWORD}, content_type="application/json")

    assert response.status_code == 204
    assert browser.get("/api/v1/me/").status_code == 401


def test_the_address_is_free_again(api, anonymous):
    api.delete("/me/", {"password": PASSWORD})

    response = anonymous.post("/auth/register/", {"email": "alice@example.com", "password": PASSWORD})

    assert response.status_code == 201


def test_deleting_needs_the_right_password(api, alice, task):
    response = api.delete("/me/", {"password": "wrong horse battery"})

    message = "The password is wrong. Enter your current password."
    errors = [{"field": "password", "code": "wrong", "message": message}]
    assert_problem(response, 400, "validation_error", f"password: {message}", errors)
    assert api.get(f"/tasks/{task.id}/").status_code == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (None, [("password", "required")]),
        ({}, [("password", "required")]),
        ({"password": None}, [("password", "null")]),
        ({"password": ""}, [("password", "blank")]),
        ({"password": True}, [("password", "invalid")]),
        ({"password": PASSWORD, "really": True}, [("really", "unknown")]),
    ],
)
def test_deleting_refuses_other_bodies(api, body, errors):
    response = api.delete("/me/", body)

    assert refused(response) == errors
    assert User.objects.exists()


def test_deleting_with_a_password_that_is_changed_meanwhile_is_a_401(api, alice, monkeypatch):
    def happen():
        alice.set_password("another horse battery")
        alice.save()

    meanwhile(monkeypatch, serializers.AccountDeletionSerializer, happen)

    response = api.delete("/me/", {"password": PASSWORD})

    assert_problem(response, *GONE)
    assert User.objects.exists()

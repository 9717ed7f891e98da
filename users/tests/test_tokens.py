import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.utils import timezone

from testing.client import Client
from testing.problems import assert_problem, refused
from testing.races import in_thread, meanwhile
from testing.responses import GONE, INVALID_TOKEN, instant
from users import serializers
from users.models import ApiToken


def test_a_token_needs_only_a_name(api, alice):
    response = api.post("/tokens/", {"name": "backup"})

    token = ApiToken.objects.get(name="backup")
    secret = response.json()["token"]
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "id": str(token.id),
        "name": "backup",
        "kind": "api",
        "scopes": ["read", "write"],
        "prefix": secret[:12],
        "created_at": instant(token.created_at),
        "expires_at": None,
        "last_used_at": None,
        "token": secret,
    }
    assert re.fullmatch(r"todo_[A-Za-z0-9_-]{43}", secret)
    assert token.owner == alice


def test_it_signs_in(api, anonymous):
    secret = api.post("/tokens/", {"name": "backup"}).json()["token"]

    me = anonymous.get("/me/", HTTP_AUTHORIZATION=f"Bearer {secret}")

    assert me.json() == api.get("/me/").json()


def test_its_secret_is_shown_this_once(api):
    made = api.post("/tokens/", {"name": "backup"}).json()
    secret = made.pop("token")

    listed = api.get("/tokens/")

    assert listed.json()["results"][0] == made
    assert secret not in listed.content.decode()


def test_the_list_has_the_callers_own_the_newest_first(api, bobs_api):
    api.get("/me/")
    api.token.refresh_from_db()
    newer = api.post("/tokens/", {"name": "newer", "scopes": ["read"]}).json()

    response = api.get("/tokens/")

    assert response.status_code == 200
    assert response.json() == {
        "next": None,
        "previous": None,
        "results": [
            {key: newer[key] for key in newer if key != "token"},
            {
                "id": str(api.token.id),
                "name": "test",
                "kind": "api",
                "scopes": ["read", "write"],
                "prefix": api.secret[:12],
                "created_at": instant(api.token.created_at),
                "expires_at": None,
                "last_used_at": instant(api.token.last_used_at),
            },
        ],
    }


def test_the_list_comes_in_pages(api):
    for name in ("second", "third"):
        api.post("/tokens/", {"name": name})

    first = api.get("/tokens/?limit=2").json()
    second = api.get(first["next"].removeprefix("http://testserver/api/v1")).json()

    assert [[token["name"] for token in page["results"]] for page in (first, second)] == [["third", "second"], ["test"]]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (["read"], ["read"]),
        (["read", "read"], ["read"]),
        (["write"], ["read", "write"]),  # write implies read
        (["write", "read"], ["read", "write"]),
    ],
)
def test_scopes(api, asked, given):
    response = api.post("/tokens/", {"name": "backup", "scopes": asked})

    assert response.json()["scopes"] == given
    assert ApiToken.objects.get(name="backup").scopes == given


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("name", "required")]),
        ({"name": None}, [("name", "null")]),
        ({"name": "  "}, [("name", "blank")]),
        ({"name": 5}, [("name", "invalid")]),
        ({"name": "x" * 101}, [("name", "max_length")]),
        ({"name": "a\0b"}, [("name", "null_characters_not_allowed")]),
        ({"name": "x", "scopes": None}, [("scopes", "null")]),
        ({"name": "x", "scopes": []}, [("scopes", "empty")]),
        ({"name": "x", "scopes": "read"}, [("scopes", "not_a_list")]),
        ({"name": "x", "scopes": {"read": True}}, [("scopes", "not_a_list")]),
        ({"name": "x", "scopes": ["read", "admin"]}, [("scopes.1", "invalid_choice")]),
        (
            {"name": "x", "scopes": [["read"], 1, None]},
            [(f"scopes.{n}", code) for n, code in enumerate(("invalid_choice", "invalid_choice", "null"))],
        ),
        ({"name": "x", "expires_at": ""}, [("expires_at", "invalid")]),
        ({"name": "x", "expires_at": 4102444800}, [("expires_at", "invalid")]),
        ({"name": "x", "expires_at": "2100-01-01"}, [("expires_at", "invalid")]),
        ({"name": "x", "expires_at": "2100-01-01T00:00:00"}, [("expires_at", "invalid")]),
        ({"name": "x", "expires_at": "2100-02-30T00:00:00Z"}, [("expires_at", "invalid")]),
        ({"name": "x", "expires_at": "9999-12-31T23:59:59-12:00"}, [("expires_at", "overflow")]),
        ({"name": "x", "expires_at": "2001-01-01T00:00:00Z"}, [("expires_at", "past")]),
        *(
            ({"name": "x", "kind": value}, [("kind", code)])
            for value, code in (
                ("password", "invalid_choice"),
                ("", "invalid_choice"),
                (1, "invalid_choice"),
                (None, "null"),
            )
        ),
        ({"name": "\u200b"}, [("name", "blank")]),
        ({"name": "x", "owner": "bob"}, [("owner", "unknown")]),
        ({"name": "x", "digest": "0" * 64}, [("digest", "unknown")]),
    ],
)
def test_bad_values_are_refused_by_name(api, body, errors):
    response = api.post("/tokens/", body)

    assert refused(response) == errors
    assert ApiToken.objects.count() == 1


def test_read_only_fields_are_ignored(api):
    made = api.post("/tokens/", {"name": "one"}).json()
    del made["token"]

    again = api.post("/tokens/", {**made, "prefix": "todo_aaaaaaa", "last_used_at": "2001-01-01T00:00:00Z"})

    assert again.status_code == 201
    assert again.json()["id"] != made["id"]
    assert again.json()["prefix"] == again.json()["token"][:12]
    assert again.json()["last_used_at"] is None


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00Z"),
        ("2100-01-01T01:30:00+01:30", "2100-01-01T00:00:00Z"),
        ("2100-01-01T00:00:00.123456789Z", "2100-01-01T00:00:00.123456Z"),
        (None, None),
    ],
)
def test_an_expiry_can_be_given(api, given, answered):
    response = api.post("/tokens/", {"name": "x", "expires_at": given})

    assert response.json()["expires_at"] == answered
    assert api.get("/tokens/").json()["results"][0]["expires_at"] == answered


@pytest.mark.parametrize("body", [{}, {"expires_at": None}])
def test_a_token_lives_as_long_as_the_one_that_makes_it(alice, body):
    end = timezone.now() + timedelta(days=1)
    maker = Client(alice, expires_at=end)

    response = maker.post("/tokens/", {"name": "child", **body})

    assert response.json()["expires_at"] == instant(end)
    assert ApiToken.objects.get(name="child").expires_at == end


@pytest.mark.parametrize(("seconds", "status"), [(-1, 201), (0, 201), (1, 400)])
def test_a_token_can_not_outlive_the_one_that_makes_it(alice, seconds, status):
    end = timezone.now() + timedelta(days=1)
    maker = Client(alice, expires_at=end)

    response = maker.post("/tokens/", {"name": "child", "expires_at": (end + timedelta(seconds=seconds)).isoformat()})

    assert response.status_code == status
    if status == 400:
        assert refused(response) == [("expires_at", "too_late")]


def test_a_token_that_may_only_read_makes_none(alice):
    reader = Client(alice, scopes=["read"])

    response = reader.post("/tokens/", {"name": "child", "scopes": ["read"]})

    assert response.status_code == 403
    assert ApiToken.objects.count() == 1


def test_in_a_browser_a_token_lives_forever_unless_told(alice):
    browser = Browser()
    browser.force_login(alice)

    response = browser.post("/api/v1/tokens/", {"name": "backup"}, content_type="application/json")

    assert response.status_code == 201
    assert response.json()["expires_at"] is None


def test_revoking_acts_on_the_next_request(api, alice):
    lost = Client(alice)

    response = api.delete(f"/tokens/{lost.token.id}/")

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(lost.get("/me/"), *INVALID_TOKEN)
    assert api.get("/me/").status_code == 200


def test_a_token_can_revoke_itself(api):
    response = api.delete(f"/tokens/{api.token.id}/")

    assert response.status_code == 204
    assert api.get("/me/").status_code == 401


def test_revoking_twice_is_a_404(api, alice):
    lost = Client(alice)
    api.delete(f"/tokens/{lost.token.id}/")

    response = api.delete(f"/tokens/{lost.token.id}/")

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_nobody_revokes_anothers_token(api, bobs_api):
    response = api.delete(f"/tokens/{bobs_api.token.id}/")

    assert response.status_code == 404
    assert bobs_api.get("/me/").status_code == 200


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_token_is_never_changed(api, method):
    response = getattr(api, method)(f"/tokens/{api.token.id}/", {"name": "x", "expires_at": None})

    assert response.status_code == 405
    assert ApiToken.objects.get().name == "test"


def test_no_token_comes_of_a_password_that_changes_meanwhile(api, alice, monkeypatch):
    def happen():
        alice.set_password("another horse battery")
        alice.save()

    meanwhile(monkeypatch, serializers.TokenSerializer, happen)

    response = api.post("/tokens/", {"name": "late"})

    assert_problem(response, *GONE)
    assert not ApiToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_making_a_token_waits_for_a_change_of_the_password(api, alice):
    api.get("/me/")  # so that the use of the token is noted already

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            alice.set_password("another horse battery")
            alice.save()
            request = pool.submit(in_thread, api.post, "/tokens/", {"name": "late"})
            with pytest.raises(TimeoutError):
                request.result(timeout=0.5)
        response = request.result(timeout=10)

    assert response.status_code == 401
    assert not ApiToken.objects.exists()

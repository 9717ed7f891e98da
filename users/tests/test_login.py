import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from testing.client import PASSWORD, Client
from testing.problems import assert_problem, refused
from testing.responses import GONE, WRONG_SIGN_IN, instant
from users import views
from users.models import ApiToken, User

RIGHT = {"email": "alice@example.com", "password": PASSWORD}


def test_the_right_password_gives_the_user_and_a_fresh_token(anonymous, alice):
    response = anonymous.post("/auth/login/", RIGHT)

    token = ApiToken.objects.get()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "user": {
            "id": str(alice.id),
            "email": "alice@example.com",
            "name": "Alice",
            "timezone": "Europe/Zurich",
            "reminders_by_email": True,
            "created_at": instant(alice.created_at),
            "revision": 0,
        },
        "token": response.json()["token"],
        "expires_at": instant(token.expires_at),
    }
    assert (token.owner, token.name, token.scopes) == (alice, "login", ["read", "write"])


def test_the_token_signs_in(anonymous, alice):
    given = anonymous.post("/auth/login/", RIGHT).json()

    me = anonymous.get("/me/", HTTP_AUTHORIZATION=f"Bearer {given['token']}")

    assert me.json() == given["user"]


def test_the_token_lives_30_days(anonymous, alice, time_machine):
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)

    response = anonymous.post("/auth/login/", RIGHT)

    assert response.json()["expires_at"] == instant(timezone.now() + timedelta(days=30))


def test_the_token_can_be_named(anonymous, alice):
    anonymous.post("/auth/login/", {**RIGHT, "token_name": "Alice's phone"})

    assert ApiToken.objects.get().name == "Alice's phone"


def test_the_case_of_the_address_does_not_matter(anonymous, alice):
    response = anonymous.post("/auth/login/", {**RIGHT, "email": "ALICE@Example.COM"})

    assert response.json()["user"]["id"] == str(alice.id)


def test_the_case_of_the_password_does(anonymous, alice):
    response = anonymous.post("/auth/login/", {**RIGHT, "password": PASSWORD.upper()})

    assert response.status_code == 401


def test_earlier_tokens_stay_valid(api, anonymous):
    anonymous.post("/auth/login/", RIGHT)

    assert api.get("/me/").status_code == 200


def test_the_moment_is_noted_without_taking_a_revision(anonymous, alice, time_machine):
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)

    anonymous.post("/auth/login/", RIGHT)

    alice.refresh_from_db()
    assert (alice.last_login, alice.revision) == (timezone.now(), 0)


def test_no_session_begins(anonymous, alice):
    response = anonymous.post("/auth/login/", RIGHT)

    assert not response.cookies


def test_a_wrong_password_is_refused(anonymous, alice):
    response = anonymous.post("/auth/login/", {**RIGHT, "password": "wrong horse battery"})

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert_problem(response, *WRONG_SIGN_IN)
    alice.refresh_from_db()
    assert alice.last_login is None
    assert not ApiToken.objects.exists()


def test_nobody_learns_from_the_response_who_has_an_account(anonymous, alice, bob):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    User.objects.create_user("dora@example.com")  # has no password
    wrong = [
        {"email": "alice@example.com", "password": "wrong horse battery"},
        {"email": "bob@example.com", "password": PASSWORD},
        {"email": "dora@example.com", "password": "!"},
        {"email": "nobody@example.com", "password": PASSWORD},
    ]

    responses = [anonymous.post("/auth/login/", body, HTTP_X_REQUEST_ID="same") for body in wrong]

    first = responses[0]
    assert first.status_code == 401
    for response in responses[1:]:
        assert (response.status_code, response.content, response.headers) == (401, first.content, first.headers)


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"email": None}, [("email", "null")]),
        ({"email": "alice"}, [("email", "invalid")]),
        ({"email": {"a": 1}}, [("email", "invalid")]),
        ({"email": "a" * 243 + "@example.com"}, [("email", "max_length")]),
        ({"password": None}, [("password", "null")]),
        ({"password": ""}, [("password", "blank")]),
        ({"password": ["a"]}, [("password", "invalid")]),
        ({"password": "a\0b"}, [("password", "null_characters_not_allowed")]),
        ({"password": "x" * 129}, [("password", "max_length")]),
        ({"token_name": ""}, [("token_name", "blank")]),
        ({"token_name": "x" * 101}, [("token_name", "max_length")]),
        ({"username": "alice"}, [("username", "unknown")]),
    ],
)
def test_bad_values_are_refused_by_name(anonymous, alice, change, errors):
    response = anonymous.post("/auth/login/", {**RIGHT, **change})

    assert refused(response) == errors
    assert not ApiToken.objects.exists()


def test_all_that_is_missing_is_named(anonymous):
    response = anonymous.post("/auth/login/", {})

    assert refused(response) == [("email", "required"), ("password", "required")]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_there_is_only_post(anonymous, method):
    response = getattr(anonymous, method)("/auth/login/")

    assert response.status_code == 405
    assert response["Allow"] == "POST, OPTIONS"
    assert response.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("header", ["Bearer gone", "Bearer", "Token \0", "Basic YTpi"])
def test_credentials_that_come_along_do_not_matter(anonymous, alice, header):
    response = anonymous.post("/auth/login/", RIGHT, HTTP_AUTHORIZATION=header)

    assert response.status_code == 200


def change_password(user):
    user = User.objects.get(pk=user.pk)
    user.set_password("another horse battery")
    user.save()


@pytest.mark.parametrize("happen", [change_password, lambda user: user.delete()], ids=["changed", "erased"])
def test_what_happens_to_the_account_during_the_sign_in_counts(anonymous, alice, monkeypatch, happen):
    def authenticate(*args, **kwargs):
        user = User.objects.get(pk=alice.pk)
        happen(User.objects.get(pk=alice.pk))
        return user

    monkeypatch.setattr(views, "authenticate", authenticate)

    response = anonymous.post("/auth/login/", RIGHT)

    assert_problem(response, *GONE)
    assert not ApiToken.objects.exists()


def test_neither_password_nor_token_is_logged(alice, caplog):
    caplog.set_level(logging.DEBUG)
    client = Client()

    secret = client.post("/auth/login/", RIGHT).json()["token"]
    client.get("/me/", HTTP_AUTHORIZATION=f"Bearer {secret}")

    lines = [str(vars(record)) for record in caplog.records if record.name.startswith("api.")]
    assert len(lines) == 2
    assert not [line for line in lines if PASSWORD in line or secret[5:] in line]

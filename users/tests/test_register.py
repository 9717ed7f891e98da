import re
from datetime import timedelta
from hashlib import sha256

import pytest
from django.utils import timezone

from testing.client import PASSWORD
from testing.problems import assert_problem, refused
from testing.races import meanwhile
from testing.responses import instant
from todos.models import Task
from users import serializers
from users.models import ApiToken, User

CAROL = {"email": "carol@example.com", "password": PASSWORD}


def test_an_account_needs_only_an_address_and_a_password(anonymous):
    response = anonymous.post("/auth/register/", CAROL)

    carol, token = User.objects.get(), ApiToken.objects.get()
    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "user": {
            "id": str(carol.id),
            "email": "carol@example.com",
            "name": "",
            "timezone": "UTC",
            "reminders_by_email": True,
            "created_at": instant(carol.created_at),
            "revision": 0,
        },
        "token": response.json()["token"],
        "expires_at": instant(token.expires_at),
    }
    assert carol.check_password(PASSWORD)


def test_a_new_account_has_no_rights_and_no_tasks(anonymous, task):
    anonymous.post("/auth/register/", CAROL)

    carol = User.objects.get(email="carol@example.com")
    assert (carol.is_active, carol.is_staff, carol.is_superuser) == (True, False, False)
    assert not Task.objects.owned_by(carol).exists()


def test_name_and_time_zone_can_be_given(anonymous):
    response = anonymous.post("/auth/register/", {**CAROL, "name": "Carol", "timezone": "America/Lima"})

    user = response.json()["user"]
    assert (user["name"], user["timezone"]) == ("Carol", "America/Lima")
    assert User.objects.filter(name="Carol", timezone="America/Lima").exists()


def test_the_token_signs_in(anonymous):
    made = anonymous.post("/auth/register/", CAROL).json()

    me = anonymous.get("/me/", HTTP_AUTHORIZATION=f"Bearer {made['token']}")

    assert me.json() == made["user"]


def test_the_token_is_256_random_bits_of_which_only_the_digest_is_kept(anonymous):
    secret = anonymous.post("/auth/register/", CAROL).json()["token"]

    token = ApiToken.objects.values().get()
    assert re.fullmatch(r"todo_[A-Za-z0-9_-]{43}", secret)
    assert token["digest"] == sha256(secret.encode()).hexdigest()
    assert secret[12:] not in str(token)


def test_the_token_lives_as_many_days_as_the_operator_says(anonymous, settings, time_machine):
    settings.TOKEN_LIFETIME_DAYS = 7
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)

    response = anonymous.post("/auth/register/", CAROL)

    assert response.json()["expires_at"] == "2030-01-08T12:00:00Z"
    assert ApiToken.objects.get().expires_at == timezone.now() + timedelta(days=7)


def test_the_address_is_kept_in_lower_case(anonymous):
    response = anonymous.post("/auth/register/", {**CAROL, "email": " Carol@Example.COM "})

    assert response.json()["user"]["email"] == "carol@example.com"


@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@example.com", "alice@EXAMPLE.com"])
def test_an_address_is_taken_without_regard_to_case(anonymous, alice, email):
    response = anonymous.post("/auth/register/", {**CAROL, "email": email})

    message = "An account with this email address already exists."
    errors = [{"field": "email", "code": "unique", "message": message}]
    assert_problem(response, 400, "validation_error", f"email: {message}", errors)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"email": None}, [("email", "null")]),
        ({"email": ""}, [("email", "blank")]),
        ({"email": "carol"}, [("email", "invalid")]),
        ({"email": "carol@"}, [("email", "invalid")]),
        ({"email": 5}, [("email", "invalid")]),
        ({"email": ["carol@example.com"]}, [("email", "invalid")]),
        ({"email": "carol\0@example.com"}, [("email", "invalid"), ("email", "null_characters_not_allowed")]),
        ({"email": "c" * 243 + "@example.com"}, [("email", "max_length")]),
        ({"email": "İ" * 130 + "@example.com"}, [("email", "max_length"), ("email", "invalid")]),
        ({"password": None}, [("password", "null")]),
        ({"password": ""}, [("password", "blank")]),
        ({"password": 1234567890}, [("password", "invalid")]),
        ({"password": "horse 7"}, [("password", "password_too_short")]),
        ({"password": "password1"}, [("password", "password_too_common")]),
        ({"password": "8395610274"}, [("password", "password_entirely_numeric")]),
        ({"email": "wonderland@example.com", "password": "wonderland1"}, [("password", "password_too_similar")]),
        (
            {"password": "12345"},
            [("password", f"password_{why}") for why in ("too_short", "too_common", "entirely_numeric")],
        ),
        ({"password": "correct horse\0"}, [("password", "null_characters_not_allowed")]),
        ({"password": "x" * 129}, [("password", "max_length")]),
        ({"name": None}, [("name", "null")]),
        ({"name": "x" * 101}, [("name", "max_length")]),
        ({"timezone": None}, [("timezone", "null")]),
        ({"timezone": ""}, [("timezone", "blank")]),
        ({"timezone": "Mars/Olympus"}, [("timezone", "invalid")]),
        ({"timezone": "europe/zurich"}, [("timezone", "invalid")]),
        ({"is_staff": True}, [("is_staff", "unknown")]),
        ({"is_superuser": True, "groups": [1]}, [("is_superuser", "unknown"), ("groups", "unknown")]),
    ],
)
def test_bad_values_are_refused_by_name(anonymous, change, errors):
    response = anonymous.post("/auth/register/", {**CAROL, **change})

    assert sorted(refused(response)) == sorted(errors)
    assert not User.objects.exists()


def test_all_that_is_missing_is_named(anonymous):
    response = anonymous.post("/auth/register/", {})

    assert refused(response) == [("email", "required"), ("password", "required")]


@pytest.mark.parametrize("body", [[], [CAROL], "carol", 5, None])
def test_the_body_has_to_be_an_object(anonymous, body):
    response = anonymous.post("/auth/register/", body)

    assert response.status_code == 400
    assert not User.objects.exists()


def test_the_longest_values_fit(anonymous):
    longest = {"email": "c" * 242 + "@example.com", "password": "日本" * 64, "name": "ß" * 100}

    response = anonymous.post("/auth/register/", longest)

    assert response.status_code == 201
    assert User.objects.get(email=longest["email"]).check_password(longest["password"])


def test_the_password_is_taken_as_it_is(anonymous):
    anonymous.post("/auth/register/", {**CAROL, "password": "  correct horse "})

    carol = User.objects.get()
    assert carol.check_password("  correct horse ")
    assert not carol.check_password("correct horse")


def test_closed_sign_up_refuses_whatever_the_body_says(anonymous, settings):
    settings.ALLOW_SIGN_UP = False

    for body in (CAROL, {}):
        response = anonymous.post("/auth/register/", body)
        assert_problem(response, 403, "sign_up_closed", "Sign-up is closed. Ask the operator for an account.")
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_losing_the_race_for_an_address_is_a_conflict(anonymous, monkeypatch):
    def happen():
        User.objects.create_user("carol@example.com")

    meanwhile(monkeypatch, serializers.RegistrationSerializer, happen)

    response = anonymous.post("/auth/register/", CAROL)

    assert_problem(response, 409, "conflict", "Another request changed this at the same time. Try again.")
    assert not User.objects.get().has_usable_password()


def test_credentials_that_come_along_do_not_matter(anonymous):
    response = anonymous.post("/auth/register/", CAROL, HTTP_AUTHORIZATION="Bearer gone")

    assert response.status_code == 201

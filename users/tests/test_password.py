from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command

from testing.client import PASSWORD, Client
from testing.problems import assert_problem, refused
from testing.races import meanwhile
from testing.responses import GONE, INVALID_TOKEN
from users import serializers
from users.models import ApiToken

NEW = "another horse battery"
CHANGE = {"current_password": PASSWORD, "new_password": NEW}


def works(password: str) -> bool:
    return authenticate(username="alice@example.com", password=password) is not None


def test_from_now_on_the_new_password_signs_in(api):
    response = api.post("/me/password/", CHANGE)

    assert (response.status_code, response.content) == (204, b"")
    assert (works(PASSWORD), works(NEW)) == (False, True)


def test_every_other_token_ends(api, alice, bobs_api):
    phone = Client(alice)

    api.post("/me/password/", CHANGE)

    assert api.get("/me/").status_code == 200
    assert bobs_api.get("/me/").status_code == 200
    assert_problem(phone.get("/me/"), *INVALID_TOKEN)


def test_the_current_password_has_to_be_right(api, alice):
    phone = Client(alice)

    response = api.post("/me/password/", {**CHANGE, "current_password": "wrong horse battery"})

    message = "The password is wrong. Enter your current password."
    errors = [{"field": "current_password", "code": "wrong", "message": message}]
    assert_problem(response, 400, "validation_error", f"current_password: {message}", errors)
    assert works(PASSWORD)
    assert phone.get("/me/").status_code == 200


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"current_password": None}, [("current_password", "null")]),
        ({"current_password": ["x"]}, [("current_password", "invalid")]),
        ({"new_password": ""}, [("new_password", "blank")]),
        ({"new_password": 12345678}, [("new_password", "invalid")]),
        ({"new_password": "horse 7"}, [("new_password", "password_too_short")]),
        ({"new_password": "password1"}, [("new_password", "password_too_common")]),
        ({"new_password": "8395610274"}, [("new_password", "password_entirely_numeric")]),
        ({"new_password": "alice@example"}, [("new_password", "password_too_similar")]),
        ({"new_password": "x" * 129}, [("new_password", "max_length")]),
        ({"new_password": "another\0horse"}, [("new_password", "null_characters_not_allowed")]),
        ({"new_password2": NEW}, [("new_password2", "unknown")]),
    ],
)
def test_bad_values_are_refused_by_name_and_change_nothing(api, alice, change, errors):
    phone = Client(alice)

    response = api.post("/me/password/", {**CHANGE, **change})

    assert refused(response) == errors
    assert works(PASSWORD)
    assert phone.get("/me/").status_code == 200


def test_all_that_is_missing_is_named(api):
    response = api.post("/me/password/", {})

    assert refused(response) == [("current_password", "required"), ("new_password", "required")]


def test_the_new_password_is_taken_as_it_is(api):
    api.post("/me/password/", {**CHANGE, "new_password": f" {NEW} "})

    assert (works(NEW), works(f" {NEW} ")) == (False, True)


def test_of_two_changes_at_once_the_second_is_refused(api, alice, monkeypatch):
    def happen():
        alice.set_password("the faster horse")
        alice.kept_token = api.token
        alice.save()

    meanwhile(monkeypatch, serializers.PasswordChangeSerializer, happen)

    response = api.post("/me/password/", CHANGE)

    assert_problem(response, *GONE)
    assert (works("the faster horse"), works(NEW)) == (True, False)


def test_the_password_of_an_account_that_is_erased_meanwhile_is_a_401(api, alice, monkeypatch):
    meanwhile(monkeypatch, serializers.PasswordChangeSerializer, alice.delete)

    response = api.post("/me/password/", CHANGE)

    assert_problem(response, *GONE)


def set_by_save(alice):
    alice.set_password(NEW)
    alice.save()


def set_by_save_of_one_field(alice):
    alice.set_password(NEW)
    alice.save(update_fields=["password"])


def taken_away(alice):
    alice.set_unusable_password()
    alice.save()


def set_by_command(alice):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("getpass.getpass", lambda prompt: NEW)
        call_command("changepassword", alice.email, stdout=StringIO())


@pytest.mark.parametrize("change", [set_by_save, set_by_save_of_one_field, taken_away, set_by_command])
def test_every_token_ends_whoever_changes_the_password(api, bobs_api, alice, change):
    change(alice)

    assert list(ApiToken.objects.all()) == [bobs_api.token]
    assert not works(PASSWORD)


def test_a_save_that_leaves_the_password_alone_ends_nothing(api, alice):
    alice.name = "New"
    alice.save()

    assert api.get("/me/").status_code == 200


def test_a_better_hash_of_the_same_password_ends_nothing(api, anonymous, alice, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher", *settings.PASSWORD_HASHERS]

    response = anonymous.post("/auth/login/", {"email": alice.email, "password": PASSWORD})

    alice.refresh_from_db()
    assert response.status_code == 200
    assert alice.password.startswith("argon2")
    assert api.get("/me/").status_code == 200


@pytest.mark.parametrize("call", ["password", "deletion"])
def test_a_better_hash_of_the_current_password_is_no_change_meanwhile(api, settings, call):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher", *settings.PASSWORD_HASHERS]

    response = api.post("/me/password/", CHANGE) if call == "password" else api.delete("/me/", {"password": PASSWORD})

    assert response.status_code == 204

"""The account calls, for users who sign in at an identity provider."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client as Browser

from testing.client import PASSWORD, Client
from testing.issuers import NAME
from testing.problems import assert_problem, refused
from todos.models import Task
from users.models import ApiToken, Identity, User


def test_its_token_is_not_revoked_here(sign_in):
    client = sign_in()

    response = client.post("/auth/logout/")

    assert response.status_code == 403
    detail = "This token can't be revoked here. Sign out at the identity provider."
    assert_problem(response, 403, "permission_denied", detail)
    assert client.get("/me/").status_code == 200


@pytest.mark.parametrize("body", [{}, {"expires_at": None}])
def test_a_token_that_it_makes_ends_with_it(sign_in, anonymous, body):
    end = int(time.time()) + 60

    response = sign_in(exp=end).post("/tokens/", {"name": "script", **body})

    token = ApiToken.objects.get()
    assert response.status_code == 201
    assert token.expires_at == datetime.fromtimestamp(end, UTC)
    assert token.owner == User.objects.get()
    assert anonymous.get("/me/", HTTP_AUTHORIZATION=f"Bearer {response.json()['token']}").status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(-1, 201), (0, 201), (1, 400)])
def test_a_token_can_not_outlive_it(sign_in, seconds, status):
    end = datetime.fromtimestamp(int(time.time()) + 60, UTC)
    moment = end + timedelta(seconds=seconds)

    response = sign_in(exp=int(end.timestamp())).post("/tokens/", {"name": "script", "expires_at": moment.isoformat()})

    assert response.status_code == status
    if status == 400:
        assert refused(response) == [("expires_at", "too_late")]


def test_one_that_may_only_read_makes_no_token(sign_in):
    response = sign_in(scope="read").post("/tokens/", {"name": "script", "scopes": ["read"]})

    assert response.status_code == 403
    assert not ApiToken.objects.exists()


def test_its_user_has_no_password_to_change(sign_in):
    response = sign_in().post("/me/password/", {"current_password": "!", "new_password": PASSWORD})

    assert refused(response) == [("current_password", "wrong")]
    assert not User.objects.get().has_usable_password()


@pytest.fixture
def alice_at_both(alice, sign_in) -> Client:
    """Alice, who has a password here as well."""
    Identity.objects.create(owner=alice, issuer=NAME, subject="user-1")
    return sign_in()


def test_who_has_a_password_as_well_changes_it_and_all_tokens_end(alice_at_both, alice, api):
    body = {"current_password": PASSWORD, "new_password": "another horse battery"}

    response = alice_at_both.post("/me/password/", body)

    alice.refresh_from_db()
    assert response.status_code == 204
    assert alice.check_password("another horse battery")
    assert api.get("/me/").status_code == 401
    assert alice_at_both.get("/me/").status_code == 200


def test_who_has_a_password_as_well_deletes_the_account_with_it(alice_at_both):
    without = alice_at_both.delete("/me/")
    wrong = alice_at_both.delete("/me/", {"password": "wrong"})
    response = alice_at_both.delete("/me/", {"password": PASSWORD})

    assert refused(without) == [("password", "required")]
    assert refused(wrong) == [("password", "wrong")]
    assert response.status_code == 204
    assert not User.objects.exists()


def test_a_fresh_token_stands_in_for_the_password_that_there_is_not(sign_in, bobs_task):
    client = sign_in()
    client.post("/tasks/", {"title": "Buy milk"})

    response = client.delete("/me/")

    assert (response.status_code, response.content) == (204, b"")
    assert [user.email for user in User.objects.all()] == ["bob@example.com"]
    assert Task.objects.get() == bobs_task
    assert not Identity.objects.exists()


@pytest.mark.parametrize(("age", "status"), [(290, 204), (310, 403)])
def test_it_is_fresh_for_five_minutes(sign_in, age, status):
    response = sign_in(iat=int(time.time()) - age).delete("/me/")

    assert response.status_code == status
    assert User.objects.exists() is (status == 403)
    if status == 403:
        detail = "Sign in at the identity provider again. This call needs a token from the last 5 minutes."
        assert_problem(response, 403, "permission_denied", detail)


def test_one_that_may_only_read_deletes_nothing(sign_in):
    assert sign_in(scope="read").delete("/me/").status_code == 403
    assert User.objects.exists()


def test_a_token_of_ours_does_not_stand_in_for_it(sign_in):
    secret = sign_in().post("/tokens/", {"name": "script"}).json()["token"]
    script = Client()
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")

    assert refused(script.delete("/me/")) == [("password", "required")]
    assert refused(script.delete("/me/", {"password": ""})) == [("password", "blank")]
    assert refused(script.delete("/me/", {"password": "!"})) == [("password", "wrong")]


def test_nor_does_a_session(sign_in):
    sign_in().get("/me/")
    browser = Browser()
    browser.force_login(User.objects.get())

    response = browser.delete("/api/v1/me/", content_type="application/json")

    assert refused(response) == [("password", "required")]


def test_no_password_is_asked_for_or_taken(sign_in):
    response = sign_in().delete("/me/", {"password": PASSWORD})

    assert refused(response) == [("password", "unknown")]


def test_after_that_the_same_person_is_a_new_one(sign_in):
    client = sign_in()
    client.post("/tasks/", {"title": "Buy milk"})
    first = client.get("/me/").json()["id"]
    client.delete("/me/")

    assert client.get("/tasks/").json()["results"] == []
    assert client.get("/me/").json()["id"] != first

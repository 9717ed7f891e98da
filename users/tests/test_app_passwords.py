"""App passwords: what a program signs in with by Basic, where it may, and nowhere else."""

import base64
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from testing.client import PASSWORD
from testing.problems import assert_problem
from testing.responses import INVALID_TOKEN, NOT_SIGNED_IN, instant
from users.authentication import AppPasswordAuthentication, TokenHasScope
from users.models import ApiToken, User, digest


class Calendar(APIView):
    """As the views of `/dav/` will be."""

    authentication_classes = [AppPasswordAuthentication]
    permission_classes = [IsAuthenticated, TokenHasScope]

    def get(self, request):
        return Response({"user": request.user.email, "token": request.auth.name if request.auth else None})

    def put(self, request):
        return Response(status=204)


@pytest.fixture
def made(api) -> dict:
    return api.post("/tokens/", {"name": "phone", "kind": "app_password"}).json()


def basic(email: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{email}:{password}'.encode()).decode()}"


def call(header: str, method: str = "get"):
    return Calendar.as_view()(getattr(APIRequestFactory(), method)("/dav/", HTTP_AUTHORIZATION=header))


def test_an_app_password_is_16_letters_in_groups_and_is_stored_hashed_only(api, made):
    token = ApiToken.objects.get(name="phone")

    assert re.fullmatch("[a-z]{4}-[a-z]{4}-[a-z]{4}-[a-z]{4}", made["token"])
    assert made == {
        "id": str(token.pk),
        "name": "phone",
        "kind": "app_password",
        "scopes": ["read", "write"],
        "prefix": "",
        "created_at": instant(token.created_at),
        "expires_at": None,
        "last_used_at": None,
        "token": made["token"],
    }
    letters = made["token"].replace("-", "")
    assert token.digest == digest(letters)
    stored = str(ApiToken.objects.filter(pk=token.pk).values().get())
    assert made["token"] not in stored
    assert letters not in stored


def test_two_app_passwords_are_different(api, made):
    assert api.post("/tokens/", {"name": "tablet", "kind": "app_password"}).json()["token"] != made["token"]


def test_it_is_listed_and_revoked_as_tokens_are(api, made):
    listed = api.get("/tokens/").json()["results"][0]
    gone = api.delete(f"/tokens/{made['id']}/")

    assert listed == {name: value for name, value in made.items() if name != "token"}
    assert gone.status_code == 204
    assert call(basic("alice@example.com", made["token"])).status_code == 401


def test_it_signs_in_by_basic(made):
    response = call(basic("alice@example.com", made["token"]))

    assert response.data == {"user": "alice@example.com", "token": "phone"}
    assert ApiToken.objects.get(name="phone").last_used_at is not None


@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@Example.com"])
@pytest.mark.parametrize(
    "written", [str, str.upper, lambda text: text.replace("-", ""), lambda text: text.replace("-", " ")]
)
def test_it_may_be_written_in_any_case_and_grouping(made, email, written):
    assert call(basic(email, written(made["token"]))).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "Token"])
def test_it_is_no_token_of_the_api(anonymous, made, scheme):
    for secret in (made["token"], made["token"].replace("-", "")):
        assert_problem(anonymous.get("/me/", HTTP_AUTHORIZATION=f"{scheme} {secret}"), *INVALID_TOKEN)


def test_it_does_not_sign_in_at_the_api_by_basic_either(anonymous, made):
    response = anonymous.get("/me/", HTTP_AUTHORIZATION=basic("alice@example.com", made["token"]))

    assert_problem(response, *NOT_SIGNED_IN)


def test_it_is_no_password_of_the_account(anonymous, made):
    response = anonymous.post("/auth/login/", {"email": "alice@example.com", "password": made["token"]})

    assert response.status_code == 401


def test_a_digest_of_another_kind_is_no_token(anonymous, alice):
    secret = "todo_" + "x" * 43
    ApiToken.objects.create(owner=alice, name="x", kind="app_password", digest=digest(secret), prefix="")

    assert anonymous.get("/me/", HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 401


def refused(header: str) -> None:
    response = call(header)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Basic realm="Todo", charset="UTF-8"'


def test_the_accounts_own_password_never_works(alice, made):
    refused(basic("alice@example.com", PASSWORD))
    refused(basic("alice@example.com", ""))


def test_a_token_of_the_api_never_works(api):
    refused(basic("alice@example.com", api.secret))


def test_it_works_for_its_owner_alone(bob, made):
    refused(basic("bob@example.com", made["token"]))
    refused(basic("", made["token"]))
    refused(basic("nobody@example.com", made["token"]))


@pytest.mark.parametrize(
    "header",
    [
        *["Basic", "Basic !", "Basic YQ==", "Basic /w==", "Basic a b"],
        *[
            basic("alice@example.com", "a" * 16),
            basic("alice@example.com", "\0" * 16),
            basic("\0", "abcd-efgh-ijkl-mnop"),
        ],
        *[basic("alice@example.com", "\uff41" * 16), basic("é" * 1000, "x" * 10_000)],
    ],
)
def test_what_can_not_be_one_is_refused(alice, header):
    refused(header)


def test_other_schemes_and_none_are_no_sign_in(made):
    for header in ("", f"Bearer {made['token']}"):
        refused(header)


def test_an_unknown_name_costs_the_same_as_a_wrong_password(made, django_assert_num_queries):
    for email in ("alice@example.com", "nobody@example.com", "\0"):
        with django_assert_num_queries(1):
            assert ApiToken.find_app_password(email, "abcd-efgh-ijkl-mnop") is None


def test_it_may_only_do_what_its_scopes_say(api):
    secret = api.post("/tokens/", {"name": "x", "kind": "app_password", "scopes": ["read"]}).json()["token"]

    assert call(basic("alice@example.com", secret)).status_code == 200
    assert call(basic("alice@example.com", secret), "put").status_code == 403


def test_it_expires(api, made):
    ApiToken.objects.filter(name="phone").update(expires_at=timezone.now())

    refused(basic("alice@example.com", made["token"]))


def test_it_lives_as_long_as_the_token_that_makes_it(api):
    end = timezone.now() + timedelta(days=1)
    ApiToken.objects.filter(pk=api.token.pk).update(expires_at=end)

    assert api.post("/tokens/", {"name": "x", "kind": "app_password"}).json()["expires_at"] == instant(end)


def test_it_ends_with_the_password_and_with_the_account(alice, made):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    refused(basic("alice@example.com", made["token"]))
    User.objects.filter(pk=alice.pk).update(is_active=True)
    assert call(basic("alice@example.com", made["token"])).status_code == 200

    alice.set_password("another horse battery")
    alice.save()

    refused(basic("alice@example.com", made["token"]))


def test_a_refusal_does_not_repeat_what_was_sent(made, alice):
    with pytest.raises(AuthenticationFailed) as error:
        AppPasswordAuthentication().authenticate_credentials("alice@example.com", "wxyz-wxyz-wxyz-wxyz")

    assert "wxyz" not in str(error.value)

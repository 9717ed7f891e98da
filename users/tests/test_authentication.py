import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from testing.client import PASSWORD, Client
from testing.problems import assert_problem
from testing.responses import INVALID_TOKEN, NOT_SIGNED_IN, instant
from users.models import ApiToken, User

SECRET = "todo_" + "x" * 43


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Token", "token", "Bearer "])
def test_both_schemes_sign_in_without_regard_to_case(api, anonymous, scheme):
    response = anonymous.get("/me/", HTTP_AUTHORIZATION=f"{scheme} {api.secret}")

    assert response.status_code == 200
    assert response.json()["email"] == "alice@example.com"


@pytest.mark.parametrize(
    "header", ["", " ", "\0", "\xff\xfe", SECRET, "Basic YTpi", "Bearer\t" + SECRET, "Bearer," + SECRET]
)
def test_another_header_is_no_sign_in(anonymous, header, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = anonymous.get("/me/", HTTP_AUTHORIZATION=header)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert_problem(response, *NOT_SIGNED_IN)


@pytest.mark.parametrize(
    "credentials",
    [
        "",
        " ",
        "todo_",
        "\0",
        "todo_\0" + "x" * 42,
        "\xff",
        "todo_" + "é" * 43,
        "todo_" + "x" * 42,
        "todo_" + "x" * 44,
        SECRET + " " + SECRET,
        SECRET.upper(),
        "x" * 100_000,
    ],
    ids=lambda text: repr(text)[:20],
)
def test_what_can_not_be_a_token_is_refused_without_a_query(anonymous, credentials, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = anonymous.get("/me/", HTTP_AUTHORIZATION=f"Bearer {credentials}")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert_problem(response, *INVALID_TOKEN)


def unknown(client: Client) -> None:
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {SECRET}")


def of_another_case(client: Client) -> None:
    client.credentials(HTTP_AUTHORIZATION=f"Bearer todo_{client.secret[5:].swapcase()}")


def the_digest_itself(client: Client) -> None:
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {client.token.digest}")


def expired(client: Client) -> None:
    ApiToken.objects.filter(pk=client.token.pk).update(expires_at=timezone.now())


def revoked(client: Client) -> None:
    client.token.delete()


def of_a_disabled_user(client: Client) -> None:
    User.objects.filter(pk=client.user.pk).update(is_active=False)


def of_an_erased_user(client: Client) -> None:
    client.user.delete()


@pytest.mark.parametrize(
    "make_useless",
    [unknown, of_another_case, the_digest_itself, expired, revoked, of_a_disabled_user, of_an_erased_user],
)
def test_a_useless_token_is_one_response(api, make_useless):
    make_useless(api)

    response = api.get("/me/")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert_problem(response, *INVALID_TOKEN)


def test_a_token_works_until_the_moment_of_its_expiry(alice, time_machine):
    end = timezone.now() + timedelta(days=1)
    client = Client(alice, expires_at=end)

    time_machine.move_to(end - timedelta(microseconds=1), tick=False)
    before = client.get("/me/")
    time_machine.move_to(end, tick=False)
    after = client.get("/me/")

    assert (before.status_code, after.status_code) == (200, 401)


def test_a_user_who_is_enabled_again_has_the_tokens_back(api, alice):
    of_a_disabled_user(api)
    api.get("/me/")

    User.objects.filter(pk=alice.pk).update(is_active=True)

    assert api.get("/me/").status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_a_token_that_may_only_read_reads(alice, task, method):
    reader = Client(alice, scopes=["read"])

    response = getattr(reader, method)(f"/tasks/{task.id}/")

    assert response.status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_token_that_may_only_read_does_not_write(alice, task, method):
    reader = Client(alice, scopes=["read"])

    response = getattr(reader, method)("/tasks/" if method == "post" else f"/tasks/{task.id}/", {"title": "New"})

    assert_problem(response, 403, "permission_denied", "This token lacks the scope “write”. Create a token with it.")
    assert reader.get("/tasks/").json()["results"][0]["title"] == "Buy milk"


def test_the_last_use_is_noted_at_most_once_a_minute(api, time_machine):
    noted = []

    for moment in ("12:00:00", "12:00:59.999999", "12:01:00", "12:01:30", "12:03:00"):
        time_machine.move_to(f"2030-01-01T{moment}Z", tick=False)
        api.get("/me/")
        noted.append(instant(ApiToken.objects.get().last_used_at)[11:])

    assert noted == ["12:00:00Z", "12:00:00Z", "12:01:00Z", "12:01:00Z", "12:03:00Z"]


def test_a_refused_token_is_not_noted_as_used(api):
    of_a_disabled_user(api)

    api.get("/me/")

    assert ApiToken.objects.get().last_used_at is None


def test_a_sign_in_is_one_query_and_one_more_once_a_minute(api, time_machine, django_assert_num_queries):
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)
    with django_assert_num_queries(2):
        api.get("/me/")

    with django_assert_num_queries(1):
        api.get("/me/")


@pytest.fixture
def browser(alice) -> Browser:
    """Alice's, signed in at the page for it."""
    browser = Browser(enforce_csrf_checks=True)
    page = browser.get("/api-auth/login/").content.decode()
    field = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    form = {"username": "ALICE@example.com", "password": PASSWORD, "csrfmiddlewaretoken": field.group(1)}
    assert browser.post("/api-auth/login/", form).status_code == 302
    return browser


def test_a_session_reads(browser):
    response = browser.get("/api/v1/me/")

    assert response.status_code == 200
    assert response.json()["email"] == "alice@example.com"
    assert response["Cache-Control"] == "private, no-cache"


def test_a_session_writes_with_its_csrf_token(browser):
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}

    response = browser.patch("/api/v1/me/", {"name": "New"}, content_type="application/json", headers=token)

    assert response.status_code == 200
    assert User.objects.get().name == "New"


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "CSRF token missing."),
        ({"X-CSRFToken": "x" * 32}, "CSRF token from the 'X-Csrftoken' HTTP header incorrect."),
    ],
)
def test_a_session_does_not_write_without_it(browser, headers, why):
    response = browser.patch("/api/v1/me/", {"name": "New"}, content_type="application/json", headers=headers)

    assert_problem(response, 403, "permission_denied", f"CSRF Failed: {why}")
    assert User.objects.get().name == "Alice"


def test_a_token_needs_none_even_beside_a_session(browser, alice):
    token = {"Authorization": f"Bearer {Client(alice).secret}"}

    response = browser.patch("/api/v1/me/", {"name": "New"}, content_type="application/json", headers=token)

    assert response.status_code == 200
    assert User.objects.get().name == "New"


def test_the_session_of_a_disabled_user_is_nobodys(browser, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)

    response = browser.get("/api/v1/me/")

    assert_problem(response, *NOT_SIGNED_IN)


def test_a_session_does_not_make_up_for_a_bad_token(browser):
    response = browser.get("/api/v1/me/", headers={"Authorization": f"Bearer {SECRET}"})

    assert_problem(response, *INVALID_TOKEN)


def test_the_token_says_who_is_calling_when_there_is_a_session_too(browser, bob):
    token = {"Authorization": f"Bearer {Client(bob).secret}"}

    response = browser.get("/api/v1/me/", headers=token)

    assert response.json()["email"] == "bob@example.com"


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"username": "nobody@example.com"}, {"username": "a\0b"}])
def test_the_page_refuses_wrong_credentials(alice, change):
    browser = Browser()

    response = browser.post("/api-auth/login/", {"username": alice.email, "password": PASSWORD, **change})

    assert response.status_code == 200
    assert "sessionid" not in browser.cookies


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [("/admin/", "/admin/"), ("https://evil.example/", "/"), ("//evil.example", "/"), ("javascript:1", "/")],
)
def test_the_page_leads_to_no_other_host(alice, wanted, leads_to):
    response = Browser().post("/api-auth/login/", {"username": alice.email, "password": PASSWORD, "next": wanted})

    assert (response.status_code, response["Location"]) == (302, leads_to)


def test_the_page_needs_a_csrf_token(alice):
    browser = Browser(enforce_csrf_checks=True)

    response = browser.post("/api-auth/login/", {"username": alice.email, "password": PASSWORD})

    assert response.status_code == 403
    assert "sessionid" not in browser.cookies

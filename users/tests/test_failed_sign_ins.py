"""After ten failed sign-ins with one email address from one network address, both are locked for 15 minutes."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.utils import timezone

from testing.client import PASSWORD, Client
from testing.problems import assert_problem
from users.models import SignInAttempt

WRONG = "wrong horse battery"
WHY = "Too many failed sign-ins with this email address from your network address. Expected available in 900 seconds."
LOCKED = (429, "throttled", WHY)


def sign_in(password: str, email: str = "alice@example.com", address: str = "192.0.2.1"):
    return Client().post("/auth/login/", {"email": email, "password": password}, REMOTE_ADDR=address)


def fail(times: int, **how) -> list[int]:
    return [sign_in(WRONG, **how).status_code for _ in range(times)]


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)


def test_the_eleventh_is_refused_and_told_for_how_long(alice):
    assert fail(10) == [401] * 10

    response = sign_in(WRONG)

    assert (response.status_code, response["Retry-After"]) == (429, "900")
    assert_problem(response, *LOCKED)


def test_the_right_password_is_refused_too(alice):
    fail(10)

    assert sign_in(PASSWORD).status_code == 429


def test_it_is_the_same_where_there_is_no_account(db):
    assert fail(11) == [401] * 10 + [429]
    assert_problem(sign_in(WRONG), *LOCKED)


def test_after_a_quarter_of_an_hour_it_begins_anew(alice, time_machine):
    fail(9)
    time_machine.shift(600)
    assert fail(2) == [401, 429]
    assert sign_in(WRONG)["Retry-After"] == "300"

    time_machine.shift(299)
    assert sign_in(PASSWORD).status_code == 429

    time_machine.shift(1)
    assert fail(10) == [401] * 10
    assert sign_in(PASSWORD).status_code == 429


def test_what_was_refused_does_not_count(alice, time_machine):
    fail(20)

    time_machine.shift(900)

    assert sign_in(PASSWORD).status_code == 200


def test_a_success_takes_the_failures_away(alice):
    fail(9)

    assert sign_in(PASSWORD).status_code == 200

    assert not SignInAttempt.objects.exists()
    assert fail(11) == [401] * 10 + [429]


def test_another_address_and_another_account_are_not_concerned(alice, bob):
    fail(11)

    assert sign_in(PASSWORD, address="192.0.2.2").status_code == 200
    assert sign_in(PASSWORD, email="bob@example.com").status_code == 200


def test_the_way_the_address_is_written_does_not_matter(alice):
    fail(5)
    fail(5, email="ALICE@Example.com")

    assert sign_in(PASSWORD).status_code == 429


def test_nor_does_it_in_a_form(client, alice):
    for username in ("alice@example.com", "ALICE@example.com"):
        client.post("/api-auth/login/", {"username": username, "password": WRONG})

    assert [(row.subject, row.count) for row in SignInAttempt.objects.all()] == [("alice@example.com", 2)]


def test_a_whole_network_of_ipv6_counts_as_one_address(alice):
    for number in range(10):
        fail(1, address=f"2001:db8::{number}")

    assert sign_in(PASSWORD, address="2001:db8::ffff").status_code == 429
    assert SignInAttempt.objects.get().address == "2001:db8::"


def test_an_account_that_is_switched_off_fails_like_a_wrong_password(alice):
    alice.is_active = False
    alice.save()

    assert [sign_in(PASSWORD).status_code for _ in range(11)] == [401] * 10 + [429]


@pytest.mark.parametrize("form", ["/admin/login/", "/api-auth/login/"])
def test_the_forms_of_pages_and_admin_count_with_the_api(client, operator, form):
    fields = {"username": "operator@example.com", "password": WRONG}
    pages = [client.post(form, fields, REMOTE_ADDR="192.0.2.1").status_code for _ in range(6)]
    calls = fail(4, email="operator@example.com")

    response = client.post(form, {**fields, "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")

    assert (pages, calls) == ([200] * 6, [401] * 4)
    assert (response.status_code, response["Retry-After"]) == (429, "900")
    assert response.content.decode() == f"{WHY}\n"
    assert "_auth_user_id" not in client.session
    assert sign_in(PASSWORD, email="operator@example.com").status_code == 429


@pytest.mark.parametrize("username", ["x" * 254, "İ" * 254, "'; DROP TABLE users_user; --", "\N{PILE OF POO}"])
def test_a_form_takes_any_name(client, db, username):
    response = client.post("/api-auth/login/", {"username": username, "password": WRONG})

    assert response.status_code == 200
    assert SignInAttempt.objects.get().count == 1


def test_with_a_stolen_token_the_password_cannot_be_guessed(api):
    body = {"current_password": WRONG, "new_password": "another horse battery"}
    changes = [api.post("/me/password/", body).status_code for _ in range(5)]
    erasures = [api.delete("/me/", {"password": WRONG}).status_code for _ in range(5)]

    assert changes + erasures == [400] * 10
    assert_problem(api.delete("/me/", {"password": PASSWORD}), *LOCKED)
    assert_problem(api.post("/me/password/", {**body, "current_password": PASSWORD}), *LOCKED)


def test_a_program_on_this_host_is_not_counted(alice):
    for _ in range(11):
        authenticate(username="alice@example.com", password=WRONG)

    assert authenticate(username="alice@example.com", password=PASSWORD) == alice
    assert not SignInAttempt.objects.exists()


def test_the_purge_takes_away_what_is_past(alice, time_machine):
    fail(1)
    time_machine.shift(600)
    fail(1, address="192.0.2.2")
    time_machine.shift(300)

    call_command("purge")

    left = SignInAttempt.objects.get()
    assert (left.subject, left.address, left.count) == ("alice@example.com", "192.0.2.2", 1)
    assert left.ends_at == timezone.now() + timedelta(minutes=10)

import pytest

from config.values import Rate
from testing.client import PASSWORD, Client
from testing.problems import assert_problem
from users.models import SignInAttempt, User

CALLS = {
    "register": ("/auth/register/", {"email": "alice@example.com", "password": PASSWORD}),
    "login": ("/auth/login/", {"email": "alice@example.com", "password": PASSWORD}),
    "reset": ("/auth/password-reset/", {"email": "alice@example.com"}),
    "confirm": ("/auth/password-reset/confirm/", {"uid": "x", "token": "x", "new_password": PASSWORD}),
}


@pytest.fixture(autouse=True)
def _four_calls_a_minute(settings, time_machine):
    settings.THROTTLE_CREDENTIALS = Rate(4, 60)
    time_machine.move_to("2030-01-01T12:00:40Z", tick=False)


def call(name: str, address: str = "192.0.2.1"):
    path, body = CALLS[name]
    return Client().post(path, body, REMOTE_ADDR=address)


@pytest.mark.parametrize("name", CALLS)
def test_all_that_prove_who_they_are_count_together(alice, name):
    for each in CALLS:
        assert call(each).status_code != 429

    response = call(name)

    assert response["Retry-After"] == "60"
    detail = "Too many attempts to sign in or to register from your address. Expected available in 60 seconds."
    assert_problem(response, 429, "throttled", detail)


@pytest.mark.parametrize("form", ["/admin/login/", "/api-auth/login/"])
def test_the_forms_of_pages_and_admin_count_too(client, operator, form):
    fields = {"username": "operator@example.com", "password": PASSWORD}
    for name in ("login", "reset", "reset", "reset"):
        call(name)

    response = client.post(form, fields, REMOTE_ADDR="192.0.2.1")

    assert (response.status_code, response["Retry-After"]) == (429, "60")


def test_what_is_refused_changes_nothing(db):
    for _ in range(4):
        call("reset")

    assert call("register").status_code == 429
    assert not User.objects.exists()


def test_the_time_begins_with_the_first_call(alice, time_machine):
    call("reset")
    time_machine.shift(59)
    assert [call("reset").status_code for _ in range(4)] == [202, 202, 202, 429]
    assert call("reset")["Retry-After"] == "1"

    time_machine.shift(1)

    assert [call("reset").status_code for _ in range(5)] == [202] * 4 + [429]


def test_another_address_is_not_concerned(alice):
    for _ in range(5):
        call("reset")

    assert call("login", address="192.0.2.2").status_code == 200


def test_it_can_be_switched_off(alice, settings):
    settings.THROTTLE_CREDENTIALS = None

    assert [call("reset").status_code for _ in range(10)] == [202] * 10
    assert not SignInAttempt.objects.exists()


def test_a_sign_in_costs_one_row_for_each_address_and_no_more(alice):
    for _ in range(3):
        call("login")

    rows = [(row.subject, row.address, row.count) for row in SignInAttempt.objects.all()]
    assert rows == [("", "192.0.2.1", 3)]

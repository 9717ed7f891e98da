from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from api import counts
from api.counts import Counts, Rate
from testing.client import Client
from testing.problems import assert_problem

REFUSED = (429, "throttled", "Request was throttled. Expected available in 20 seconds.")


@pytest.fixture(autouse=True)
def _three_calls_a_minute(settings, monkeypatch, time_machine):
    settings.THROTTLE_USER = settings.THROTTLE_ANON = Rate(3, 60)
    monkeypatch.setattr(counts, "users", Counts())
    monkeypatch.setattr(counts, "strangers", Counts())
    time_machine.move_to("2030-01-01T12:00:40Z", tick=False)


def statuses(client, count: int, path: str = "/me/", **headers) -> list[int]:
    return [client.get(path, **headers).status_code for _ in range(count)]


def test_a_user_has_so_many_calls_in_a_window(api, time_machine):
    assert statuses(api, 5) == [200, 200, 200, 429, 429]

    time_machine.shift(19)
    assert statuses(api, 1) == [429]

    time_machine.shift(1)
    assert statuses(api, 4) == [200, 200, 200, 429]


def test_a_refused_call_says_when_to_come_back(api):
    statuses(api, 3)

    answer = api.get("/me/")

    assert answer.status_code == 429
    assert answer["Retry-After"] == "20"
    assert_problem(answer, *REFUSED)


def test_who_comes_back_then_is_let_in(api, time_machine):
    statuses(api, 3)

    time_machine.shift(float(api.get("/me/")["Retry-After"]))

    assert statuses(api, 1) == [200]


def test_a_user_is_counted_over_all_tokens_and_sessions(api, alice):
    browser = Browser()
    browser.force_login(alice)

    assert statuses(api, 1) + statuses(Client(alice), 1) + statuses(browser, 2, "/api/v1/me/") == [200, 200, 200, 429]


def test_users_do_not_stand_in_each_others_way(api, bobs_api):
    statuses(api, 4)

    assert statuses(bobs_api, 3) == [200, 200, 200]


@pytest.mark.parametrize("method", ["get", "post", "options", "head", "put"])
def test_every_method_counts(api, method):
    statuses(api, 3)

    assert getattr(api, method)("/tasks/").status_code == 429


def test_who_is_not_signed_in_is_counted_by_address(anonymous):
    here, there = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "192.0.2.2"}

    assert statuses(anonymous, 4, "/", **here) == [200, 200, 200, 429]
    assert statuses(anonymous, 1, "/", **there) == [200]


def test_a_call_that_lacks_a_sign_in_counts(anonymous):
    assert statuses(anonymous, 4) == [401, 401, 401, 429]


def test_guesses_of_tokens_count(anonymous):
    guesses = [anonymous.get("/me/", HTTP_AUTHORIZATION=f"Bearer todo_{number:043}").status_code for number in range(4)]

    assert guesses == [401, 401, 401, 429]


def test_a_call_that_is_forbidden_counts(alice):
    reader = Client(alice, scopes=["read"])

    assert [reader.post("/tasks/", {"title": "x"}).status_code for _ in range(4)] == [403, 403, 403, 429]


def test_a_page_is_one_call_and_is_refused_as_a_page(client, alice):
    client.force_login(alice)

    assert statuses(client, 3, "/api/v1/tasks/", HTTP_ACCEPT="text/html") == [200, 200, 200]
    page = client.get("/api/v1/tasks/", HTTP_ACCEPT="text/html")
    assert (page.status_code, page["Retry-After"]) == (429, "20")
    assert page["Content-Type"] == "text/html; charset=utf-8"


def test_nobody_evades_it_by_naming_other_addresses(anonymous, settings):
    settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = 1, False

    tries = [
        anonymous.get("/", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, 192.0.2.1").status_code for number in range(4)
    ]

    assert tries == [200, 200, 200, 429]


def test_nobody_is_framed_by_it(anonymous, settings):
    settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = 1, False
    statuses(anonymous, 4, "/", HTTP_X_FORWARDED_FOR="192.0.2.9, 192.0.2.1")

    assert statuses(anonymous, 1, "/", HTTP_X_FORWARDED_FOR="192.0.2.9") == [200]


def test_a_rate_can_be_switched_off(api, anonymous, settings):
    settings.THROTTLE_USER = settings.THROTTLE_ANON = None

    assert set(statuses(api, 10)) == {200}
    assert set(statuses(anonymous, 10)) == {401}


def test_it_costs_no_query(api, settings):
    api.get("/tasks/")
    with CaptureQueriesContext(connection) as counted:
        api.get("/tasks/")
    settings.THROTTLE_USER = None

    with CaptureQueriesContext(connection) as uncounted:
        api.get("/tasks/")

    assert len(counted) == len(uncounted)


def test_health_checks_are_never_refused(client, db):
    assert {client.get("/healthz").status_code for _ in range(10)} == {200}


def test_a_thousand_busy_keys_are_told_apart():
    """By all but one in some thousands: a key is counted too often only where another shares both of its cells."""
    counted, keys = Counts(), [uuid4() for _ in range(1000)]

    for _ in range(9):
        for key in keys:
            counted.add(key, 1)

    assert sum(counted.add(key, 1) != 10 for key in keys) <= 5

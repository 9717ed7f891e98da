import socket

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from rest_framework import throttling
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from api.views import ApiView
from config import values
from testing.client import Client
from testing.problems import assert_problem

REFUSED = (429, "throttled", "Request was throttled. Expected available in 20 seconds.")


@pytest.fixture
def rates(monkeypatch) -> dict:
    rates = {"user": "3/min", "anon": "3/min"}
    monkeypatch.setattr(throttling.SimpleRateThrottle, "THROTTLE_RATES", rates)
    return rates


@pytest.fixture(autouse=True)
def _three_calls_a_minute(rates, time_machine):
    cache.clear()
    time_machine.move_to("2030-01-01T12:00:40Z", tick=False)


def statuses(client, count: int, path: str = "/me/", **headers) -> list[int]:
    return [client.get(path, **headers).status_code for _ in range(count)]


def test_a_user_has_so_many_calls_in_any_minute(api, time_machine):
    assert statuses(api, 1) == [200]
    time_machine.shift(40)
    assert statuses(api, 4) == [200, 200, 429, 429]

    time_machine.shift(19)
    assert statuses(api, 1) == [429]

    time_machine.shift(1)
    assert statuses(api, 2) == [200, 429]


def test_a_refused_call_says_when_to_come_back(api, time_machine):
    statuses(api, 3)
    time_machine.shift(40)

    response = api.get("/me/")

    assert response.status_code == 429
    assert response["Retry-After"] == "20"
    assert_problem(response, *REFUSED)


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
    assert (page.status_code, page["Retry-After"]) == (429, "60")
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


@pytest.mark.parametrize("off", ["user", "anon"])
def test_a_rate_can_be_switched_off(api, anonymous, rates, off):
    rates[off] = None

    assert statuses(api, 4) == [200, 200, 200, 200 if off == "user" else 429]
    assert statuses(anonymous, 4) == [401, 401, 401, 401 if off == "anon" else 429]


def test_it_costs_no_query(api, rates):
    api.get("/tasks/")
    with CaptureQueriesContext(connection) as counted:
        api.get("/tasks/")
    rates["user"] = None

    with CaptureQueriesContext(connection) as uncounted:
        api.get("/tasks/")

    assert len(counted) == len(uncounted)


def test_health_checks_are_never_refused(client, db):
    assert {client.get("/healthz").status_code for _ in range(10)} == {200}


class View(ApiView):
    """As REST framework's documentation has it."""

    permission_classes = [AllowAny]

    def get(self, request):
        return Response()


def calls(view: type[ApiView], count: int, **headers: str) -> list[int]:
    call = view.as_view()
    return [call(APIRequestFactory().get("/", **headers)).status_code for _ in range(count)]


class Burst(throttling.AnonRateThrottle):
    scope = "burst"


class Patient(throttling.AnonRateThrottle):
    rate = "2/day"


@pytest.mark.parametrize("throttle", [Burst, Patient])
def test_a_view_may_have_throttles_of_its_own(rates, throttle):
    class OwnThrottles(View):
        throttle_classes = [throttle]

    rates["burst"] = "2/min"

    assert calls(OwnThrottles, 3) == [200, 200, 429]


def test_a_view_may_have_none(db):
    class Unlimited(View):
        throttle_classes = ()

    assert calls(Unlimited, 9) == [200] * 9


def test_views_may_share_a_scope(rates):
    class Uploads(View):
        throttle_scope = "uploads"

    class Photos(View):
        throttle_scope = "uploads"

    rates |= {"uploads": "2/day", "anon": None}

    assert calls(Uploads, 1) + calls(Photos, 2) == [200, 200, 429]
    assert calls(View, 1) == [200]


def test_a_scope_without_a_rate_is_refused_by_name():
    class Misspelt(View):
        throttle_scope = "uplods"

    with pytest.raises(ImproperlyConfigured, match="No default throttle rate set for 'uplods' scope"):
        calls(Misspelt, 1)


def test_nobody_evades_rest_frameworks_own_throttles_by_naming_other_addresses():
    class Own(View):
        throttle_classes = [Patient]

    assert [calls(Own, 1, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")[0] for number in range(3)] == [200, 200, 429]


def test_a_cache_that_is_away_refuses_nobody(api, settings, caplog):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.CACHES = {"default": values.cache(f"redis://:canary@127.0.0.1:{port}/1")}

    assert statuses(api, 4) == [200] * 4
    [record, *_] = [record for record in caplog.records if record.name == "api.throttles"]
    assert (record.message, record.fields) == ("Calls can't be counted.", {"reason": "ConnectionError"})
    assert "canary" not in caplog.text


def test_more_callers_than_django_keeps_by_itself_are_counted(anonymous):
    addresses = [f"192.0.{number // 200}.{number % 200 + 1}" for number in range(1000)]
    for _ in range(2):
        for address in addresses:
            calls(View, 1, REMOTE_ADDR=address)

    assert calls(View, 2, REMOTE_ADDR=addresses[0]) == [200, 429]

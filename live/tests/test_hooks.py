"""The calls of `hooks/`."""

import socket
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from live.models import Delivery, Hook
from live.signatures import key
from live.tests.conftest import stored
from testing.client import Client
from testing.problems import assert_problem
from users.models import User

URL = "https://9.9.9.9/events"


def refusal(response) -> tuple[int, str, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["field"], error["code"]


def test_the_secret_is_shown_once_and_not_stored(api):
    made = api.post("/hooks/", {"url": URL})
    body = made.json()

    assert made["Cache-Control"] == "no-store"
    secret = body.pop("secret")
    assert body == {
        "id": body["id"],
        "url": URL,
        "events": ["*"],
        "enabled": True,
        "failing_since": None,
        "created_at": body["created_at"],
    }
    assert api.get(f"/hooks/{body['id']}/").json() == body
    assert api.get("/hooks/").json()["results"] == [body]
    assert secret.startswith("whsec_")
    [row] = Hook.objects.values()
    assert secret.removeprefix("whsec_") not in str(row)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.com/", "scheme"),
        ("http://9.9.9.9/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("//9.9.9.9/", "scheme"),
        ("https://user:word@9.9.9.9/", "credentials"),
        ("https://user@9.9.9.9/", "credentials"),
        ("https://9.9.9.9/#part", "fragment"),
        ("https:///path", "invalid"),
        ("https://9.9.9.9:99999/", "invalid"),
        ("https://9.9.9.9:0/", "invalid"),
        ("https://[::1/", "invalid"),
        ("https://9.9.9.9/ü", "invalid"),
        ("https://9.9.9.9/a b", "invalid"),
        ("https://9.9.9.9\\@10.0.0.1/", "invalid"),
        ("https://9.9.9.9/\r\nX: y", "invalid"),
        ("https://9.9.9.9/" + "a" * 2000, "max_length"),
        ("", "blank"),
        (7, "invalid"),
        ("https://localhost/", "private_address"),
        ("https://127.0.0.1/", "private_address"),
        ("https://127.1/", "private_address"),
        ("https://2130706433/", "private_address"),
        ("https://0x7f000001/", "private_address"),
        ("https://0/", "private_address"),
        ("https://[::1]/", "private_address"),
        ("https://[::ffff:10.0.0.1]/", "private_address"),
        ("https://[fe80::1%25eth0]/", "private_address"),
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
    ],
)
def test_a_url_that_leads_nowhere_or_inside_is_refused_by_name(api, url, code):
    status, field, found = refusal(api.post("/hooks/", {"url": url}))

    assert (status, field) == (400, "url")
    assert found in {code, "invalid"} if code == "private_address" else found == code
    assert not Hook.objects.exists()


def test_a_name_that_means_a_private_address_is_refused(api, monkeypatch):
    private = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 443)) for number in ("9.9.9.9", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: private)

    assert refusal(api.post("/hooks/", {"url": "https://inside.example.com/"})) == (400, "url", "private_address")


def test_a_name_that_is_not_found_yet_is_accepted(api, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert api.post("/hooks/", {"url": "https://soon.example.com/"}).status_code == 201


def test_plain_http_and_private_addresses_are_allowed_by_a_setting_alone(api, settings):
    settings.HOOKS_ALLOW_PRIVATE = True

    assert api.post("/hooks/", {"url": "http://127.0.0.1:9000/"}).status_code == 201


@pytest.mark.parametrize(
    ("events", "field", "code"),
    [
        (["task.eaten"], "events", "invalid"),
        (["user.updated"], "events", "invalid"),
        ([], "events", "empty"),
        ("*", "events", "not_a_list"),
        (["*"] * 51, "events", "max_length"),
    ],
)
def test_events_are_those_that_there_are(api, events, field, code):
    assert refusal(api.post("/hooks/", {"url": URL, "events": events})) == (400, field, code)


def test_events_are_named(api):
    names = ["task.completed", "reminder.due", "project.created", "tag.deleted", "task.completed"]

    made = api.post("/hooks/", {"url": URL, "events": names}).json()

    assert made["events"] == ["project.created", "reminder.due", "tag.deleted", "task.completed"]


def test_there_are_twenty_at_most(api, bobs_api):
    for _ in range(20):
        assert api.post("/hooks/", {"url": URL}).status_code == 201

    assert refusal(api.post("/hooks/", {"url": URL})) == (400, "", "too_many")
    assert bobs_api.post("/hooks/", {"url": URL}).status_code == 201


def test_it_is_changed_field_by_field(api):
    hook = api.post("/hooks/", {"url": URL}).json()
    del hook["secret"]

    changed = api.patch(f"/hooks/{hook['id']}/", {"events": ["task.created"], "enabled": False})

    assert changed.json() == {**hook, "events": ["task.created"], "enabled": False}
    assert refusal(api.patch(f"/hooks/{hook['id']}/", {"url": "https://10.0.0.1/"})) == (400, "url", "private_address")


def test_only_owners_with_an_enabled_hook_are_watched(api, alice):
    def watched() -> bool:
        return User.objects.get(pk=alice.pk).is_watched

    assert not watched()
    one, two = (api.post("/hooks/", {"url": URL, "enabled": enabled}).json()["id"] for enabled in (True, False))
    assert watched()
    api.patch(f"/hooks/{one}/", {"enabled": False})
    assert not watched()
    api.patch(f"/hooks/{two}/", {"enabled": True})
    assert watched()
    api.delete(f"/hooks/{two}/")
    assert not watched()


def test_a_new_secret_and_the_one_before_sign_for_a_day(api):
    hook = api.post("/hooks/", {"url": URL}).json()

    rotated = api.post(f"/hooks/{hook['id']}/rotate/")

    assert rotated["Cache-Control"] == "no-store"
    assert rotated.json()["secret"] not in ("", hook["secret"])
    found = stored(hook)
    assert found.keys() == [key(found.pk, 2), key(found.pk, 1)]
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
        assert found.keys() == [key(found.pk, 2)]


def test_a_test_waits_for_its_turn(api):
    hook = api.post("/hooks/", {"url": URL}).json()

    tested = api.post(f"/hooks/{hook['id']}/test/")

    assert tested.status_code == 202
    assert (tested.json()["type"], tested.json()["object_id"]) == ("hook.test", None)
    assert api.get(f"/hooks/{hook['id']}/deliveries/").json() == {"results": [tested.json()]}


def test_a_hook_that_is_switched_off_is_not_tested(api):
    hook = api.post("/hooks/", {"url": URL, "enabled": False}).json()

    assert refusal(api.post(f"/hooks/{hook['id']}/test/")) == (400, "", "disabled")
    assert not Delivery.objects.exists()


def test_a_token_that_may_only_read_makes_none(alice):
    reader = Client(alice, scopes=["read"])

    assert_problem(
        reader.post("/hooks/", {"url": URL}),
        403,
        "permission_denied",
        "This token lacks the scope “write”. Create a token with it.",
    )
    assert reader.get("/hooks/").status_code == 200


def test_unknown_fields_are_refused(api):
    assert refusal(api.post("/hooks/", {"url": URL, "secret": "mine"})) == (400, "secret", "unknown")

"""`Idempotency-Key`: a repeated POST is carried out only once."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone

from ownership import idempotency
from ownership.models import IdempotentResponse
from ownership.viewsets import RevisedViewSet
from testing.client import PASSWORD, Client
from testing.problems import assert_problem, refused
from testing.resources import REVISED
from testing.responses import INVALID_TOKEN
from testing.routes import ROUTES, Route
from todos.models import Task
from users.models import User

POSTS = [route for route in ROUTES if issubclass(route.view, RevisedViewSet) and "POST" in route.methods]
OTHER_POSTS = [route for route in ROUTES if not issubclass(route.view, RevisedViewSet) and "POST" in route.methods]
REUSED = (
    422,
    "idempotency_key_reused",
    "This Idempotency-Key was used for another request. Use a new key for each request.",
)


def everything() -> list:
    """All rows that a call could change."""
    return [list(model.objects.order_by("pk").values()) for model in (*REVISED, User)]


def headers_of(response) -> dict:
    return {name: value for name, value in response.headers.items() if name != "X-Request-ID"}


def assert_replayed(again, first) -> None:
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert headers_of(again) == {**headers_of(first), "Idempotency-Replayed": "true"}
    assert "Idempotency-Replayed" not in first


@pytest.mark.parametrize("route", POSTS, ids=str)
def test_a_post_that_is_sent_again_gets_the_same_response_and_changes_nothing(route: Route, api, alice):
    thing = route.make(alice)
    url, body = route.url(thing.pk), route.body("POST", alice, thing)
    first = api.post(url, body, HTTP_IDEMPOTENCY_KEY="k")
    before = everything()

    again = api.post(url, body, HTTP_IDEMPOTENCY_KEY="k")

    assert first.status_code in (200, 201), route.refusal(first)
    assert_replayed(again, first)
    assert everything() == before


def test_a_list_is_made_once(api):
    body = [{"title": f"Task {number}", "priority": number % 5} for number in range(200)]
    first = api.post("/tasks/", body, HTTP_IDEMPOTENCY_KEY="k")

    again = api.post("/tasks/", body, HTTP_IDEMPOTENCY_KEY="k")

    assert_replayed(again, first)
    assert Task.objects.count() == 200


@pytest.mark.parametrize("action", ["update", "complete", "reopen", "move", "delete", "restore"])
def test_each_bulk_action_is_done_once(api, alice, task, action):
    if action == "restore":
        task.delete()
    values = {"set": {"title": "New"}} if action == "update" else {"set": {}} if action == "move" else {}
    body = {"action": action, "ids": [str(task.pk)], **values}
    first = api.post("/tasks/bulk/", body, HTTP_IDEMPOTENCY_KEY="k")
    before = everything()

    assert_replayed(api.post("/tasks/bulk/", body, HTTP_IDEMPOTENCY_KEY="k"), first)
    assert everything() == before


def test_toggling_again_with_the_same_key_doesnt_toggle_back(api, task):
    for _ in range(3):
        response = api.post(f"/tasks/{task.pk}/toggle/", HTTP_IDEMPOTENCY_KEY="k")

    assert response.json()["completed"] is True
    assert Task.objects.get().completed


def test_the_response_stays_that_of_then_whatever_happens_later(api):
    first = api.post("/tasks/", {"title": "Old"}, HTTP_IDEMPOTENCY_KEY="k")
    url = f"/tasks/{first.json()['id']}/"
    api.patch(url, {"title": "New"})
    api.delete(url)
    api.delete("/tasks/trash/")

    assert_replayed(api.post("/tasks/", {"title": "Old"}, HTTP_IDEMPOTENCY_KEY="k"), first)
    assert not Task.objects.exists()


def test_a_write_that_changes_nothing_is_answered_again_too(api, task):
    task.complete()
    first = api.post(f"/tasks/{task.pk}/complete/", HTTP_IDEMPOTENCY_KEY="k")
    api.post(f"/tasks/{task.pk}/reopen/")

    assert_replayed(api.post(f"/tasks/{task.pk}/complete/", HTTP_IDEMPOTENCY_KEY="k"), first)
    assert User.objects.get().revision == 3


@pytest.mark.parametrize(
    ("url", "body", "options"),
    [
        ("/tasks/", '{"title": "B"}', {}),
        ("/tasks/", '{"title":  "A"}', {}),  # the bytes count: what they mean is not known yet
        ("/tasks/", '[{"title": "A"}]', {}),
        ("/tasks/", "", {}),
        ("/tasks/?format=json", '{"title": "A"}', {}),
        ("/projects/", '{"title": "A"}', {}),
        ("/tasks/bulk/", '{"title": "A"}', {}),
        ("/tasks/", '{"title": "A"}', {"content_type": "application/json; charset=utf-8"}),
    ],
)
def test_a_key_is_for_one_request(api, url, body, options):
    how = {"content_type": "application/json", "HTTP_IDEMPOTENCY_KEY": "k"}
    api.generic("POST", "/tasks/", '{"title": "A"}', **how)

    other = api.generic("POST", url, body, **{**how, **options})

    assert_problem(other, *REUSED)
    assert [task.title for task in Task.objects.all()] == ["A"]


def test_another_key_is_another_request(api):
    for key in ("k", "K", "k2", "x" * 255, "~!\"'"):
        assert "Idempotency-Replayed" not in api.post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY=key)

    assert Task.objects.count() == 5


def test_each_user_has_keys_of_their_own(api, bobs_api):
    hers = api.post("/tasks/", {"title": "Hers"}, HTTP_IDEMPOTENCY_KEY="k")

    his = bobs_api.post("/tasks/", {"title": "His"}, HTTP_IDEMPOTENCY_KEY="k")

    assert (his.status_code, his.json()["title"]) == (201, "His")
    assert_replayed(api.post("/tasks/", {"title": "Hers"}, HTTP_IDEMPOTENCY_KEY="k"), hers)


def test_a_key_is_the_users_and_not_the_tokens(api, alice):
    first = api.post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="k")

    assert_replayed(Client(alice).post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="k"), first)


@pytest.mark.parametrize(("age", "made"), [(timedelta(hours=24, seconds=-1), 1), (timedelta(hours=24), 2)])
def test_a_response_is_kept_for_24_hours(alice, age, made):
    with time_machine.travel(start := timezone.now(), tick=False):
        Client(alice).post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="k")

    with time_machine.travel(start + age, tick=False):
        responses = [Client(alice).post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]

    assert [response.status_code for response in responses] == [201, 201]
    assert [response.get("Idempotency-Replayed") for response in responses] == [None if made == 2 else "true", "true"]
    assert Task.objects.count() == made
    assert IdempotentResponse.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "ä", "\x7f", "x" * 256, "k, k2 "])
def test_a_bad_key_is_refused(api, key):
    response = api.post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY=key)

    assert refused(response) == [("Idempotency-Key", "invalid")]
    assert not Task.objects.exists()
    assert not IdempotentResponse.objects.exists()


@pytest.mark.parametrize(("method", "status"), [("patch", 200), ("put", 200), ("delete", 204)])
def test_other_methods_have_no_keys(api, task, method, status):
    response = getattr(api, method)(f"/tasks/{task.pk}/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="not a key")

    assert response.status_code == status
    assert not IdempotentResponse.objects.exists()


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        ("/tasks/", '{"title": ""}', 400),
        ("/tasks/", "{", 400),
        ("/tasks/", '[{"title": "A"}, {"title": ""}]', 400),
        ("/tasks/bulk/", '{"action": "delete", "ids": ["01900000-0000-7000-8000-000000000000"]}', 404),
        ("/tasks/01900000-0000-7000-8000-000000000000/complete/", "{}", 404),
        ("/tasks/trash/", "{}", 405),
        ("/tasks/?x=1", '{"title": "A"}', 400),
    ],
)
def test_a_failure_is_not_stored(api, url, body, status):
    how = {"content_type": "application/json", "HTTP_IDEMPOTENCY_KEY": "k"}

    assert [api.generic("POST", url, body, **how).status_code for _ in range(2)] == [status, status]
    assert not IdempotentResponse.objects.exists()
    assert api.post("/tasks/", {"title": "Put right"}, HTTP_IDEMPOTENCY_KEY="k").status_code == 201


def test_the_response_and_the_write_are_there_together_or_not_at_all(api, monkeypatch):
    create = IdempotentResponse.objects.none().bulk_create

    def store_and_fail(*args, **kwargs):
        assert Task.objects.exists()
        create(*args, **kwargs)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(idempotency.IdempotentResponse.objects, "bulk_create", store_and_fail)
        failed = api.post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="k")
    left = (Task.objects.count(), IdempotentResponse.objects.count(), User.objects.get().revision)
    again = api.post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="k")

    assert (failed.status_code, left) == (500, (0, 0, 0))
    assert (again.status_code, again.get("Idempotency-Replayed"), Task.objects.count()) == (201, None, 1)


def test_a_replay_comes_before_if_match(api, task):
    url, how = (
        f"/tasks/{task.pk}/complete/",
        {"HTTP_IDEMPOTENCY_KEY": "k", "HTTP_IF_MATCH": api.get(f"/tasks/{task.pk}/")["ETag"]},
    )
    first = api.post(url, **how)

    again = api.post(url, **how)

    assert_replayed(again, first)
    assert api.post(url, HTTP_IF_MATCH=how["HTTP_IF_MATCH"]).status_code == 412


def test_a_stale_if_match_is_not_stored(api, task):
    how = {"HTTP_IDEMPOTENCY_KEY": "k"}
    assert api.post(f"/tasks/{task.pk}/complete/", HTTP_IF_MATCH='"old"', **how).status_code == 412

    response = api.post(f"/tasks/{task.pk}/complete/", HTTP_IF_MATCH=api.get(f"/tasks/{task.pk}/")["ETag"], **how)

    assert (response.status_code, response.json()["completed"]) == (200, True)


@pytest.mark.parametrize("route", OTHER_POSTS, ids=str)
def test_what_answers_with_a_secret_ignores_keys_and_stores_nothing(route: Route, api, anonymous):
    bodies = {
        "auth/register/": {"email": "new@example.com", "password": "another good phrase"},
        "auth/login/": {"email": "alice@example.com", "password": PASSWORD},
        "tokens/": {"name": "Script"},
    }
    client = anonymous if route.path in ("auth/register/", "auth/login/") else api

    for _ in range(2):
        response = client.post(route.url(), bodies.get(route.path, {}), HTTP_IDEMPOTENCY_KEY="not a key")
        assert response.status_code != 422
        assert "Idempotency-Replayed" not in response
    assert not IdempotentResponse.objects.exists()


def test_a_key_opens_no_door(api, alice):
    reader = Client(alice, scopes=["read"])
    api.post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="k")
    api.token.delete()

    refused_ones = [client.post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="k") for client in (reader, api)]

    assert [response.status_code for response in refused_ones] == [403, 401]
    assert_problem(refused_ones[1], *INVALID_TOKEN)


def test_a_form_of_a_signed_in_browser_has_keys_too(alice):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice)
    browser.get("/api/v1/tasks/", HTTP_ACCEPT="text/html")
    form = {"title": "A", "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}

    responses = [browser.post("/api/v1/tasks/", form, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]

    assert [response.status_code for response in responses] == [201, 201]
    assert json.loads(responses[0].content) == json.loads(responses[1].content)
    assert Task.objects.get().title == "A"


def test_an_account_goes_with_its_stored_responses(api, alice):
    api.post("/tasks/", {"title": "A"}, HTTP_IDEMPOTENCY_KEY="k")

    alice.delete()

    assert not IdempotentResponse.objects.exists()

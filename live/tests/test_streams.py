"""`GET events/` and `events/ticket/`, without the server that keeps a stream open: see tests/server/test_events.py."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone

from live.hub import Found
from live.models import StreamTicket
from live.streams import Credential, Stream, event
from live.tests.conftest import refused
from testing.client import Client
from users.models import ApiToken, User


def last_id(response) -> str:
    return response.content.decode().split("id: ")[1].split("\n")[0]


def test_a_stream_begins_with_the_revision_and_a_token_for_sync(api, alice):
    api.post("/tasks/", {"title": "Buy milk"})

    response = api.get("/events/")

    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Accel-Buffering"] == "no"
    token = last_id(response)
    assert response.content.decode() == f'retry: 3000\n\nid: {token}\nevent: revision\ndata: {{"revision": 1}}\n\n'
    assert api.get(f"/sync/?since={token}").json()["results"] == []


def test_who_comes_again_gets_an_event_only_if_one_was_missed(api, bobs_api):
    first = api.get("/events/")

    assert api.get("/events/", HTTP_LAST_EVENT_ID=last_id(first)).content == b"retry: 3000\n\n"
    api.post("/tasks/", {"title": "Buy milk"})
    missed = api.get("/events/", HTTP_LAST_EVENT_ID=last_id(first))
    assert b'{"revision": 1}' in missed.content
    assert api.get("/events/", HTTP_LAST_EVENT_ID=last_id(bobs_api.get("/events/"))).content == missed.content
    assert api.get("/events/", HTTP_LAST_EVENT_ID="damaged").content == missed.content


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json", "text/html", "image/png"])
def test_it_is_a_stream_whatever_a_client_accepts(api, anonymous, accept):
    assert api.get("/events/", HTTP_ACCEPT=accept)["Content-Type"] == "text/event-stream"

    response = anonymous.get("/events/", HTTP_ACCEPT=accept)

    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
    assert response.json()["code"] == "not_authenticated"


def test_a_ticket_opens_it_once(api, anonymous):
    made = api.post("/events/ticket/")
    ticket = made.json()["ticket"]

    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    assert StreamTicket.objects.get().digest not in ticket
    assert anonymous.get(f"/events/?ticket={ticket}").status_code == 200
    assert refused(anonymous.get(f"/events/?ticket={ticket}")) == (401, "authentication_failed")
    assert not StreamTicket.objects.exists()


@pytest.mark.parametrize("ticket", ["x", "ticket_" + "a" * 43, "%00", "ü"])
def test_a_made_up_ticket_opens_nothing(anonymous, db, ticket):
    assert refused(anonymous.get(f"/events/?ticket={ticket}")) == (401, "authentication_failed")


def test_a_ticket_lives_a_minute(api, anonymous):
    made = api.post("/events/ticket/").json()

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert refused(anonymous.get(f"/events/?ticket={made['ticket']}")) == (401, "authentication_failed")


def test_a_ticket_is_worth_nothing_when_its_token_is_revoked(api, anonymous):
    ticket = api.post("/events/ticket/").json()["ticket"]
    api.token.delete()

    assert refused(anonymous.get(f"/events/?ticket={ticket}")) == (401, "authentication_failed")


def test_a_ticket_opens_nothing_else(api, anonymous):
    ticket = api.post("/events/ticket/").json()["ticket"]

    assert anonymous.get(f"/tasks/?ticket={ticket}").status_code == 401


def test_a_token_that_may_only_read_listens_but_makes_no_ticket(alice):
    reader = Client(alice, scopes=["read"])

    assert reader.get("/events/").status_code == 200
    assert refused(reader.post("/events/ticket/")) == (403, "permission_denied")


def test_old_tickets_go_with_the_next_one(api):
    api.post("/events/ticket/")
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        api.post("/events/ticket/")

    assert StreamTicket.objects.count() == 1


def test_a_session_opens_it(alice):
    browser = Browser()
    browser.force_login(alice)

    assert browser.get("/api/v1/events/").status_code == 200


@pytest.fixture
def stream(alice) -> Stream:
    return Stream(alice.pk, alice.password, Credential(), told=0)


def found(owner: User, **more) -> Found:
    return Found({owner.pk: (1, owner.is_active, owner.password)}, **more)


def test_what_ends_a_stream(alice, api, stream):
    token = str(ApiToken.objects.get().pk)
    now = timezone.now().timestamp()

    def allows(credential: Credential, **more) -> bool:
        stream.credential = credential
        return found(alice, **more).allows(stream)

    assert allows(Credential(token=token), tokens={token})
    assert not allows(Credential(token=token), tokens=set())
    assert not allows(Credential(token=token, until=now - 1), tokens={token})
    assert allows(Credential(token=token, until=now + 60), tokens={token})
    assert allows(Credential(session="key"), sessions={"key"})
    assert not allows(Credential(session="key"), sessions=set())
    alice.password = "another"
    assert not allows(Credential(session="key"), sessions={"key"})
    assert allows(Credential(until=now + 60))
    alice.is_active = False
    assert not allows(Credential(until=now + 60))
    assert not Found({}).allows(stream)


def test_an_event_is_signed_for_its_owner(alice, bob):
    assert event(alice.pk, 7) != event(bob.pk, 7)

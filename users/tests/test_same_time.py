"""Whether there is an account shows neither in the response nor in the work that is done for it.

Counted and not timed: hashes, queries and mails that are made are what the time goes to, and a count is never flaky.
"""

from collections import Counter
from threading import Event

import pytest
from django.contrib.auth import hashers
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from config.values import Rate
from testing.client import PASSWORD, Client
from testing.emails import sent
from users import emails
from users.models import User

KNOWN, UNKNOWN = "alice@example.com", "alicf@example.com"


@pytest.fixture
def work_of(monkeypatch, alice, settings):
    """Do something for an address; what it cost, and what was answered."""
    settings.THROTTLE_CREDENTIALS = Rate(100, 60)
    done = Counter()

    def counted(name, function):
        def call(*args, **kwargs):
            done[name] += 1
            return function(*args, **kwargs)

        return call

    hasher = hashers.MD5PasswordHasher
    monkeypatch.setattr(hasher, "encode", counted("hash", hasher.encode))
    monkeypatch.setattr(emails, "send", counted("task", emails.send))
    monkeypatch.setattr(EmailMessage, "__init__", counted("mail", EmailMessage.__init__))

    def measure(call, email: str) -> tuple:
        done.clear()
        with CaptureQueriesContext(connection) as queries:
            response = call(email)
        sent()
        statements = [query["sql"].split()[0:3] for query in queries]
        # `Expires` of a page that no cache keeps is the second of the response.
        headers = {name: value for name, value in response.headers.items() if name not in ("X-Request-ID", "Expires")}
        return dict(done), statements, response.status_code, headers

    return measure


def sign_in(email: str):
    return Client().post("/auth/login/", {"email": email, "password": "wrong horse battery"})


def sign_in_on_a_page(email: str):
    return Browser().post("/api-auth/login/", {"username": email, "password": "wrong horse battery"})


def reset(email: str):
    return Client().post("/auth/password-reset/", {"email": email})


def register(email: str):
    return Client().post("/auth/register/", {"email": email, "password": PASSWORD})


@pytest.mark.parametrize(
    ("call", "work"),
    [
        (sign_in, {"hash": 1}),
        (sign_in_on_a_page, {"hash": 1}),
        (reset, {"mail": 1, "task": 1}),
        (register, {"mail": 1, "task": 1}),
    ],
)
def test_the_work_is_the_same_with_and_without_an_account(work_of, settings, call, work):
    settings.CONFIRM_SIGN_UP = True

    known, unknown = work_of(call, KNOWN), work_of(call, UNKNOWN)

    assert known == unknown
    assert known[0] == work
    assert len(sent()) == {reset: 1, register: 2}.get(call, 0)


@pytest.mark.parametrize("change", ["is_active", "is_confirmed", "password"])
def test_nor_does_it_show_that_an_account_is_closed(work_of, alice, change):
    User.objects.filter(pk=alice.pk).update(**{change: "!" if change == "password" else False})

    assert work_of(sign_in, KNOWN) == work_of(sign_in, UNKNOWN)
    assert work_of(reset, KNOWN) == work_of(reset, UNKNOWN)


def test_the_response_does_not_wait_for_the_mail_server(alice, monkeypatch):
    order, mails_may_go = [], Event()

    def send(self):
        mails_may_go.wait(10)
        order.append("sent")

    monkeypatch.setattr(EmailMessage, "send", send)

    assert reset(KNOWN).status_code == 202
    order.append("answered")
    mails_may_go.set()
    sent()

    assert order == ["answered", "sent"]

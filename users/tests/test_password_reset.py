import logging
import smtplib
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.tokens import default_token_generator
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode

from testing.client import PASSWORD, Client
from testing.emails import link_in, sent
from testing.problems import assert_problem, refused
from testing.races import in_parallel
from users.models import SignInAttempt, User

NEW = "another horse battery"
DEAD_LINK = [("token", "invalid")]


def ask(client, email: str = "alice@example.com", **headers):
    return client.post("/auth/password-reset/", {"email": email}, **headers)


def confirm(client, **body):
    return client.post("/auth/password-reset/confirm/", {"new_password": NEW, **body})


@pytest.fixture
def link(anonymous, alice):
    ask(anonymous)
    return link_in(sent()[0])


def works(password: str) -> bool:
    return authenticate(username="alice@example.com", password=password) is not None


def test_a_link_is_mailed(anonymous, alice, settings):
    settings.DEFAULT_FROM_EMAIL = "Todo <todo@example.com>"

    response = ask(anonymous)

    (mail,) = sent()
    link = link_in(mail)
    assert (response.status_code, response.content) == (202, b"")
    assert (mail.to, mail.from_email) == (["alice@example.com"], "Todo <todo@example.com>")
    assert mail.subject == "A new password for https://todo.example.com"
    assert mail.body == (
        "Someone, probably you, requested a new password for alice@example.com at https://todo.example.com.\n"
        "\n"
        "Set it here. The link works once and expires in 60 minutes:\n"
        "\n"
        f"https://todo.example.com{link.path}\n"
        "\n"
        "This signs out every program and browser that uses this account.\n"
        "If it wasn't you, ignore this email: nothing changes unless the link is used.\n"
        "\n"
        "For programs (POST https://todo.example.com/api/v1/auth/password-reset/confirm/):\n"
        f"uid: {link.uid}\n"
        f"token: {link.token}\n"
    )


def test_the_case_of_the_address_does_not_matter(anonymous, alice):
    ask(anonymous, "ALICE@Example.com")

    assert [mail.to for mail in sent()] == [["alice@example.com"]]


def switched_off(alice):
    alice.is_active = False
    alice.save()


def without_password(alice):
    alice.set_unusable_password()
    alice.save()


@pytest.mark.parametrize("change", [switched_off, without_password, User.delete])
def test_nobody_else_gets_a_mail_and_the_response_is_the_same(anonymous, alice, change):
    there = ask(anonymous, HTTP_X_REQUEST_ID="same")
    sent().clear()
    change(alice)

    response = ask(anonymous, HTTP_X_REQUEST_ID="same")

    assert sent() == []
    assert (response.status_code, dict(response.headers), response.content) == (202, dict(there.headers), there.content)


@pytest.mark.parametrize("host", ["evil.example.com", "todo.example.com"])
def test_the_link_leads_where_the_operator_says_whatever_host_the_request_names(anonymous, alice, settings, host):
    settings.ALLOWED_HOSTS = ["*"]

    ask(anonymous, HTTP_HOST=host, HTTP_X_FORWARDED_HOST="evil.example.com", HTTP_X_FORWARDED_PROTO="http")

    (mail,) = sent()
    assert link_in(mail).root == "https://todo.example.com"
    assert "evil" not in str(mail.message())


def test_in_development_it_leads_to_where_the_server_was_called(anonymous, alice, settings):
    settings.PUBLIC_URL = ""

    ask(anonymous, HTTP_HOST="localhost:8000")

    assert link_in(sent()[0]).root == "http://localhost:8000"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("email", "required")]),
        ({"email": None}, [("email", "null")]),
        ({"email": "alice"}, [("email", "invalid")]),
        ({"email": "alice@example.com\nBcc: bob@example.com"}, [("email", "invalid")]),
        ({"email": ["alice@example.com"]}, [("email", "invalid")]),
        ({"email": "alice@example.com", "name": "x"}, [("name", "unknown")]),
    ],
)
def test_bad_values_are_refused_by_name(anonymous, alice, body, errors):
    assert refused(anonymous.post("/auth/password-reset/", body)) == errors
    assert sent() == []


def test_without_a_mail_server_it_says_so_to_everyone(anonymous, alice, settings):
    settings.SENDS_MAIL = False

    responses = [ask(anonymous), ask(anonymous, "nobody@example.com")]

    detail = "This server can't send email. Ask the operator for a new password."
    for response in responses:
        assert_problem(response, 403, "mail_not_set_up", detail)


def test_a_mail_server_that_fails_is_logged_without_the_address(anonymous, alice, monkeypatch, caplog):
    def send_messages(self, messages):
        raise smtplib.SMTPRecipientsRefused({"alice@example.com": (550, b"no such mailbox")})

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)

    response = ask(anonymous, HTTP_X_REQUEST_ID="asked")
    sent()

    assert response.status_code == 202
    (record,) = [record for record in caplog.records if record.name == "api.emails"]
    assert (record.levelno, record.message) == (logging.ERROR, "An email could not be sent.")
    assert record.fields == {"error": "SMTPRecipientsRefused"}
    assert "alice" not in caplog.text


def test_with_it_the_password_is_set(anonymous, link):
    response = confirm(anonymous, **link.proof)

    assert (response.status_code, response.content) == (204, b"")
    assert (works(PASSWORD), works(NEW)) == (False, True)


def test_it_works_once(anonymous, link):
    confirm(anonymous, **link.proof)

    response = confirm(anonymous, **link.proof, new_password="a third horse battery")

    assert refused(response) == DEAD_LINK
    assert works(NEW)


@pytest.mark.django_db(transaction=True)
def test_of_uses_at_the_same_moment_one_counts(alice):
    uid, token = urlsafe_base64_encode(str(alice.pk).encode()), default_token_generator.make_token(alice)

    responses = in_parallel(
        8, lambda number: confirm(Client(), uid=uid, token=token, new_password=f"{NEW} {number}").status_code
    )

    assert sorted(responses) == [204] + [400] * 7
    assert works(f"{NEW} {responses.index(204)}")


def test_setting_the_same_password_again_uses_it_up_too(anonymous, link):
    confirm(anonymous, **link.proof, new_password=PASSWORD)

    assert refused(confirm(anonymous, **link.proof)) == DEAD_LINK


def test_it_lives_an_hour(anonymous, link, time_machine):
    made = timezone.now()
    time_machine.move_to(made + timedelta(minutes=61), tick=False)

    assert refused(confirm(anonymous, **link.proof)) == DEAD_LINK
    assert works(PASSWORD)

    time_machine.move_to(made + timedelta(minutes=59), tick=False)
    assert confirm(anonymous, **link.proof).status_code == 204


def test_a_sign_in_meanwhile_uses_it_up(anonymous, link):
    anonymous.post("/auth/login/", {"email": "alice@example.com", "password": PASSWORD})

    assert refused(confirm(anonymous, **link.proof)) == DEAD_LINK


def test_it_is_good_for_one_account(anonymous, link, bob):
    uid = urlsafe_base64_encode(str(bob.pk).encode())

    assert refused(confirm(anonymous, uid=uid, token=link.token)) == DEAD_LINK


@pytest.mark.parametrize("change", [switched_off, without_password, User.delete])
def test_it_is_no_way_into_an_account_that_is_closed(anonymous, link, alice, change):
    change(User.objects.get(pk=alice.pk))

    assert refused(confirm(anonymous, **link.proof)) == DEAD_LINK
    assert not works(NEW)


@pytest.mark.parametrize("uid", ["x", "====", "é", "AA", "\ud7ff", "LTE", "MTIz", "Li4v", "AAAAAAAAAAAAAAAAAAAAAA"])
def test_an_id_that_is_none_is_like_a_token_that_is_none(anonymous, link, uid):
    assert refused(confirm(anonymous, uid=uid, token=link.token)) == DEAD_LINK


@pytest.mark.parametrize("token", ["x", "-", "a-b", "d2y3m5-", "é-1"])
def test_a_token_that_is_none_is_refused(anonymous, link, token):
    assert refused(confirm(anonymous, uid=link.uid, token=token)) == DEAD_LINK


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"new_password": "horse 7"}, [("new_password", "password_too_short")]),
        ({"new_password": "alice@example"}, [("new_password", "password_too_similar")]),
        ({"new_password": ""}, [("new_password", "blank")]),
        ({"uid": None}, [("uid", "null")]),
        ({"token": 5}, [("token", "invalid")]),
        ({"uid": "x" * 101}, [("uid", "max_length")]),
        ({"email": "alice@example.com"}, [("email", "unknown")]),
    ],
)
def test_bad_values_use_nothing_up(anonymous, link, change, errors):
    assert refused(confirm(anonymous, **{**link.proof, **change})) == errors

    assert confirm(anonymous, **link.proof).status_code == 204


def test_who_was_locked_out_is_let_in_again(anonymous, alice):
    for _ in range(11):
        anonymous.post("/auth/login/", {"email": "alice@example.com", "password": "wrong horse battery"})
    ask(anonymous)

    confirm(anonymous, **link_in(sent()[0]).proof)

    response = anonymous.post("/auth/login/", {"email": "alice@example.com", "password": NEW})
    assert response.status_code == 200
    assert not SignInAttempt.objects.exists()

"""The page that connects a calendar app: `/calendars/`, for people in a browser."""

import plistlib
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client as Browser
from django.urls import set_script_prefix
from rest_framework.throttling import SimpleRateThrottle

from dav.tests.conftest import basic, vtodo
from testing.client import PASSWORD
from users.models import ApiToken, User

PAGE = "/calendars/"
PROFILE = "/calendars/todo.mobileconfig"
SECRET = re.compile("[a-z]{4}(?:-[a-z]{4}){3}")
NEVER_STORED = "max-age=0, no-cache, no-store, must-revalidate, private"


@pytest.fixture
def browser(alice) -> Browser:
    browser = Browser()
    browser.force_login(alice)
    return browser


def make(browser: Browser, **fields: str) -> str:
    """Make an app password on the page. Returns its secret."""
    page = browser.post(PAGE, {"name": "iPhone", **fields}).content.decode()
    [secret] = set(SECRET.findall(page))
    return secret


def call(method: str, path: str, secret: str, body: str = "", email: str = "alice@example.com"):
    """What an app gets that signs in with this app password."""
    return Browser().generic(method, path, body, "text/calendar", HTTP_AUTHORIZATION=basic(email, secret))


def revoke_path(token: ApiToken) -> str:
    return f"/calendars/{token.pk}/revoke/"


def app_password(owner: User, **fields) -> tuple[ApiToken, str]:
    return ApiToken.issue(owner, "tablet", ApiToken.APP_PASSWORD, **fields)


# Who sees it


@pytest.mark.parametrize("path", [PAGE, PROFILE, "/calendars/01900000-0000-7000-8000-000000000001/revoke/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_needs_a_sign_in_that_leads_back(db, method, path):
    response = Browser().generic(method, path)

    assert (response.status_code, response["Location"]) == (302, f"/api-auth/login/?next={path}")


def test_signing_in_leads_back(alice):
    form = {"username": "alice@example.com", "password": PASSWORD, "next": PAGE}

    response = Browser().post("/api-auth/login/", form)

    assert (response.status_code, response["Location"]) == (302, PAGE)


def test_the_landing_page_leads_to_it(client):
    assert f'href="{PAGE}"' in client.get("/").content.decode()


def test_an_app_password_opens_no_page(alice):
    _, secret = app_password(alice)

    assert call("GET", PAGE, secret).status_code == 302


def test_it_shows_where_to_sign_in(browser, alice):
    page = browser.get(PAGE)
    html = page.content.decode()

    assert page.status_code == 200
    for value in ("http://testserver/dav/", "alice@example.com", "testserver", "80", "/dav/"):
        assert f"<code>{value}</code>" in html
    assert "You have none yet." in html
    assert SECRET.findall(html) == []


def test_it_counts_the_calls_of_a_user(browser, monkeypatch):
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"user": "1/day", "anon": None})

    statuses = [browser.get(path).status_code for path in (PAGE, PROFILE)]

    assert statuses == [200, 429]


def test_it_warns_where_an_app_could_not_connect(browser):
    warning = "wasn't opened with https"
    far, near = browser.get(PAGE, REMOTE_ADDR="203.0.113.7"), browser.get(PAGE)
    safe = browser.get(PAGE, REMOTE_ADDR="203.0.113.7", secure=True)

    shown = [warning in unescape(page.content.decode()) for page in (far, near, safe)]

    assert shown == [True, False, False]


# App passwords


def test_an_app_password_works_at_once(browser, alice):
    secret = make(browser)
    token = ApiToken.objects.get(name="iPhone")

    assert call("PROPFIND", "/dav/", secret).status_code == 207
    assert call("PUT", f"/dav/{alice.pk}/inbox/x.ics", secret, vtodo()).status_code == 201
    assert (token.owner, token.kind, token.scopes) == (alice, "app_password", ["read", "write"])
    assert token.expires_at is None


def test_it_is_shown_once_and_kept_in_no_cache(browser):
    first = browser.post(PAGE, {"name": "iPhone"})
    second = browser.get(PAGE)

    assert first["Cache-Control"] == second["Cache-Control"] == NEVER_STORED
    assert len(set(SECRET.findall(first.content.decode()))) == 1
    assert SECRET.findall(second.content.decode()) == []


def test_a_read_only_one_reads_and_does_not_write(browser, alice):
    secret = make(browser, read_only="on")

    assert call("PROPFIND", f"/dav/{alice.pk}/inbox/", secret).status_code == 207
    assert call("PUT", f"/dav/{alice.pk}/inbox/x.ics", secret, vtodo()).status_code == 403
    assert ApiToken.objects.get(name="iPhone").scopes == ["read"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "This field is required."),
        ("  ", "This field is required."),
        ("x" * 101, "Ensure this value has at most 100 characters (it has 101)."),
        ("a\0b", "Null characters are not allowed."),
    ],
)
def test_a_bad_name_is_refused(browser, name, message):
    page = browser.post(PAGE, {"name": name})

    assert message in unescape(page.content.decode())
    assert not ApiToken.objects.exists()


def test_the_form_is_guarded_against_forgery(alice):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice)
    token, _ = app_password(alice)

    assert browser.post(PAGE, {"name": "iPhone"}).status_code == 403
    assert browser.post(revoke_path(token)).status_code == 403
    assert list(ApiToken.objects.all()) == [token]


def test_the_list_has_names_and_last_uses_on_the_users_clock(browser, alice):
    token, _ = app_password(alice, scopes=["read"])
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=datetime(2026, 7, 31, 22, 30, tzinfo=UTC))
    app_password(alice, expires_at=datetime(2026, 1, 31, 12, tzinfo=UTC))
    ApiToken.issue(alice, "a token of the API")

    html = browser.get(PAGE).content.decode()

    assert re.findall(r"<b>(.*?)</b>(.*)<br>", html)[:2] == [("tablet", ""), ("tablet", " (read-only)")]
    assert "Last used on 1 August 2026, 00:30" in html
    assert "Expired on 31 January 2026" in html
    assert "a token of the API" not in html


def test_a_name_is_text(browser, alice):
    ApiToken.issue(alice, '<b onclick="x">&', ApiToken.APP_PASSWORD)

    assert "&lt;b onclick=&quot;x&quot;&gt;&amp;</b>" in browser.get(PAGE).content.decode()


def test_a_long_list_ends(browser, alice):
    for _ in range(101):
        app_password(alice)

    html = browser.get(PAGE).content.decode()

    assert html.count(">Revoke</a>") == 100
    assert "These are the newest." in html


def test_an_account_that_was_erased_meanwhile_gets_no_app_password(browser, alice, monkeypatch):
    def lock(manager, user):
        raise User.DoesNotExist

    monkeypatch.setattr(type(User.objects), "lock", lock)

    response = browser.post(PAGE, {"name": "iPhone"})

    assert (response.status_code, response["Location"]) == (302, f"/api-auth/login/?next={PAGE}")
    assert not ApiToken.objects.exists()


# Revoking


def test_revoking_ends_it_at_once(browser):
    secret = make(browser)
    token = ApiToken.objects.get(name="iPhone")

    asked = browser.get(revoke_path(token))
    assert "Revoke “iPhone”?" in asked.content.decode()
    assert call("PROPFIND", "/dav/", secret).status_code == 207

    done = browser.post(revoke_path(token), follow=True)

    assert done.redirect_chain == [(PAGE, 302)]
    assert "The app password is revoked." in done.content.decode()
    assert call("PROPFIND", "/dav/", secret).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_anothers_app_password_is_never_shown_and_as_if_it_were_missing(browser, bob, method):
    token, secret = app_password(bob)
    missing = ApiToken(owner=bob)

    told = [browser.generic(method, revoke_path(each)) for each in (token, missing)]

    assert [each.status_code for each in told] == [404, 404]
    assert told[0].content == told[1].content
    assert "tablet" not in browser.get(PAGE).content.decode()
    assert call("PROPFIND", "/dav/", secret, email="bob@example.com").status_code == 207


def test_a_token_of_the_api_is_not_revoked_here(browser, alice):
    token, _ = ApiToken.issue(alice, "script")

    assert browser.post(revoke_path(token)).status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


# The profile


def read_profile(response) -> tuple[dict, dict]:
    """The profile, and the account in it."""
    profile = plistlib.loads(response.content)
    [account] = profile["PayloadContent"]
    return profile, account


def test_the_profile_has_the_address_and_no_password(browser, alice):
    app_password(alice)

    response = browser.get(PROFILE)
    profile, account = read_profile(response)

    assert response["Content-Type"] == "application/x-apple-aspen-config"
    assert response["Content-Disposition"] == 'attachment; filename="todo.mobileconfig"'
    assert response["Cache-Control"] == NEVER_STORED
    assert (profile["PayloadType"], profile["PayloadVersion"]) == ("Configuration", 1)
    assert {name: value for name, value in account.items() if not name.startswith("Payload")} == {
        "CalDAVAccountDescription": "Todo (alice@example.com)",
        "CalDAVHostName": "testserver",
        "CalDAVPort": 80,
        "CalDAVUseSSL": False,
        "CalDAVPrincipalURL": f"/dav/{alice.pk}/",
        "CalDAVUsername": "alice@example.com",
    }
    assert (account["PayloadType"], account["PayloadVersion"]) == ("com.apple.caldav.account", 1)
    assert profile["PayloadUUID"] != account["PayloadUUID"]
    assert profile["PayloadIdentifier"] != account["PayloadIdentifier"]


@pytest.mark.parametrize(
    ("host", "name", "port"), [("testserver", "testserver", 443), ("testserver:8443", "testserver", 8443)]
)
def test_with_tls_the_profile_asks_for_it(browser, host, name, port):
    _, account = read_profile(browser.get(PROFILE, secure=True, HTTP_HOST=host))

    assert (account["CalDAVHostName"], account["CalDAVPort"], account["CalDAVUseSSL"]) == (name, port, True)


def test_a_profile_with_a_password_is_made_with_it_and_works(browser, alice):
    response = browser.post(PAGE, {"name": "iPhone", "profile": "yes", "read_only": "on"})
    _, account = read_profile(response)

    assert response["Cache-Control"] == NEVER_STORED
    assert call("PROPFIND", account["CalDAVPrincipalURL"], account["CalDAVPassword"]).status_code == 207
    assert ApiToken.objects.get(owner=alice).scopes == ["read"]
    assert "CalDAVPassword" not in read_profile(browser.get(PROFILE))[1]


def test_a_form_that_is_refused_downloads_nothing(browser):
    page = browser.post(PAGE, {"name": "", "profile": "yes"})

    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "This field is required." in page.content.decode()


def test_a_second_profile_replaces_the_first_and_that_of_another_account_does_not(browser, bob):
    others = Browser()
    others.force_login(bob)

    first, again, another = (read_profile(each.get(PROFILE))[0] for each in (browser, browser, others))

    assert first == again
    assert first["PayloadUUID"] != another["PayloadUUID"]
    assert first["PayloadIdentifier"] != another["PayloadIdentifier"]


def test_below_a_path_of_a_proxy_the_addresses_have_it(browser, alice, settings):
    settings.FORCE_SCRIPT_NAME = "/todo"
    set_script_prefix("/todo/")  # as the server does, and Django's test client doesn't
    try:
        page = browser.get(PAGE)
        _, account = read_profile(browser.get(PROFILE))
        signed_out = Browser().get(PAGE)
    finally:
        set_script_prefix("/")

    assert "<code>http://testserver/todo/dav/</code>" in page.content.decode()
    assert account["CalDAVPrincipalURL"] == f"/todo/dav/{alice.pk}/"
    assert signed_out["Location"] == "/todo/api-auth/login/?next=/todo/calendars/"


def test_a_session_that_ended_sees_nothing(browser, alice):
    alice.set_password("another horse battery")
    alice.save()

    assert SESSION_KEY in browser.session
    assert browser.get(PAGE).status_code == 302

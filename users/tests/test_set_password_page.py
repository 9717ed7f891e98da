"""The page of an emailed link."""

import re

import pytest
from django.contrib.auth import authenticate
from django.test import Client as Browser

from api.tests.test_schema import loads
from testing.client import PASSWORD
from testing.emails import link_in, sent
from users import pages
from users.models import User

NEW = "another horse battery"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def link(anonymous, alice):
    anonymous.post("/auth/password-reset/", {"email": "alice@example.com"})
    return link_in(sent()[0])


@pytest.fixture
def browser():
    return Browser(enforce_csrf_checks=True)


def works(password: str) -> bool:
    return authenticate(username="alice@example.com", password=password) is not None


def send(browser, page, password: str = NEW, again: str | None = None):
    """Fill in the form of this page and send it, as a browser does."""
    html = page.content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)"[^>]* value="([^"]*)"', html))
    assert set(re.findall(r'name="(new_\w+)"', html)) == {"new_password1", "new_password2"}
    fields |= {"new_password1": password, "new_password2": password if again is None else again}
    return browser.post(page.request["PATH_INFO"], fields, follow=True)


def test_a_browser_that_follows_the_link_sets_the_password(browser, link):
    page = browser.get(link.path, follow=True)
    done = send(browser, page)

    assert (page.status_code, done.status_code) == (200, 200)
    assert "Your password is set" in done.content.decode()
    assert (works(PASSWORD), works(NEW)) == (False, True)


def test_no_address_that_a_page_passes_on_has_the_token(browser, link):
    page = browser.get(link.path, follow=True)

    assert page.redirect_chain == [(f"/set-password/{link.uid}/set-password/", 302)]
    assert link.token not in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"


def test_no_cache_keeps_it(browser, link):
    page = browser.get(link.path, follow=True)

    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_no_script_may_run_and_nothing_is_loaded_from_elsewhere(browser, link):
    page = browser.get(link.path, follow=True)
    responses = [page, send(browser, page, "short"), browser.get("/set-password/x/y/"), send(browser, page)]

    for response in responses:
        html = response.content.decode()
        assert response["Content-Security-Policy"] == POLICY
        assert not re.search(r"<script|<style|\son\w+=|\sstyle=|javascript:", html)
        assert {each.rpartition("/")[0] for each in loads(html, "http://testserver/")} == {
            "http://testserver/static/api"
        }


def test_nobody_is_signed_in_by_the_link(browser, link):
    send(browser, browser.get(link.path, follow=True))

    assert browser.get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize(
    ("password", "again", "message"),
    [
        ("horse 7", None, "This password is too short."),
        ("alice@example", None, "The password is too similar to the email address."),
        (NEW, "a third horse battery", "The two password fields didn\u2019t match."),
        ("", None, "This field is required."),
    ],
)
def test_a_bad_password_is_refused_and_the_link_still_works(browser, link, password, again, message):
    page = browser.get(link.path, follow=True)

    refused = send(browser, page, password, again)

    assert message in refused.content.decode()
    assert works(PASSWORD)
    assert "Your password is set" in send(browser, page).content.decode()


def test_it_works_once(browser, link):
    page = browser.get(link.path, follow=True)
    send(browser, page)

    assert browser.get(link.path, follow=True).status_code == 404
    assert browser.get(page.request["PATH_INFO"]).status_code == 404


def test_of_uses_at_the_same_moment_one_counts(browser, link, alice, monkeypatch):
    def happen(self, commit=True):
        User.objects.get(pk=alice.pk).set_password_by_email("the faster horse")
        return save(self, commit)

    save = pages.NewPasswordForm.save
    page = browser.get(link.path, follow=True)
    monkeypatch.setattr(pages.NewPasswordForm, "save", happen)

    second = send(browser, page)

    assert second.status_code == 404
    assert "This link is no longer valid" in second.content.decode()
    assert works("the faster horse")


@pytest.mark.parametrize("path", ["x/y", "%00/%00", "AA/set-password", "é/é", "Li4v/d2y3m5-x"])
def test_a_link_that_is_none_says_so(browser, db, path):
    response = browser.get(f"/set-password/{path}/")

    assert response.status_code == 404
    assert "This link is no longer valid" in response.content.decode()
    assert '<a href="/api/v1/auth/password-reset/">Request a new one</a>' in response.content.decode()


def test_the_form_is_guarded_against_forgery(browser, link):
    page = browser.get(link.path, follow=True)

    forged = browser.post(page.request["PATH_INFO"], {"new_password1": NEW, "new_password2": NEW})

    assert forged.status_code == 403
    assert works(PASSWORD)

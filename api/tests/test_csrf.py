"""A form that CSRF protection refuses: where a setting is to blame, the page and the log say which."""

import logging

import pytest
from django.test import Client as Browser

from api.csrf import HTTPS_UNKNOWN

FORM = {"username": "alice@example.com", "password": "x"}


@pytest.fixture
def browser(db) -> Browser:
    return Browser(enforce_csrf_checks=True)


@pytest.mark.parametrize("path", ["/admin/login/", "/api-auth/login/"])
@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_https_that_the_server_does_not_know_of_is_named(browser, caplog, path, header):
    source = "https://testserver" if header == "Origin" else f"https://testserver{path}"

    with caplog.at_level(logging.WARNING):
        response = browser.post(path, FORM, headers={header: source})

    assert response.status_code == 403
    assert HTTPS_UNKNOWN in response.content.decode()
    assert HTTPS_UNKNOWN in caplog.messages


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "http://testserver"}])
def test_other_refusals_are_about_the_form(browser, caplog, headers):
    response = browser.post("/admin/login/", FORM, headers=headers)

    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()
    assert HTTPS_UNKNOWN not in response.content.decode()
    assert HTTPS_UNKNOWN not in caplog.messages


def test_behind_a_trusted_proxy_there_is_nothing_to_name(browser, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    response = browser.post(
        "/admin/login/", FORM, headers={"Origin": "https://testserver", "X-Forwarded-Proto": "https"}
    )

    assert response.status_code == 403  # without a cookie
    assert HTTPS_UNKNOWN not in response.content.decode()

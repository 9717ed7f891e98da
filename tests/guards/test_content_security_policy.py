"""The Content-Security-Policy of all pages."""

import re

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGES = ["/", "/api/v1/", "/api/v1/tasks/", "/api/v1/docs/", "/api-auth/login/", "/admin/login/", "/nothing", "/admin/"]
PAGES += ["/calendars/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_policy_and_nothing_inline(client, operator, path):
    if path in ("/", "/admin/", "/api/v1/tasks/", "/calendars/"):
        client.force_login(operator)

    page = client.get(path, HTTP_ACCEPT="text/html")

    assert page["Content-Security-Policy"] == POLICY
    for inline in (" style=", "<style", "<script>", " onclick=", "javascript:"):
        assert inline not in page.content.decode()


def test_a_page_of_an_error_has_the_policy(client, db, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("django.views.generic.TemplateView.get", lambda *args, **kwargs: 1 / 0)

    page = client.get("/")

    assert (page.status_code, page["Content-Security-Policy"]) == (500, POLICY)


def test_a_debug_page_is_left_alone(client, settings):
    settings.DEBUG = True

    page = client.get("/nothing")

    assert page.status_code == 404
    assert "Content-Security-Policy" not in page


@pytest.mark.parametrize("path", ["/tasks/", "/schema/", "/docs/?script=", "/nothing/"])
def test_what_is_no_page_is_shown_in_no_frame(api, path):
    assert api.get(path)["Content-Security-Policy"] == "frame-ancestors 'none'"


def test_the_docs_have_nobody_else_check_the_schema(client):
    script = client.get("/api/v1/docs/?script=", HTTP_ACCEPT="text/html").content.decode()

    assert '"validatorUrl": null' in script


def test_every_file_that_a_template_names_is_there():
    # In production a page with a name that was not collected is a 500.
    texts = [template.read_text() for template in (settings.BASE_DIR / "templates").rglob("*.html")]
    names = {name for text in texts for name in re.findall(r"{% static ['\"]([^'\"]+)", text)}

    assert "api/pages.css" in names
    assert {name for name in names if not finders.find(name)} == set()

"""What clients should never send: each is refused by what it is, or stored as far as it makes sense. Never a failure.

`tests/hostile/` has the corpus; here are those that broke something, or could.
"""

import pytest

from testing.calendars import Calendars
from testing.counting import all_rows, revision_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(alice) -> Calendars:
    return Calendars(alice)


@pytest.fixture
def refused(phone, alice):
    """Send it. It must be refused with this status and condition, and change nothing."""

    def run(status: int, condition: str, *request, **headers) -> str:
        before, revision = all_rows(alice), revision_of(alice)
        response = phone.ask(*request, **headers)
        content = response.content.decode()
        assert (response.status_code, response["Content-Type"]) == (status, "application/xml; charset=utf-8"), content
        assert "<d:error " in content
        assert f"<{condition}" in content
        assert (all_rows(alice), revision_of(alice)) == (before, revision)
        return content

    return run


# Errors that no view makes


@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (404, "PROPFIND", "a/b/c/d", ""),
        (404, "GET", "/dav/a/b/c/d/e", ""),
        (413, "PUT", "inbox/x.ics", "x" * 10_000_000),
        (413, "PROPFIND", "inbox/", "x" * 10_000_000),
        (405, "BREW", "inbox/", ""),
        (405, "POST", "inbox/", ""),
    ],
)
def test_every_error_has_the_body_of_webdav(refused, status, method, path, body):
    assert 'xmlns:s="urn:x-todo"' in refused(status, "s:message", method, path, body)


def test_an_error_names_its_reason(refused):
    assert "Send at most 1 MiB." in refused(413, "s:message", "PUT", "inbox/x.ics", "x" * 2_000_000)

import pytest
from django.db import InterfaceError, OperationalError, connections
from django.test import Client as Browser

from testing.problems import broken_database


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "evil.example", "", "a b", "[::1"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_may_call_the_host_what_it_likes(db, path, host):
    response = Browser().get(path, HTTP_HOST=host)

    assert (response.status_code, response["Content-Type"], response.content) == (
        200,
        "text/plain; charset=utf-8",
        b"ok\n",
    )


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_is_not_sent_to_https(db, settings, path):
    settings.SECURE_SSL_REDIRECT = True

    assert Browser().get("/").status_code == 301
    assert Browser().get(path).status_code == 200


@pytest.mark.parametrize(("path", "queries"), [("/healthz", 0), ("/readyz", 1)])
def test_a_probe_asks_as_little_as_it_can(db, path, queries, django_assert_num_queries):
    with django_assert_num_queries(queries):
        response = Browser().get(path, HTTP_COOKIE="sessionid=abc")

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_is_a_line_in_the_log_as_well(db, path, log):
    response = Browser().get(path)

    (line,) = log.lines()
    assert (line["path"], line["status"], line["request_id"]) == (path, 200, response["X-Request-ID"])


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_the_database_it_is_alive_and_not_ready(db, error, log):
    with broken_database(error=error):
        alive, ready = Browser().get("/healthz"), Browser().get("/readyz")

    assert (alive.status_code, alive.content) == (200, b"ok\n")
    assert (ready.status_code, ready.content) == (503, b"The database is unavailable.\n")
    assert (ready["Content-Type"], ready["Retry-After"]) == ("text/plain; charset=utf-8", "1")
    assert len(log.lines()) == 2


def test_without_a_connection_it_is_not_ready(db, monkeypatch):
    def fail(wrapper):
        raise OperationalError("connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(type(connections["default"]), "cursor", fail)
        response = Browser().get("/readyz")

    assert response.status_code == 503


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/", "/api/healthz", "/HEALTHZ"])
def test_other_paths_are_no_probe(path):
    assert Browser().get(path).status_code == 404

import re

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError
from django.test import Client as Browser

from api.logs import request_id
from testing.client import PASSWORD
from testing.problems import assert_problem, broken_database
from testing.responses import NOT_SIGNED_IN
from todos.views import TaskViewSet

SECRETS = ("canary-token", "canary-cookie", "canary-query", "canary-body", "canary-header")


def requests(lines: list[dict]) -> list[dict]:
    """The log lines of requests, without the parts that differ each time."""
    found = [dict(line) for line in lines if line["logger"] == "api.requests"]
    for line in found:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
        assert 0 <= line.pop("ms") < 60_000
    return found


def line_of(response, method: str, path: str, user=None, queries: int = 0) -> dict:
    return {
        "level": "INFO",
        "logger": "api.requests",
        "message": "request",
        "request_id": response["X-Request-ID"],
        "method": method,
        "path": path,
        "status": response.status_code,
        "user": user and str(user.pk),
        "queries": queries,
    }


@pytest.mark.parametrize("name", ["a", "0", "A-z_0.9", "-", "x" * 64, "6f1d5e0c-0000-7000-8000-000000000000"])
def test_the_client_may_name_its_request(anonymous, name):
    assert anonymous.get("/", HTTP_X_REQUEST_ID=name)["X-Request-ID"] == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "x" * 65,
        "a b",
        "a,b",
        "a/b",
        "a\nb",
        "a\r\nSet-Cookie: x=1",
        "a\n",
        "\x1b[31m",
        "\0",
        "é",
        "\u0661",
        '"',
        "<b>",
        "a:b",
    ],
)
def test_an_insane_name_is_replaced(anonymous, name):
    response = anonymous.get("/", HTTP_X_REQUEST_ID=name)

    assert re.fullmatch(r"[0-9a-f]{32}", response["X-Request-ID"])


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/", "/api/nope/", "/nope/", "/healthz", "/readyz", "/admin/", "/api/v1/docs/"]
)
def test_every_response_names_its_request(db, path):
    first, second = Browser().get(path), Browser().get(path)

    assert re.fullmatch(r"[0-9a-f]{32}", first["X-Request-ID"])
    assert first["X-Request-ID"] != second["X-Request-ID"]


def test_after_the_response_the_name_is_forgotten(anonymous):
    anonymous.get("/", HTTP_X_REQUEST_ID="mine")

    assert request_id() == ""


def test_a_request_is_one_line(api, alice, log):
    api.get("/tasks/")

    response = api.get("/tasks/?limit=5")

    assert requests(log.lines())[1:] == [line_of(response, "GET", "/api/v1/tasks/", alice, queries=2)]
    assert len(log.lines()) == 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tasks/", 401),
        ("GET", "/nope/", 404),
        ("GET", "/tasks", 404),
        ("POST", "/docs/", 405),
        ("GET", "/schema/?format=x", 404),
        ("GET", "/?typo=1", 400),
        ("OPTIONS", "/auth/login/", 200),
        ("HEAD", "/", 200),
    ],
)
def test_whatever_the_response_it_is_one_line_without_a_user(anonymous, log, method, path, status):
    response = anonymous.generic(method, path)

    assert response.status_code == status
    assert requests(log.lines()) == [line_of(response, method, f"/api/v1{path}".split("?")[0])]
    assert len(log.lines()) == 1


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "9" * 9}, {"CONTENT_LENGTH": "x"}])
def test_what_is_refused_early_is_one_line_too(anonymous, log, environ):
    response = anonymous.get("/tasks/", **environ)

    assert requests(log.lines()) == [line_of(response, "GET", "/api/v1/tasks/")]
    assert len(log.lines()) == 1


def test_a_host_that_is_refused_is_in_the_log_with_the_setting(anonymous, log):
    response = anonymous.get("/tasks/", HTTP_HOST="evil.example")

    reason = "Invalid HTTP_HOST header: 'evil.example'. You may need to add 'evil.example' to ALLOWED_HOSTS."
    assert requests(log.lines()) == [line_of(response, "GET", "/api/v1/tasks/") | {"reason": reason}]
    assert len(log.lines()) == 1


def test_a_defect_is_one_more_line_and_both_name_the_request(api, alice, log, monkeypatch):
    monkeypatch.setattr(TaskViewSet, "list", lambda *args: 1 / 0)

    response = api.get("/tasks/")

    defect, request = log.lines()
    assert requests([request]) == [line_of(response, "GET", "/api/v1/tasks/", alice, queries=2)]
    assert defect["request_id"] == response["X-Request-ID"]
    assert (defect["level"], defect["message"]) == ("ERROR", "Internal Server Error: /api/v1/tasks/")
    assert defect["exception"].endswith("\nZeroDivisionError: division by zero")


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_one_more_line_too(api, log, error):
    with broken_database(error=error):
        response = api.get("/tasks/")

    failure, request = log.lines()
    assert requests([request]) == [line_of(response, "GET", "/api/v1/tasks/")]
    assert failure["request_id"] == response["X-Request-ID"]
    assert (failure["level"], failure["message"]) == ("ERROR", "The database is unavailable.")
    assert failure["exception"].endswith(f"{error.__name__}: connection to 10.1.2.3 failed: canary")


def test_a_lost_race_is_no_error_in_the_log(api, log, monkeypatch):
    def fail(*args):
        raise IntegrityError("Key (owner_id, name)=(1, canary) already exists.")

    monkeypatch.setattr(TaskViewSet, "list", fail)

    api.get("/tasks/")

    assert [line["message"] for line in log.lines()] == ["request"]
    assert "canary" not in log.text


def test_the_user_of_a_session_is_named(browser, alice, log):
    response = browser.get("/api/v1/tasks/")

    assert requests(log.lines()) == [line_of(response, "GET", "/api/v1/tasks/", alice, queries=3)]


def test_naming_the_user_costs_no_query(browser, log, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = browser.get("/api/v1/docs/")

    assert requests(log.lines()) == [line_of(response, "GET", "/api/v1/docs/")]


def test_naming_the_user_needs_no_database(browser, log):
    with broken_database():
        response = browser.get("/admin/")

    assert response.status_code >= 500
    assert requests(log.lines()) == [line_of(response, "GET", "/admin/")]


def test_a_session_that_ends_names_nobody(browser, log):
    response = browser.post("/api-auth/logout/")

    assert response.status_code == 302
    assert requests(log.lines())[0]["user"] is None


def test_nothing_secret_is_logged(api, log):
    api.post(
        "/auth/login/?next=canary-query",
        {"email": "alice@example.com", "password": "canary-body"},
        HTTP_COOKIE="sessionid=canary-cookie",
        HTTP_AUTHORIZATION="Bearer canary-token",
        HTTP_X_CSRFTOKEN="canary-header",
    )
    api.post("/auth/login/", {"email": "alice@example.com", "password": PASSWORD})

    logged = log.text
    assert len(requests(log.lines())) == 2
    assert not [secret for secret in (*SECRETS, PASSWORD, "todo_", "alice@example.com") if secret in logged]


@pytest.mark.parametrize("ending", ["/", "", "//", "x/"])
def test_a_mailed_link_is_logged_without_its_secret(db, log, ending):
    Browser().get(f"/set-password/Zm9v/canary-token{ending}")

    (line,) = log.lines()
    assert line["path"] == f"/set-password/Zm9v/...{ending.strip('x')}"
    assert "canary-token" not in log.text


def test_what_looks_like_a_mailed_link_breaks_no_line(db, log):
    Browser().get('/set-password/Zm9v/a"b/')

    (line,) = log.lines()
    assert line["path"] == '/set-password/Zm9v/..."b/'


def test_so_it_is_when_the_database_is_away(db, log):
    uid = "MDE5YWExYjItYzNkNC03ZTVmLThhNmItN2M4ZDllMGYxYTJi"  # an id, so that it is looked for
    with broken_database():
        response = Browser(raise_request_exception=False).get(f"/set-password/{uid}/canary-token/")

    assert response.status_code == 503
    assert log.lines()[-1]["path"] == f"/set-password/{uid}/.../"
    assert "canary-token" not in log.text


@pytest.mark.parametrize(
    "environ",
    [
        {"PATH_INFO": '/api/v1/\r\n{"level": "ERROR"}'},
        {"PATH_INFO": "/api/v1/\x1b[2J\x1b[31m\0" + "\x85\x9b\u2028\u2029".encode().decode("latin-1")},
        {"REQUEST_METHOD": "GET\r\nHEAD\x1b[2J"},
        {"HTTP_X_REQUEST_ID": "a\r\nforged\x1b[2J"},
        {"HTTP_HOST": "a\r\nforged\x1b[2J"},
        {"CONTENT_TYPE": "a\r\nforged\x1b[2J"},
    ],
)
def test_nothing_in_a_request_forges_a_line(anonymous, log, environ):
    response = anonymous.get("/tasks/", **environ)

    assert response.status_code >= 400
    assert len(requests(log.lines())) == len(log.lines()) == 1
    assert re.fullmatch(r"[ -~]+\n", log.text)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api-auth/login/", b"a=1&" * 1001), ("/api/v1/tasks/?" + "a=1&" * 1001, b"")],
)
def test_what_a_client_does_is_no_error_in_the_log(db, log, path, body):
    response = Browser().generic("POST", path, body, content_type="application/x-www-form-urlencoded")

    assert response.status_code in (400, 401)
    assert [line["level"] for line in log.lines()] == ["INFO"]


# In a cookie, quotes and \000 make it.
@pytest.mark.parametrize("path", ["/api/v1/tasks/", "/admin/"])
def test_a_session_that_no_database_would_take_is_a_400(db, path):
    response = Browser().get(path, HTTP_COOKIE='sessionid="abcdefgh\\000"')

    assert response.status_code == 400
    assert "The session cookie is invalid. Delete it and sign in again." in response.content.decode()


@pytest.mark.parametrize(
    "cookie", ["sessionid=x", "sessionid=" + "x" * 5000, "sessionid=\xff", "=;=;;", '"', "sessionid"]
)
def test_another_broken_cookie_is_no_session(db, cookie):
    response = Browser().get("/api/v1/tasks/", HTTP_COOKIE=cookie)

    assert_problem(response, *NOT_SIGNED_IN)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v1/tasks/", "/admin/login/"])
def test_a_change_that_is_redirected_to_https_stays_a_change(settings, method, path):
    """Clients make a GET of it after a 301."""
    settings.SECURE_SSL_REDIRECT = True

    response = Browser().generic(method, path)

    assert (response.status_code, response["Location"]) == (308, f"https://testserver{path}")


def test_a_read_is_redirected_to_https_as_ever(settings):
    settings.SECURE_SSL_REDIRECT = True

    assert Browser().get("/api/v1/tasks/").status_code == 301

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection, connections, transaction
from django.test import Client as Browser
from rest_framework.exceptions import ErrorDetail

from api.errors import flatten, validation_problem
from testing.problems import assert_problem, broken_database, refused
from todos.models import Task
from todos.views import TaskViewSet


def fail_with(monkeypatch, error: Exception) -> None:
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(TaskViewSet, "list", fail)


@pytest.mark.parametrize(
    "path", ["/nope/", "/tasks/1/2/", "/tasks/%0d%0aX: y/", "/tasks/%00/", "/tasks/%ff/", "/../tasks/"]
)
def test_an_unknown_url_is_a_404(anonymous, path):
    response = anonymous.get(path)

    assert_problem(response, 404, "not_found", "Not found.")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_missing_slash_is_a_404_that_says_so(anonymous, method):
    response = anonymous.generic(method, "/tasks?limit=5")

    assert_problem(response, 404, "not_found", "Not found. Did you mean /api/v1/tasks/ with a slash at the end?")


def test_an_unknown_url_is_a_problem_for_browsers_too(anonymous):
    response = anonymous.get("/nope/", HTTP_ACCEPT="text/html")

    assert_problem(response, 404, "not_found", "Not found.")


def test_outside_of_the_api_an_unknown_url_is_a_page():
    response = Browser().get("/nope/")

    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_an_unknown_url_has_the_headers_that_every_response_has(anonymous):
    response = anonymous.get("/nope/")

    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Vary"] == "Accept, Authorization, Cookie"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "FOO", "INITIAL"])
def test_a_method_that_the_url_does_not_have_is_a_405_with_those_that_it_has(api, method):
    response = api.generic(method, "/tasks/?limit=1&unknown=1", "{}", content_type="application/json")

    assert_problem(response, 405, "method_not_allowed", f'Method "{method}" not allowed.')
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("POST", "/schema/", "*/*"),
        ("POST", "/schema/", "application/json"),
        ("POST", "/docs/", "text/html"),
    ],
)
def test_the_errors_of_the_schema_and_the_docs_are_problems_too(anonymous, method, path, accept):
    response = anonymous.generic(method, path, HTTP_ACCEPT=accept)

    assert_problem(response, 405, "method_not_allowed", 'Method "POST" not allowed.')


@pytest.mark.parametrize("path", ["/tasks/", "/", "/schema/", "/docs/", "/auth/login/"])
@pytest.mark.parametrize("accept", ["application/xml", "image/*", ",;/", "application/json; q*=none''%41", "\xff/\xfe"])
def test_what_can_not_be_written_as_asked_is_a_406(api, path, accept):
    response = api.get(path, HTTP_ACCEPT=accept)

    assert_problem(response, 406, "not_acceptable", "Could not satisfy the request Accept header.")


@pytest.mark.parametrize("path", ["/tasks/", "/schema/", "/docs/"])
@pytest.mark.parametrize("name", ["admin", "xml", "%00"])
def test_a_format_that_there_is_not_is_a_404(api, path, name):
    response = api.get(f"{path}?format={name}")

    assert_problem(response, 404, "not_found", "Not found.")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/problem+json", "/", ";"])
def test_a_body_of_a_type_that_is_not_read_is_a_415(api, content_type):
    response = api.generic("POST", "/tasks/", "{}", content_type=content_type)

    detail = f'Unsupported media type "{content_type}" in request.'
    assert_problem(response, 415, "unsupported_media_type", detail)


def test_a_session_without_its_csrf_token_is_a_403(alice):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice)

    response = browser.post("/api/v1/tasks/", {"title": "Forged"})

    assert_problem(response, 403, "permission_denied", "CSRF Failed: CSRF cookie not set.")
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    "host", ["evil.example", "", "a b", "[::1", "localhost:port", "localhost, evil.example", "\xff"]
)
def test_a_host_that_is_not_served_is_a_400(api, host):
    response = api.get("/tasks/", HTTP_HOST=host)

    assert_problem(response, 400, "bad_request", "Bad Request")


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_defect_is_a_500_that_says_nothing_about_it(api, monkeypatch, accept):
    fail_with(monkeypatch, ZeroDivisionError("canary"))

    response = api.get("/tasks/", HTTP_ACCEPT=accept)

    assert_problem(response, 500, "error", "Internal Server Error")
    assert "canary" not in str(response.headers)


def test_a_defect_is_such_a_500_even_where_the_page_of_a_500_fails(api, monkeypatch):
    fail_with(monkeypatch, ZeroDivisionError("canary"))
    monkeypatch.setattr("django.views.defaults.server_error", lambda *args: 1 / 0)  # as without `collectstatic`

    response = api.get("/tasks/")

    assert_problem(response, 500, "error", "Internal Server Error")


def test_a_defect_in_a_middleware_is_such_a_500_too(api, monkeypatch):
    def fail(self, request):
        raise ZeroDivisionError("canary")

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", fail)

    response = api.get("/tasks/")

    assert_problem(response, 500, "error", "Internal Server Error")


def test_a_column_that_is_missing_is_a_defect_and_no_database_that_is_away(api, monkeypatch):
    """As where a migration was forgotten."""

    def fail(*args, **kwargs):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT forgotten FROM todos_task")

    monkeypatch.setattr(TaskViewSet, "list", fail)

    response = api.get("/tasks/")

    assert_problem(response, 500, "error", "Internal Server Error")


def test_with_debug_a_defect_is_no_page_full_of_settings(api, monkeypatch, settings):
    settings.DEBUG = True
    fail_with(monkeypatch, ZeroDivisionError("canary"))

    response = api.get("/tasks/")

    assert_problem(response, 500, "error", "Internal Server Error")


def test_a_lost_race_for_something_unique_is_a_409(api, monkeypatch):
    fail_with(monkeypatch, IntegrityError("Key (owner_id, name)=(1, canary) already exists."))

    response = api.get("/tasks/")

    assert_problem(response, 409, "conflict", "Another request changed this at the same time. Try again.")
    assert response["Retry-After"] == "1"


def assert_unavailable(response) -> None:
    assert_problem(response, 503, "unavailable", "The database is temporarily unavailable. Try again.")
    assert response["Retry-After"] == "1"


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("after", [0, 1, 2])  # it fails to say who calls, to note that, to give the rows
def test_a_database_that_is_away_is_a_503_for_tokens(api, after, error):
    with broken_database(after, error):
        response = api.get("/tasks/")

    assert_unavailable(response)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_database_that_is_away_is_a_503_for_sessions(browser, after):
    with broken_database(after):
        response = browser.get("/api/v1/tasks/")

    assert_unavailable(response)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", range(3))  # it fails to say who calls, to count the write, to make the row
def test_a_database_that_goes_away_during_a_write_is_a_503_and_nothing_is_written(api, after):
    api.get("/tasks/")  # so that the use of the token is noted already

    with broken_database(after):
        response = api.post("/tasks/", {"title": "Lost"})

    assert_unavailable(response)
    assert not Task.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_at_the_end_of_a_write_is_a_503(api, monkeypatch):
    def fail(wrapper):
        raise OperationalError("server closed the connection unexpectedly")

    api.get("/tasks/")
    monkeypatch.setattr(type(connections["default"]), "_commit", fail)

    response = api.post("/tasks/", {"title": "Lost"})

    assert_unavailable(response)
    assert not Task.objects.exists()


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("with_token", [False, True])
def test_a_browser_sees_a_503_as_a_page(browser, api, after, with_token):
    headers = {"Accept": "text/html", "Authorization": f"Bearer {api.secret}" if with_token else ""}

    with broken_database(after):
        response = browser.get("/api/v1/tasks/", headers=headers)

    assert (response.status_code, response["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert response["Retry-After"] == "1"
    assert "canary" not in response.content.decode()


def test_what_needs_no_database_works_without_one(anonymous):
    with broken_database():
        responses = [anonymous.get(path) for path in ("/", "/docs/", "/schema/")]

    assert [response.status_code for response in responses] == [200, 200, 200]


def test_a_browser_sees_the_errors_of_a_view_as_pages(browser):
    response = browser.post("/api/v1/tasks/", {"title": ""}, HTTP_ACCEPT="text/html")

    assert (response.status_code, response["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "This field may not be blank." in response.content.decode()


@pytest.mark.parametrize("path", ["/nope/", "/tasks/?limit=0", "/tasks/", "/schema/?format=x"])
def test_a_problem_names_the_request_that_the_client_named(anonymous, path):
    response = anonymous.get(path, HTTP_X_REQUEST_ID="my-own.id_1")

    assert response["X-Request-ID"] == "my-own.id_1"
    assert response.json()["request_id"] == "my-own.id_1"


def test_the_response_to_head_is_a_problem_without_a_body(anonymous):
    response = anonymous.head("/nope/")

    assert (response.status_code, response["Content-Type"], response.content) == (404, "application/problem+json", b"")


def test_errors_are_named_by_their_dotted_path():
    blank, wrong = ErrorDetail("Blank.", code="blank"), ErrorDetail("Wrong.", code="wrong")
    detail = {
        3: {"tags": {0: [blank]}, "non_field_errors": [wrong]},
        "non_field_errors": [blank],
        "title": [blank, wrong],
    }

    assert [(error["field"], error["code"]) for error in flatten(detail)] == [
        ("3.tags.0", "blank"),
        ("3", "wrong"),
        ("", "blank"),
        ("title", "blank"),
        ("title", "wrong"),
    ]


def test_of_many_errors_the_first_100_are_told():
    detail = {f"field{number}": [ErrorDetail("Wrong.", code="wrong")] for number in range(500)}

    problem = validation_problem(detail)

    assert [error["field"] for error in problem["errors"]] == [f"field{number}" for number in range(100)]


def test_a_name_that_the_client_made_up_is_cut_short(api):
    response = api.post("/tasks/", {"title": "x", "y" * 500: 1})

    assert refused(response) == [("y" * 100, "unknown")]

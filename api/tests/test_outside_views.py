import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import InterfaceError, OperationalError
from django.test import Client as Browser

from testing.client import PASSWORD
from testing.problems import assert_problem, broken_database


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_when_the_session_is_saved_is_a_503(browser, monkeypatch, error):
    save = SessionStore.save

    def fail_in_the_middleware(self, must_create=False):
        if not must_create:
            raise error("server closed the connection unexpectedly")
        save(self, must_create)

    monkeypatch.setattr(SessionStore, "save", fail_in_the_middleware)

    response = browser.post(
        "/api/v1/me/password/",
        {"current_password": PASSWORD, "new_password": PASSWORD + "2"},
        content_type="application/json",
    )

    assert_problem(response, 503, "unavailable", "The database is temporarily unavailable. Try again.")
    assert response["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/", "/admin/", "/admin/login/"])
def test_a_page_without_the_database_is_a_503(browser, path):
    with broken_database():
        response = browser.get(path)

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content == b"The database is temporarily unavailable. Try again.\n"


@pytest.mark.parametrize(
    "parameter", ["charset*=none''%41", "x*=none''%41", "x*0*=none''a; x*1=b", "charset*=utf-7''%2B2AA-"]
)
@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data", "text/plain"])
def test_a_content_type_in_a_charset_that_does_not_exist_is_a_415(api, media_type, parameter):
    environ = api._base_environ(PATH_INFO="/api/v1/tasks/", CONTENT_TYPE=f"{media_type}; {parameter}")
    started = []

    from config.wsgi import application  # looks at the database, which only a test may

    body = b"".join(application(environ, lambda status, headers: started.append((status, dict(headers)))))

    ((status, headers),) = started
    assert status == "415 Unsupported Media Type"
    assert headers["Content-Type"] == "application/problem+json"
    assert b'"unsupported_media_type"' in body


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=\xff"])
def test_a_broken_form_sent_to_no_page_is_a_400(db, content_type):
    browser = Browser(enforce_csrf_checks=True, raise_request_exception=False)
    browser.cookies["csrftoken"] = "x" * 32

    response = browser.generic("POST", "/nope", b"x", content_type=content_type)

    assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert response.content == b"The request could not be read. Check its body and its headers.\n"


@pytest.mark.parametrize("query", ["version=%00", "version=%0d%0aX:%20y", "version=v1", "lang=de", "typo=1"])
@pytest.mark.parametrize("path", ["/schema/", "/docs/"])
def test_the_schema_and_the_docs_refuse_parameters_that_they_do_not_have(anonymous, path, query):
    response = anonymous.get(f"{path}?{query}")

    name = query.split("=")[0]
    message = "This query parameter is unknown. Check its name."
    errors = [{"field": name, "code": "unknown", "message": message}]
    assert_problem(response, 400, "validation_error", f"{name}: {message}", errors)

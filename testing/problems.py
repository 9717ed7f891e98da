"""Assertions for problems (RFC 9457), and a database that fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.db import OperationalError, connection


def assert_problem(response, status: int, code: str, detail: str, errors: list[dict] | None = None) -> None:
    """Assert that the whole response is this problem, with its headers."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert int(response.get("Content-Length", len(response.content))) == len(response.content)
    assert response.json() == {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **({"errors": errors} if errors else {}),
        "request_id": response["X-Request-ID"],
    }


def refused(response) -> list[tuple[str, str]]:
    """The field and the code of each error in a 400."""
    errors = response.json()["errors"]
    first = errors[0]["message"]
    detail = f"{errors[0]['field']}: {first}" if errors[0]["field"] else first
    assert_problem(response, 400, "validation_error", detail, errors)
    return [(error["field"], error["code"]) for error in errors]


@contextmanager
def broken_database(after: int = 0, error: type[Exception] = OperationalError) -> Iterator[None]:
    """Let the database fail after `after` more queries."""
    answered = 0

    def execute_or_fail(execute, *arguments):
        nonlocal answered
        answered += 1
        if answered > after:
            raise error("connection to 10.1.2.3 failed: canary")
        return execute(*arguments)

    with connection.execute_wrapper(execute_or_fail):
        yield

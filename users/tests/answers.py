"""What the tests read out of answers."""

from datetime import datetime


def problem(answer) -> dict:
    """The problem that this is, without the id of the request."""
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert body.pop("request_id") == answer["X-Request-ID"]
    return body


def refused(answer) -> list[tuple[str, str]]:
    """The field and code of each error in a 400."""
    found = problem(answer)
    assert (answer.status_code, found["code"]) == (400, "validation_error")
    first = found["errors"][0]
    assert found["detail"] == (f"{first['field']}: {first['message']}" if first["field"] else first["message"])
    return [(error["field"], error["code"]) for error in found["errors"]]


def instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


INVALID_TOKEN = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "code": "authentication_failed",
    "detail": "This token is not valid: unknown, expired or revoked.",
}
GONE = {**INVALID_TOKEN, "detail": "This account is gone, or its password was changed just now."}
NOT_SIGNED_IN = {
    **INVALID_TOKEN,
    "code": "not_authenticated",
    "detail": "Authentication credentials were not provided.",
}

"""What a request leaves to the garbage collector: no body, since that one counts objects and not their size."""

import gc
import io

import pytest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from rest_framework.request import Request
from rest_framework.response import Response

from users.models import ApiToken


def call(handler: WSGIHandler, token: str, method: str, path: str, body: bytes) -> int:
    """As a server calls it. Django's test client keeps what it gets."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": f"/api/v1{path}",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
    }
    statuses = []
    response = handler(environ, lambda status, headers: statuses.append(int(status[:3])))
    b"".join(response)
    response.close()
    return statuses[0]


def holds_a_body(thing: object) -> bool:
    kind = type(thing)  # a weak proxy can't be asked what it is an instance of
    if issubclass(kind, Request):
        return isinstance(thing._full_data, dict | list) and bool(thing._full_data)
    if issubclass(kind, WSGIRequest):
        return bool(getattr(thing, "_body", b"") or thing._stream.read())
    return issubclass(kind, Response)


def bodies() -> list[object]:
    return [each for each in gc.get_objects() if holds_a_body(each)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/tasks/", b"", 200),
        ("GET", "/sync/", b"", 200),
        ("POST", "/tasks/", b'{"title": "Buy milk"}', 201),
        ("POST", "/tasks/", b'{"title": ""}', 400),
        ("POST", "/tasks/", b'{"title": ', 400),
        ("POST", "/nowhere/", b"{}", 404),
        ("DELETE", "/tasks/", b"{}", 405),
    ],
)
def test_a_request_leaves_no_body_to_the_garbage_collector(alice, method, path, body, status):
    handler, token = WSGIHandler(), ApiToken.issue(alice, "test")[1]
    call(handler, token, method, path, body)  # what is kept for all requests is made
    gc.collect()
    before = bodies()
    gc.disable()
    try:
        assert call(handler, token, method, path, body) == status
        assert [each for each in bodies() if not any(each is other for other in before)] == []
    finally:
        gc.enable()

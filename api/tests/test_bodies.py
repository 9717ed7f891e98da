"""The size and the transfer of request bodies: limits, chunks and incomplete bodies."""

import gzip
import io

import pytest
from django.test import Client as Browser

from testing.problems import assert_problem, refused
from todos.models import Task

MIB = 1024 * 1024
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=B"
TYPES = ["application/json", FORM, MULTIPART]
DJANGOS_OWN = ["/api-auth/login/", "/admin/login/"]
BROKEN_OFF = "The request body is broken or incomplete. Send it again."
TASK = b'{"title": "x"}'


def post(client, body: bytes, content_type: str = "application/json", **environ):
    return client.generic("POST", "/tasks/", body, content_type=content_type, **environ)


def sent(body: bytes, length: str) -> dict:
    """The environment of a request whose body doesn't have the length in Content-Length."""
    return {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": length}


class Broken(io.BytesIO):
    """The input of an incomplete body. Each server raises its own exceptions."""

    def __init__(self, error: Exception):
        super().__init__()
        self.error = error

    def read(self, size=-1):
        raise self.error


def in_chunks(body: bytes | Broken, coding: str = "chunked") -> dict:
    """The environment of a request with a chunked body, as in gunicorn."""
    stream = io.BytesIO(body) if isinstance(body, bytes) else body
    return {"HTTP_TRANSFER_ENCODING": coding, "wsgi.input": stream, "wsgi.input_terminated": True}


def part(header: bytes, value: bytes = b"x") -> bytes:
    return b"--B\r\nContent-Disposition: form-data; " + header + b"\r\n\r\n" + value + b"\r\n"


def of_size(size: int, content_type: str) -> bytes:
    """A task as a body of exactly this many bytes."""
    if content_type == FORM:
        return b"title=x&csrfmiddlewaretoken=".ljust(size, b"x")
    if content_type == MULTIPART:
        start, end = (
            part(b'name="title"') + b"--B\r\nContent-Disposition: form-data; name=csrfmiddlewaretoken\r\n\r\n",
            b"\r\n--B--\r\n",
        )
        return start.ljust(size - len(end), b"x") + end
    return b'{"title": "x"}'.ljust(size)


@pytest.mark.parametrize("size", [MIB - 1, MIB])
@pytest.mark.parametrize("content_type", TYPES)
def test_a_body_of_1_mib_is_read(api, content_type, size):
    body = of_size(size, content_type)
    assert len(body) == size

    response = post(api, body, content_type)

    assert (response.status_code, response.json()["title"]) == (201, "x")


@pytest.mark.parametrize("content_type", TYPES)
def test_a_byte_more_is_a_413(api, content_type):
    response = post(api, of_size(MIB + 1, content_type), content_type)

    assert_problem(response, 413, "too_large", "The request body is too large. Send at most 1 MiB.")
    assert not Task.objects.exists()


@pytest.mark.parametrize("path", [*DJANGOS_OWN, "/nope/"])
def test_a_byte_more_is_a_413_outside_of_the_api_too(path):
    response = Browser().generic("POST", path, of_size(MIB + 1, FORM), content_type=FORM)

    assert (response.status_code, response["Content-Type"]) == (413, "text/plain; charset=utf-8")
    assert response.content == b"The request body is too large. Send at most 1 MiB.\n"


def test_a_body_that_is_too_large_is_not_read(api):
    body = io.BytesIO(b"x" * 5 * MIB)

    post(api, b"", CONTENT_LENGTH=str(5 * MIB), **{"wsgi.input": body})

    assert body.tell() == 0


@pytest.mark.parametrize("coding", ["chunked", "CHUNKED", "gzip, chunked", "identity, chunked"])
@pytest.mark.parametrize("content_type", TYPES)
def test_a_body_in_chunks_is_read(api, content_type, coding):
    response = post(api, b"", content_type, **in_chunks(of_size(300, content_type), coding=coding))

    assert (response.status_code, response.json()["title"]) == (201, "x")


def test_a_body_in_chunks_is_read_by_the_forms_of_django_too(alice):
    form = b"username=alice%40example.com&password=correct+horse+battery"

    response = Browser().generic("POST", "/api-auth/login/", CONTENT_TYPE=FORM, **in_chunks(form))

    assert (response.status_code, response["Location"]) == (302, "/")


def test_no_chunks_at_all_are_an_empty_body(api):
    response = post(api, b"", **in_chunks(b""))

    assert refused(response) == [("title", "required")]


@pytest.mark.parametrize("size", [MIB - 1, MIB])
def test_1_mib_in_chunks_is_read(api, size):
    response = post(api, b"", **in_chunks(of_size(size, "application/json")))

    assert (response.status_code, response.json()["title"]) == (201, "x")


def test_a_byte_more_in_chunks_is_a_413_and_the_rest_is_not_read(api):
    environ = in_chunks(b"x" * 5 * MIB)

    response = post(api, b"", **environ)

    assert_problem(response, 413, "too_large", "The request body is too large. Send at most 1 MiB.")
    assert environ["wsgi.input"].tell() == MIB + 1


@pytest.mark.parametrize("error", [OSError("No more data"), ValueError("Invalid chunk size: zz"), Exception("canary")])
def test_broken_chunks_are_a_400(api, error):
    response = post(api, b"", **in_chunks(Broken(error)))

    assert_problem(response, 400, "parse_error", BROKEN_OFF)
    assert not Task.objects.exists()


def test_a_server_that_knows_no_chunks_wants_a_length(api):
    response = post(api, b"", HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": io.BytesIO(TASK)})

    assert_problem(
        response, 411, "length_required", "The Content-Length header is missing: add the length of the body."
    )


@pytest.mark.parametrize(("body", "content_type"), [(TASK, "application/json"), (b"title=Buy+mi", FORM)])
def test_a_body_that_ends_before_its_time_is_a_400(api, body, content_type):
    response = post(api, b"", content_type, **sent(body, length="100"))

    assert_problem(response, 400, "parse_error", BROKEN_OFF)
    assert not Task.objects.exists()


def test_of_a_body_that_goes_on_only_the_announced_part_is_read(api):
    response = post(api, b"", **sent(TASK + b"GET / HTTP/1.1", length=str(len(TASK))))

    assert (response.status_code, response.json()["title"]) == (201, "x")


@pytest.mark.parametrize("length", ["-1", "+5", "1_0", "5, 5", "0x10", "abc", " ", "1.0", "\u0663", "9" * 5000])
def test_a_length_that_is_no_number_is_a_400(api, length):
    response = post(api, b"", **sent(TASK, length))

    assert_problem(
        response, 400, "parse_error", "The Content-Length header must be a number: the length of the body in bytes."
    )


@pytest.mark.parametrize("length", ["1048577", "9" * 400])
def test_a_length_that_is_too_large_is_a_413(api, length):
    response = post(api, b"", **sent(TASK, length))

    assert_problem(response, 413, "too_large", "The request body is too large. Send at most 1 MiB.")


@pytest.mark.parametrize("length", ["", "0"])
def test_no_length_is_an_empty_body(api, length):
    response = post(api, b"", **sent(TASK, length))

    assert refused(response) == [("title", "required")]


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=\xff"])
def test_multipart_without_a_proper_boundary_is_a_400(api, boundary):
    response = post(api, part(b"name=title"), f"multipart/form-data{boundary}")

    detail = response.json()["detail"]
    assert_problem(response, 400, "parse_error", detail)
    assert detail.startswith("Multipart form parse error - Invalid")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"--B--\r\n",
        b"--B\r\nContent-Dispo",
        part(b"name=title").replace(b"\r\n", b"\n"),
        part(b"x=title"),
        part(b"name=\xff"),
        part(b"name*=none''%41"),
        part(b"name*=utf-7''%2B2AA-"),  # a lone surrogate
        part(b"name*=unicode_escape''%5cud800"),  # another
        part(b"name=title; filename*=none''%41"),
    ],
    ids=lambda body: repr(body)[:24],
)
def test_multipart_without_a_field_has_no_fields(api, body):
    response = post(api, body, MULTIPART)

    assert refused(response) == [("title", "required")]


def test_multipart_with_endless_headers_is_a_400(api):
    response = post(api, b"--B\r\nX: " + b"y" * 100_000 + b"\r\n\r\nx\r\n--B--", MULTIPART)

    detail = "Multipart form parse error - Request max total header size exceeded."
    assert_problem(response, 400, "parse_error", detail)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (part(b"name=title", b"a\0b"), [("title", "null_characters_not_allowed")]),
        (part(b"name=title; filename=f"), [("title", "invalid")]),
        (part(b"name=title") + part(b"name=file; filename=f"), [("file", "unknown")]),
        (part(b"name=title") + part(b"name*=utf-8''%ed%a0%80"), [("\ufffd" * 3, "unknown")]),
    ],
)
def test_multipart_is_checked_like_other_bodies(api, body, errors):
    response = post(api, body + b"--B--\r\n", MULTIPART)

    assert refused(response) == errors


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"a=1&" * 1001, FORM),
        (part(b"name=a") * 1001 + b"--B--\r\n", MULTIPART),
        (part(b"name=a; filename=f") * 101 + b"--B--\r\n", MULTIPART),
    ],
)
def test_a_form_of_too_many_fields_is_a_400(api, body, content_type):
    response = post(api, body, content_type)

    assert_problem(response, 400, "parse_error", "The request could not be read. Check its body and its headers.")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (b"title=a%00b", [("title", "null_characters_not_allowed")]),
        (b"title=x&%ed%a0%80=1", [("\ufffd" * 3, "unknown")]),
    ],
)
def test_a_form_is_checked_like_other_bodies(api, body, errors):
    response = post(api, body, FORM)

    assert refused(response) == errors


@pytest.mark.parametrize("coding", ["gzip", "br", "x-unknown", "gzip, identity"])
def test_a_compressed_body_is_a_415(api, coding):
    response = post(api, gzip.compress(TASK), HTTP_CONTENT_ENCODING=coding)

    assert_problem(response, 415, "unsupported_media_type", "Send the request body without a Content-Encoding.")
    assert not Task.objects.exists()


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
def test_a_body_that_is_not_compressed_may_say_so(api, coding):
    assert post(api, TASK, HTTP_CONTENT_ENCODING=coding).status_code == 201


def test_a_compressed_body_in_chunks_is_a_415_as_well(api):
    response = post(api, b"", HTTP_CONTENT_ENCODING="gzip", **in_chunks(gzip.compress(TASK)))

    assert_problem(response, 415, "unsupported_media_type", "Send the request body without a Content-Encoding.")

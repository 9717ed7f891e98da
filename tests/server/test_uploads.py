"""Files to import over a socket: larger than other bodies, kept in files, in every way that HTTP sends them."""

import http.client
import json
import time
from collections.abc import Iterator

import pytest

from config.server import bridge
from testing.servers import Server, gunicorn, register

MIB = 1024 * 1024
LINE = 50_000
HEAD = b'--B\r\nContent-Disposition: form-data; name="file"; filename="todo.txt"\r\n\r\n'
TAIL = b"\r\n--B--\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with gunicorn(tmp_path_factory.mktemp("server"), processes=1) as server:
        yield server


@pytest.fixture(scope="module")
def token(server) -> str:
    return register(server)


def form(size: int) -> bytes:
    """With a file of so many bytes, and a task for each LINE of them."""
    line = b"x" * (LINE - 1) + b"\n"
    return HEAD + (line * (size // LINE + 1))[:size] + TAIL


def post(server: Server, token: str, body, path: str = "/api/v1/import/todotxt/?dry_run=true", chunked: bool = False):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=B"}
    try:
        connection.request("POST", path, body, headers, encode_chunked=chunked)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def begin(server: Server, token: str, size: int = 5 * MIB) -> http.client.HTTPConnection:
    """An upload that has sent its headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest("POST", "/api/v1/import/todotxt/")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=B")
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    return connection


def test_a_file_of_more_than_a_mebibyte_is_imported(server, token):
    status, report = post(server, token, form(5 * MIB))

    assert (status, report["created"]["tasks"]) == (200, 5 * MIB // LINE + 1)


def test_chunks_are_taken_too(server, token):
    body = form(3 * MIB)
    chunks = (body[start : start + 100_000] for start in range(0, len(body), 100_000))

    status, report = post(server, token, chunks, chunked=True)

    assert (status, report["created"]["tasks"]) == (200, 3 * MIB // LINE + 1)


def test_more_than_the_limit_is_refused(server, token):
    # It says so before it sends: then the response can be read.
    connection = begin(server, token, 33 * MIB)

    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()

    assert (response.status, body["code"]) == (413, "too_large")
    assert body["detail"] == "The request body is too large. Send at most 32 MiB."


def test_chunks_over_the_limit_are_refused(server, token):
    chunks = (b"x" * MIB for _ in range(33))

    try:
        status, body = post(server, token, chunks, chunked=True)
    except (BrokenPipeError, ConnectionResetError):
        return  # the server has hung up before all of it was sent

    assert (status, body["code"]) == (413, "too_large")


def test_all_other_calls_keep_their_limit(server, token):
    try:
        status, body = post(server, token, form(2 * MIB), path="/api/v1/tasks/")
    except (BrokenPipeError, ConnectionResetError):
        return

    assert (status, body["detail"]) == (413, "The request body is too large. Send at most 1 MiB.")


def test_an_archive_is_streamed(server, token):
    post(server, token, form(3 * MIB), path="/api/v1/import/todotxt/")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    connection.request("GET", "/api/v1/export/archive.json", headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    content = json.loads(response.read())
    connection.close()

    assert (response.status, response.getheader("Transfer-Encoding")) == (200, "chunked")
    assert len(content["tasks"]) == 3 * MIB // LINE + 1


def test_more_uploads_than_a_process_keeps_are_told_to_come_back(server, token):
    arriving = [begin(server, token) for _ in range(bridge.MAX_UPLOADS)]
    time.sleep(0.5)

    response = begin(server, token).getresponse()

    body = json.loads(response.read())
    assert (response.status, body["code"], response.getheader("Retry-After")) == (503, "unavailable", "1")
    assert body["detail"] == "Too many files are being uploaded. Try again."
    for each in arriving:
        each.close()
    time.sleep(0.5)
    assert post(server, token, form(3 * MIB))[0] == 200

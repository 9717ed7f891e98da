"""Clients that don't read their responses: what they cost, and when the server gives them up. Over a socket."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from config.server import transport
from testing.wire import NotHTTP, Wire, serving

LARGE = 8 * 1024 * 1024
CALLS: list[str] = []


class Body(list):
    streaming = False

    def close(self) -> None:
        pass


def application(environ, start_response):
    CALLS.append(environ["PATH_INFO"])
    if environ["PATH_INFO"] == "/wait":
        time.sleep(0.1)
    start_response("200 OK", [])
    return Body([b"a" * LARGE if environ["PATH_INFO"].startswith("/large") else b"ok"])


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(application, 3, 1000) as port:
        yield port


@pytest.fixture
def wire(port) -> Iterator[Wire]:
    with Wire(port) as wire:
        yield wire


def get(path: str, line: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n".encode()


@pytest.mark.parametrize("line", ["", "Connection: close\r\n"])
def test_a_response_of_which_nothing_is_taken_is_broken_off(wire, monkeypatch, line):
    monkeypatch.setattr(transport, "WRITE_SECONDS", 0.5)
    wire.send(get("/large", line))
    time.sleep(2)

    with pytest.raises((NotHTTP, ConnectionError)):
        wire.reply()


def test_a_response_that_is_taken_slowly_arrives(wire, monkeypatch):
    monkeypatch.setattr(transport, "WRITE_SECONDS", 0.5)
    wire.send(get("/large"))
    head = wire.head()

    received = 0
    while part := wire.file.read(min(512 * 1024, LARGE - received)):
        received += len(part)
        time.sleep(0.1)

    assert received == int(head["content-length"]) == LARGE


def test_requests_sent_ahead_wait_until_the_response_is_taken(wire):
    wire.send(*(get(f"/large/{number}") for number in range(5)))
    time.sleep(1)

    assert "/large/0" in CALLS
    assert "/large/1" not in CALLS
    assert [len(wire.reply().body) for _ in range(5)] == [LARGE] * 5


@pytest.mark.parametrize("path", ["/large", "/wait"])
def test_connections_that_are_reset_leave_no_error_in_the_log(port, caplog, path):
    for _ in range(30):
        with Wire(port) as wire:
            wire.send(get(path) * 20)
            time.sleep(0.02)
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(1)

    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


def test_all_clients_together_leave_no_more_unread_than_a_limit(port, monkeypatch):
    monkeypatch.setattr(transport, "MAX_UNREAD", 3 * LARGE)
    clients = [Wire(port) for _ in range(6)]
    for client in clients:
        client.send(get("/large"))
        time.sleep(0.2)

    arrived = 0
    for client in clients:
        with contextlib.suppress(NotHTTP, ConnectionError):
            arrived += len(client.reply().body) == LARGE
        client.close()

    assert 1 <= arrived <= 4  # of those that came last; the system's own buffers hold a part


def test_it_is_not_the_client_that_reads_that_is_given_up(port, monkeypatch):
    monkeypatch.setattr(transport, "MAX_UNREAD", 3 * LARGE)
    reader = Wire(port)
    reader.send(get("/large"))
    reader.file.read(LARGE // 4)
    unread = [Wire(port) for _ in range(6)]
    for client in unread:
        client.send(get("/large"))
        time.sleep(0.1)
        reader.file.read(512 * 1024)

    size = LARGE - LARGE // 4 - 6 * 512 * 1024
    assert len(reader.file.read(size)) == size
    for client in [reader, *unread]:
        client.close()

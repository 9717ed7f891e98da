"""Receivers that are slow, broken or hostile, and addresses that are none of a webhook's business."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from live import sending
from live.addresses import is_public, read_url
from live.sending import Outcome, post
from testing.tls import NAME, Authority


@contextmanager
def serving(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server of one connection, which behaves so. Its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(5)
                with suppress(OSError):
                    behave(connection)

        thread = Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


@pytest.fixture(autouse=True)
def _allowed(settings):
    settings.HOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(sending, "SECONDS", 1)


def timed(url: str) -> tuple[Outcome, float]:
    started = time.monotonic()
    return post(url, b"{}", {}), time.monotonic() - started


def answer(content: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(content)

    return behave


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Outcome(200)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Outcome(204)),
        (b"HTTP/1.0 202 Accepted\r\n\r\n", Outcome(202)),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", Outcome(301, "status")),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", Outcome(500, "status")),
        (b"\x00\x01garbage\r\n\r\n", Outcome(None, "not_http")),
        (b"HTTP/1.1 abc OK\r\n\r\n", Outcome(None, "not_http")),
        (b"", Outcome(None, "not_http")),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000, Outcome(None, "not_http")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: zero\r\n\r\nab", Outcome(200)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Outcome(200)),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_a_receiver_answers_is_named(content, outcome):
    with serving(answer(content)) as url:
        assert post(url, b"{}", {}) == outcome


def test_a_receiver_that_hangs_is_given_up(soon):
    def hang(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with serving(hang) as url:
        outcome, seconds = timed(url)

    assert outcome == Outcome(None, "timeout")
    assert seconds < 1.5


def test_so_is_one_that_answers_byte_by_byte(soon):
    def drip(connection: socket.socket) -> None:
        for _ in range(30):
            connection.sendall(b"H")
            time.sleep(0.1)

    with serving(drip) as url:
        outcome, seconds = timed(url)

    assert outcome == Outcome(None, "timeout")
    assert seconds < 1.5


def test_of_an_endless_answer_64_kibibytes_are_read():
    taken = []

    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            taken.append(connection.send(b"a" * 1024))

    with serving(endless) as url:
        outcome, seconds = timed(url)

    assert outcome == Outcome(200)
    assert seconds < 2


def test_a_name_that_takes_too_long_is_given_up(soon, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(2))

    outcome, seconds = timed("http://slow.example.com/")

    assert outcome == Outcome(None, "unresolved")
    assert seconds < 1.5


def test_the_number_that_was_checked_is_connected_to(settings, monkeypatch):
    """A name server that says something else the second time gains nothing."""
    settings.HOOKS_ALLOW_PRIVATE = False
    said, connected = iter(["9.9.9.9", "127.0.0.1"]), []

    def resolve(host, port, *args, **kwargs):
        number = next(said) if host == "rebind.example.com" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

    def connect(address, *args):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)

    assert post("https://rebind.example.com/", b"{}", {}) == Outcome(None, "connection")
    assert post("https://rebind.example.com/", b"{}", {}) == Outcome(None, "private_address")
    assert connected == [("9.9.9.9", 443)]


def test_a_certificate_has_to_be_that_of_the_name(tmp_path, monkeypatch):
    authority = Authority(tmp_path, "authority")
    context = authority.context()
    monkeypatch.setattr(sending, "tls", lambda: ssl.create_default_context(cafile=authority.bundle))

    def speak(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            answer(b"HTTP/1.1 204 No Content\r\n\r\n")(secure)

    def resolve(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    outcomes = []
    for name in (NAME, "other.example.com"):
        with serving(speak) as url:
            outcomes.append(post(url.replace("http://127.0.0.1", f"https://{name}"), b"{}", {}))

    assert outcomes == [Outcome(204), Outcome(None, "certificate")]


PUBLIC = ["9.9.9.9", "100.128.0.1", "172.32.0.1", "2620:fe::fe", "64:ff9b::909:909"]
NOT_PUBLIC = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1"),
    *("172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::ffff:9.9.9.9", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::a01:203", "64:ff9b:1::1", "100::1"),
    *(
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fe80::1%eth0",
    ),
    *("fec0::1", "ff02::1"),
]


@pytest.mark.parametrize("number", PUBLIC)
def test_a_public_address(number):
    assert is_public(number)


@pytest.mark.parametrize("number", NOT_PUBLIC)
def test_an_address_that_is_not_public(number):
    assert not is_public(number)


def test_a_url_is_taken_apart():
    target = read_url("https://[2620:fe::fe]:8443/a/b?c=d")

    assert (target.host, target.port, target.path) == ("2620:fe::fe", 8443, "/a/b?c=d")
    assert target.host_header == "[2620:fe::fe]:8443"
    assert read_url("https://example.com").host_header == "example.com"

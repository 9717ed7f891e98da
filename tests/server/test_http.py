"""How a request comes from the wire to the project, and what is refused before: over a socket, with an application
that tells what it was called with."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from config.server import bridge, protocol, transport
from testing.wire import Wire, serving

THREADS = 3
LIMIT = 100_000
HOST = b"Host: localhost\r\n"


CALLS: list[str] = []


class Echo(list):
    """The environment and the body, as JSON; for /wait after a moment."""

    streaming = False

    def __init__(self, environ, start_response):
        CALLS.append(environ["PATH_INFO"])
        body = environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/wait":
            time.sleep(0.05)
        known = {name: value for name, value in environ.items() if isinstance(value, str)}
        known |= {"body": body.decode(), "thread": threading.current_thread().name}
        content = b"" if "HTTP_X_STATUS" in environ else json.dumps(known).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        start_response(environ.get("HTTP_X_STATUS", "200 OK"), headers)
        super().__init__([content])

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(Echo, THREADS, LIMIT) as port:
        yield port


class Client(Wire):
    def response(self) -> tuple[int, dict[str, str], dict]:
        reply = self.reply()
        return reply.status, dict(reply.headers), json.loads(reply.body) if reply.body else {}


@pytest.fixture
def wire(port) -> Iterator[Client]:
    with Client(port) as wire:
        yield wire


def assert_refused(wire: Client, status: int, code: str) -> None:
    answered, headers, problem = wire.response()

    assert (answered, headers["content-type"], headers["connection"]) == (status, "application/problem+json", "close")
    assert (problem["status"], problem["code"]) == (status, code)
    assert len(problem["request_id"]) == 32
    assert wire.file.read() == b""


def trickle(wire: Client, longest: float) -> None:
    for _ in range(round(longest / 0.01)):
        wire.send(b"a")
        time.sleep(0.01)


@contextmanager
def seconds(module, name: str, value: float) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, value)
        yield


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA b: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\0c\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1_0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\r\n\r\n",  # HTTP/0.9
        b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_not_http_is_a_400(wire, request_bytes):
    wire.send(request_bytes)

    assert_refused(wire, 400, "bad_request")


def test_a_broken_chunk_is_a_400(wire):
    wire.send(b"POST / HTTP/1.1\r\n", HOST, b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n")

    assert_refused(wire, 400, "bad_request")


def test_a_url_of_9_kb_is_a_414(wire):
    wire.send(b"GET /", b"a" * 9000, b" HTTP/1.1\r\n", HOST, b"\r\n")

    assert_refused(wire, 414, "uri_too_long")


@pytest.mark.parametrize("headers", [b"A: " + b"a" * 9000 + b"\r\n", b"A: a\r\n" * 65])
def test_too_large_and_too_many_headers_are_a_431(wire, headers):
    wire.send(b"GET / HTTP/1.1\r\n", HOST, headers, b"\r\n")

    assert_refused(wire, 431, "headers_too_large")


def test_a_header_that_never_ends_is_a_431(wire):
    wire.send(b"GET / HTTP/1.1\r\nA: ")
    for _ in range(9):
        time.sleep(0.02)
        wire.send(b"a" * 8000)

    assert_refused(wire, 431, "headers_too_large")


@pytest.mark.parametrize("end", [b"A: a\r\n" * 64, b"A: " + b"a" * 9000 + b"\r\nB: b\r\n"])
def test_too_many_and_too_large_trailers_are_a_431(wire, end):
    wire.send(b"POST / HTTP/1.1\r\n", HOST, b"Transfer-Encoding: chunked\r\n\r\n0\r\n", end)

    assert_refused(wire, 431, "headers_too_large")


def test_a_trailer_that_never_ends_is_a_431(wire):
    wire.send(b"POST / HTTP/1.1\r\n", HOST, b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: ")
    for _ in range(9):
        time.sleep(0.02)
        wire.send(b"a" * 8000)

    assert_refused(wire, 431, "headers_too_large")


def test_requests_in_large_packets_are_no_header_that_never_ends(wire):
    many = b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"a" * 4000 + b"\r\n\r\n"
    for packet in (many[:100], many[100:] + many * 20 + many[:100], many[100:]):
        wire.send(packet)
        time.sleep(0.05)

    assert [wire.response()[0] for _ in range(22)] == [200] * 22


def test_headers_that_take_too_long_are_a_408(port):
    with seconds(protocol, "HEAD_SECONDS", 0.2), Client(port) as wire:
        wire.send(b"GET / HTTP/1.1\r\nA: ")

        assert_refused(wire, 408, "request_timeout")


def test_a_connection_on_which_nothing_comes_is_closed(port):
    with seconds(protocol, "HEAD_SECONDS", 0.2), Client(port) as wire:
        assert wire.file.read() == b""


def test_a_body_that_takes_too_long_is_a_408(wire):
    with seconds(bridge, "BODY_SECONDS", 0.2):
        wire.send(b"POST / HTTP/1.1\r\n", HOST, b"Content-Length: 2\r\n\r\na")

        assert_refused(wire, 408, "request_timeout")


def test_the_environment_is_that_of_pep_3333(wire, port):
    wire.send(b"POST /a%20b/%C3%A9%ff?q=%20 HTTP/1.1\r\n", HOST, b"Content-Type: text/plain\r\nContent-Length: 4\r\n")
    wire.send(b"X-Forwarded-For: 1.2.3.4\r\nX_Forwarded_For: 6.6.6.6\r\nCookie: a=1\r\nCookie: b=2\r\nX: 1\r\nX: 2\r\n")
    wire.send(b"\r\n", b"body")

    status, _, environ = wire.response()

    assert status == 200
    assert environ.pop("thread").startswith("request")
    assert environ == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b/\xc3\xa9\xff",
        "QUERY_STRING": "q=%20",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "4",
        "HTTP_HOST": "localhost",
        "HTTP_X_FORWARDED_FOR": "1.2.3.4",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X": "1,2",
        "wsgi.url_scheme": "http",
        "body": "body",
    }


def test_a_body_in_chunks_arrives_whole(wire):
    wire.send(b"POST / HTTP/1.1\r\n", HOST, b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
    time.sleep(0.05)
    wire.send(b"3\r\ncde\r\n0\r\n\r\n")

    assert wire.response()[2]["body"] == "abcde"


def test_trailers_are_no_headers(wire):
    wire.send(b"POST / HTTP/1.1\r\n", HOST, b"X-Forwarded-For: 1.2.3.4\r\nTransfer-Encoding: chunked\r\n\r\n")
    wire.send(b"2\r\nab\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nHost: evil.example\r\nA: b\r\n\r\n")

    environ = wire.response()[2]

    assert (environ["HTTP_X_FORWARDED_FOR"], environ["HTTP_HOST"], environ["body"]) == ("1.2.3.4", "localhost", "ab")
    assert "HTTP_A" not in environ


def test_no_more_of_a_body_in_chunks_is_kept_than_shows_it_is_too_large(wire):
    wire.send(b"POST / HTTP/1.1\r\n", HOST, b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(4):
        wire.send(b"c350\r\n", b"a" * 50_000, b"\r\n")  # 200,000 bytes, and no end

    assert LIMIT < len(wire.response()[2]["body"]) <= LIMIT + 256 * 1024


def test_a_body_that_says_it_is_too_large_is_not_waited_for(wire):
    wire.send(b"POST / HTTP/1.1\r\n", HOST, b"Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n")

    status, _, environ = wire.response()

    assert (status, environ["CONTENT_LENGTH"], environ["body"]) == (200, "100001", "")


def test_who_waits_for_100_continue_gets_it(wire):
    wire.send(b"POST / HTTP/1.1\r\n", HOST, b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert wire.file.readline() + wire.file.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.send(b"ab")

    assert wire.response()[2]["body"] == "ab"


def test_requests_sent_ahead_are_answered_in_their_order(wire):
    wire.send(*(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number for number in range(20)))

    assert [wire.response()[2]["PATH_INFO"] for _ in range(20)] == [f"/{number}" for number in range(20)]


@pytest.mark.parametrize(
    "end", [b"GARBAGE\r\n\r\n", b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"]
)
def test_garbage_behind_a_request_is_not_its_response(wire, end):
    wire.send(b"GET /wait HTTP/1.1\r\n", HOST, b"\r\n", end)

    status, headers, _ = wire.response()

    assert (status, headers["connection"]) == (200, "close")
    assert wire.file.read() == b""


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 5\r\n\r\nabcde",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n",
    ],
    ids=["length", "chunks"],
)
@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_who_offers_another_protocol_is_answered_in_this_one(wire, body, pieces):
    """As Java's HttpClient and curl --http2 do with the first request."""
    request = b"POST / HTTP/1.1\r\n" + HOST + UPGRADE + body
    sent = request + request + b"GET /next HTTP/1.1\r\n" + HOST + b"\r\n"
    for start in range(0, len(sent), size := len(sent) // pieces or 1):
        wire.send(sent[start : start + size])
        time.sleep(0.001)

    responses = [wire.response() for _ in range(3)]

    assert [(status, environ["PATH_INFO"], environ["body"]) for status, _, environ in responses] == [
        (200, "/", "abcde"),
        (200, "/", "abcde"),
        (200, "/next", ""),
    ]
    assert "HTTP_X_FORWARDED_FOR" not in responses[0][2]
    assert "connection" not in responses[0][1]


def test_another_protocol_without_a_body_is_ignored_as_well(wire):
    wire.send(b"GET /a HTTP/1.1\r\n", HOST, UPGRADE, b"\r\n", b"GET /b HTTP/1.1\r\n", HOST, b"\r\n")

    assert [wire.response()[2]["PATH_INFO"] for _ in range(2)] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (b"http://example.com/a", "example.com"),
        (b"http://example.com:8080/a?b", "example.com:8080"),
        (b"http://[2001:db8::1]:8080/a", "[2001:db8::1]:8080"),
        (b"/a", "localhost"),
        (b"//example.com/a", "localhost"),
    ],
)
def test_the_host_of_an_absolute_target_counts(wire, target, host):
    wire.send(b"GET " + target + b" HTTP/1.1\r\n", HOST, b"\r\n")

    status, _, environ = wire.response()

    assert (status, environ["HTTP_HOST"]) == (200, host)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_response_that_has_no_body_says_nothing_of_its_length(wire, status):
    wire.send(b"GET / HTTP/1.1\r\nX-Status: ", status.encode(), b"\r\n", HOST, b"\r\n")

    head = wire.head()

    assert head.status == int(status[:3])
    assert (head["content-length"], head["transfer-encoding"]) == ("", "")


def test_a_body_that_goes_on_after_the_response_gets_no_second_one(wire):
    wire.send(b"POST / HTTP/1.1\r\n", HOST, b"Transfer-Encoding: chunked\r\n\r\nc350\r\n", b"a" * 50_000, b"\r\n")
    for _ in range(3):
        wire.send(b"c350\r\n", b"a" * 50_000, b"\r\n")
    assert wire.response()[0] == 200
    wire.send(b"xyz\r\n")

    assert wire.file.read() == b""


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 200_000, 200),
        (b"GARBAGE\r\n\r\n", 200_000, 400),
        # Larger than is taken, and sent all the same.
        (b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10000000\r\n\r\n", 10_000_000, 200),
    ],
)
def test_what_is_sent_beyond_the_end_does_not_cost_the_client_its_last_response(port, head, body, status):
    """A connection that is closed with something unread is reset, and what the client hasn't read yet is gone."""
    with seconds(transport, "QUIET_SECONDS", 20), Client(port) as wire:
        wire.send(head)
        time.sleep(0.05)  # the response is there, and unread
        wire.send(b"a" * body)

        assert wire.response()[0] == status
        assert wire.file.read() == b""


def test_who_neither_closes_nor_falls_silent_is_cut_off(port):
    with seconds(transport, "DRAIN_SECONDS", 1), seconds(transport, "QUIET_SECONDS", 0.5), Client(port) as wire:
        wire.send(b"GARBAGE\r\n\r\n")
        assert_refused(wire, 400, "bad_request")
        with pytest.raises(ConnectionError):
            trickle(wire, 20)


def test_what_breaks_off_in_the_middle_of_a_body_never_reaches_the_project(wire, port, caplog):
    wire.send(b"POST /half HTTP/1.1\r\n", HOST, b"Content-Length: 2\r\n\r\na")
    wire.socket.shutdown(socket.SHUT_RDWR)

    time.sleep(0.1)
    with Client(port) as other:
        other.send(b"GET / HTTP/1.1\r\n", HOST, b"\r\n")
        assert other.response()[0] == 200
    assert "/half" not in CALLS
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_client_that_sends_no_more_is_answered(wire):
    wire.send(b"GET /wait HTTP/1.1\r\n", HOST, b"\r\n")
    wire.socket.shutdown(socket.SHUT_WR)

    assert wire.response()[0] == 200
    assert wire.file.read() == b""


def test_http_1_0_gets_a_length_and_the_end_of_the_connection(wire):
    wire.send(b"GET / HTTP/1.0\r\n\r\n")

    status, headers, environ = wire.response()

    assert (status, headers["connection"], environ["SERVER_PROTOCOL"]) == (200, "close", "HTTP/1.0")
    assert "transfer-encoding" not in headers


def test_many_requests_at_once_share_few_threads(port):
    def ask(number: int) -> str:
        with Client(port) as wire:
            wire.send(b"GET /wait HTTP/1.1\r\n", HOST, b"\r\n")
            return wire.response()[2]["thread"]

    with ThreadPoolExecutor(20) as pool:
        threads = set(pool.map(ask, range(20)))

    assert len(threads) == THREADS

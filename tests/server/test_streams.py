"""Responses that are made while they are sent, as StreamingHttpResponse and FileResponse are: over a socket."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from testing.wire import NotHTTP, Wire, serving

THREADS = 3
CHUNK = b"a" * 65_536
LARGE = 48 * len(CHUNK)  # 3 MiB: more than is taken whole


class Stream:
    streaming = True

    def __init__(self, chunks: Iterable[bytes], headers: list[tuple[str, str]]):
        self.chunks, self.headers = chunks, headers
        self.given, self.made_in, self.closed_in = 0, "", ""

    def __call__(self, environ, start_response) -> "Stream":
        self.made_in = threading.current_thread().name
        start_response("200 OK", self.headers)
        return self

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.given += 1
            yield chunk

    def close(self) -> None:
        self.closed_in = threading.current_thread().name


class Whole(list):
    streaming = False

    def close(self) -> None:
        pass


STREAMS: dict[str, Stream] = {}


def application(environ, start_response):
    if stream := STREAMS.get(environ["PATH_INFO"]):
        return stream(environ, start_response)
    start_response("200 OK", [])
    return Whole([b"whole"])


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(application, THREADS, 1000) as port:
        yield port


@pytest.fixture
def wire(port) -> Iterator[Wire]:
    with Wire(port) as wire:
        yield wire


def get(wire: Wire, path: str, chunks: Iterable[bytes] = (), *headers: tuple[str, str], version: str = "1.1") -> Stream:
    stream = STREAMS[path] = Stream(chunks, list(headers))
    wire.send(f"GET {path} HTTP/{version}\r\nHost: localhost\r\n\r\n".encode())
    return stream


def endless() -> Iterator[bytes]:
    while True:
        yield CHUNK


def wait_until(happened: Callable[[], object]) -> None:
    for _ in range(500):
        if happened():
            return
        time.sleep(0.02)
    raise AssertionError("it didn't happen within 10 seconds")


def test_each_chunk_is_sent_as_it_comes(wire):
    received = threading.Event()

    def chunks():
        yield b"first"
        assert received.wait(10)
        yield b"second"

    get(wire, "/events", chunks())

    assert wire.head()["transfer-encoding"] == "chunked"
    assert wire.chunk() == b"first"
    received.set()
    assert [wire.chunk(), wire.chunk()] == [b"second", b""]
    get(wire, "/whole")
    assert wire.reply().body == b""  # the connection is kept


def test_a_length_that_the_application_gives_is_kept(wire):
    get(wire, "/file", [CHUNK] * 48, ("Content-Length", str(LARGE)))

    reply = wire.reply()

    assert (reply["content-length"], reply["transfer-encoding"], len(reply.body)) == (str(LARGE), "", LARGE)


def test_no_more_is_made_than_the_client_takes(wire):
    stream = get(wire, "/unread", endless())
    wait_until(lambda: stream.given)

    time.sleep(1)
    given = stream.given
    time.sleep(0.5)

    assert stream.given == given
    assert given * len(CHUNK) < 16 * 1024 * 1024  # what the system's own buffers hold


@pytest.mark.parametrize("sent_ahead", [0, 3])
def test_a_client_that_goes_away_ends_it(port, caplog, sent_ahead):
    with Wire(port) as wire:
        stream = get(wire, "/left", endless())
        assert wire.file.read(1000)
        wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * sent_ahead)
        time.sleep(0.1)

    wait_until(lambda: stream.closed_in)
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


def test_it_is_closed_in_the_thread_that_made_it(wire):
    stream = get(wire, "/thread", [b"a", b"b"])
    assert wire.reply().body == b"ab"

    wait_until(lambda: stream.closed_in)

    assert stream.closed_in == stream.made_in
    assert stream.made_in.startswith("request")


def test_one_that_breaks_off_is_not_taken_for_complete(wire):
    def chunks():
        yield b"a"
        raise ZeroDivisionError

    stream = get(wire, "/broken", chunks())

    with pytest.raises(NotHTTP):
        wire.reply()
    assert stream.closed_in


def test_the_head_of_one_is_no_reason_to_make_it(wire):
    stream = STREAMS["/head"] = Stream(endless(), [("X-Made", "no")])
    wire.send(b"HEAD /head HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert wire.reply("HEAD")["x-made"] == "no"
    wait_until(lambda: stream.closed_in)
    assert stream.given == 0


def test_a_client_of_http_1_0_gets_it_whole_since_it_knows_no_chunks(wire):
    get(wire, "/old", [b"a", b"b"], version="1.0")

    reply = wire.reply()

    assert (reply["content-length"], reply["transfer-encoding"], reply.body) == ("2", "", b"ab")


def test_clients_that_do_not_read_leave_a_thread_for_the_others(port):
    unread = [Wire(port) for _ in range(THREADS)]
    streams = [get(wire, f"/unread/{number}", endless()) for number, wire in enumerate(unread)]
    wait_until(lambda: sum(stream.given > 0 for stream in streams) == THREADS - 1)

    with Wire(port) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wire.reply().body == b"whole"
        get(wire, "/one/too/many", endless())
        reply = wire.reply()

    assert (reply.status, reply["content-type"], reply["retry-after"]) == (503, "application/problem+json", "1")
    assert b'"code":"unavailable"' in reply.body
    for each in unread:
        each.close()


def test_files_of_an_ordinary_size_hold_no_thread(port):
    unread = [Wire(port) for _ in range(THREADS * 2)]
    length = ("Content-Length", str(31 * len(CHUNK)))
    streams = [get(wire, f"/file/{number}", [CHUNK] * 31, length) for number, wire in enumerate(unread)]

    wait_until(lambda: all(stream.closed_in for stream in streams))

    for each in unread:
        each.close()

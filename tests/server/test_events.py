"""`GET events/` on the production server: streams in the event loop, woken by writes of all its processes."""

import os
import signal
import time
from contextlib import ExitStack

import pytest

from testing.servers import Program, Server, beside, gunicorn, register
from testing.wire import Wire


class Listener:
    """A client of the stream. It reads events as they come, over a connection that is kept open."""

    def __init__(self, server: Server, token: str, **headers: str):
        self.wire = Wire(server.port, timeout=20)
        lines = {"Host": "127.0.0.1", "Authorization": f"Bearer {token}", **headers}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.wire.send(f"GET /api/v1/events/ HTTP/1.1\r\n{text}\r\n".encode())
        self.head = self.wire.head()
        self.texts: list[str] = []

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self.wire.close()

    def next(self) -> str:
        """The next part that the server sends; "" at the end."""
        return self.wire.chunk().decode()

    def revision(self) -> int:
        """The revision of the next event."""
        while "data: " not in (text := self.next()):
            assert text
        return int(text.split('"revision": ')[1].split("}")[0])


@pytest.fixture(scope="module")
def server(shared_server) -> Server:
    return shared_server


@pytest.fixture
def token(server) -> str:
    return register(server)


@pytest.fixture
def listen(server, token):
    with ExitStack() as stack:
        yield lambda **headers: stack.enter_context(Listener(server, token, **headers))


def write(server: Server, token: str) -> None:
    with Program(server.port, token) as program:
        assert program.send("POST", "tasks/", {"title": "Buy milk"}).status == 201


def test_every_stream_of_an_owner_gets_each_change_at_once(server, token, listen):
    listeners = [listen() for _ in range(18)]  # of all three processes
    assert [each.head.status for each in listeners] == [200] * 18
    assert [each.revision() for each in listeners] == [0] * 18

    for revision in (1, 2):
        started = time.monotonic()
        write(server, token)
        assert [each.revision() for each in listeners] == [revision] * 18
        assert time.monotonic() - started < 1


def test_nobody_elses_do(server, token):
    with Listener(server, register(server)) as other, Listener(server, token) as mine:
        assert (other.revision(), mine.revision()) == (0, 0)
        write(server, token)
        assert mine.revision() == 1
        other.wire.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            other.next()


def test_a_write_on_another_server_comes_in_seconds(server, token, listen):
    listener = listen()
    assert listener.revision() == 0

    with beside(server) as other:
        started = time.monotonic()
        write(other, token)
        assert listener.revision() == 1

    assert time.monotonic() - started < 6


def test_the_head_of_a_stream_ends(server, token):
    with Wire(server.port, timeout=10) as wire:
        lines = f"HEAD /api/v1/events/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
        wire.send(lines.encode(), lines.encode())
        replies = [wire.reply("HEAD") for _ in range(2)]

    assert [(reply.status, reply["content-type"]) for reply in replies] == [(200, "text/event-stream")] * 2


def test_what_is_silent_gets_a_comment(listen):
    listener = listen()
    listener.revision()

    assert listener.next() == ":\n\n"


def test_a_stream_ends_when_its_token_is_revoked(server, token):
    with Program(server.port, token) as program:
        made = program.send("POST", "tokens/", {"name": "page", "scopes": ["read"]}).body
        with Listener(server, made["token"]) as listener:
            listener.revision()
            program.send("DELETE", f"tokens/{made['id']}/")
            started = time.monotonic()
            while listener.next():
                pass

    assert time.monotonic() - started < 30


def test_a_stream_takes_no_thread(server, token, listen):
    for _ in range(30):
        listen().revision()

    with Program(server.port, token) as program:
        started = time.monotonic()
        for _ in range(20):
            assert program.send("GET", "tasks/").status == 200
    assert time.monotonic() - started < 5


def test_fifty_of_an_owner_in_a_process_are_enough(server, token, listen):
    statuses = [listen().head.status for _ in range(151)]

    assert set(statuses) == {200, 429}
    assert 50 <= statuses.count(200) <= 150


def test_a_stop_ends_them_at_once(tmp_path):
    with gunicorn(tmp_path, 2) as server:
        token = register(server)
        listeners = [Listener(server, token) for _ in range(6)]
        for each in listeners:
            each.revision()
        started = time.monotonic()
        os.kill(server.process.pid, signal.SIGTERM)
        assert [each.next() for each in listeners] == [""] * 6
        assert time.monotonic() - started < 2
        server.process.wait(timeout=10)
        for each in listeners:
            each.wire.close()

    assert "Error" not in server.log.read_text()

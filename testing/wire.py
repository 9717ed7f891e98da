"""A client on a plain socket. It can send any bytes, but accepts only well-formed HTTP responses."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from config.server.bridge import Bridge
from config.server.protocol import Protocol

STATUS = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) [A-Za-z' -]*\r\n")
# Field names are tokens; values are visible ASCII with spaces between (RFC 9110, section 5).
HEADER = re.compile(rb"([A-Za-z0-9-]+): *([!-~](?:[ -~]*[!-~])?)?\r\n")

CHUNK = re.compile(rb"([0-9a-f]+)\r\n")


class NotHTTP(Exception):
    """The bytes are not a valid HTTP response."""


@dataclass
class Reply:
    status: int
    headers: list[tuple[str, str]]  # the names in lower case
    body: bytes

    def __getitem__(self, name: str) -> str:
        return dict(self.headers).get(name, "")


class Wire:
    def __init__(self, port: int, timeout: float = 30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def reply(self, method: str = "GET") -> Reply | None:
        """The next response except 1xx; None if the connection ends before it. Raises NotHTTP for anything else."""
        while (reply := self.head()) and 100 <= reply.status < 200:
            pass
        if reply and method != "HEAD" and reply.status not in (204, 304):
            if reply["content-type"].startswith("text/event-stream"):
                reply.body = self.chunk()  # what it begins with: it doesn't end
            elif reply["transfer-encoding"] == "chunked":
                reply.body = b"".join(iter(self.chunk, b""))
            else:
                reply.body = self.read(int(reply["content-length"] or self.complain("no length", b"")))
        return reply

    def chunk(self) -> bytes:
        """The next chunk of a response; the last one is empty."""
        size = CHUNK.fullmatch(line := self.file.readline(20)) or self.complain("size of a chunk", line)
        return self.read(int(size[1], 16) + 2)[:-2]

    def head(self) -> Reply | None:
        line = self.file.readline(200)
        if not line:
            return None
        status = STATUS.fullmatch(line) or self.complain("status", line)
        headers = []
        while (line := self.file.readline(20_000)) != b"\r\n":
            header = HEADER.fullmatch(line) or self.complain("header", line)
            headers.append((header[1].decode().lower(), (header[2] or b"").decode()))
        return Reply(int(status[1]), headers, b"")

    def read(self, length: int) -> bytes:
        body = self.file.read(length)
        return body if len(body) == length else self.complain("cut short", body)

    @staticmethod
    def complain(what: str, found: bytes):
        raise NotHTTP(f"{what}: {found[:100]!r}")


@contextmanager
def serving(application: Callable, threads: int, max_body: int) -> Iterator[int]:
    """The port of a server in this process, which serves a WSGI application as the production server does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            Bridge(application, threads, lambda path: max_body),
            http=Protocol,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            server_header=False,
            proxy_headers=False,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()

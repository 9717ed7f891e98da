"""One HTTP request to a receiver of events, within limits: whatever the receiver does, it ends."""

import http.client
import io
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from live.addresses import BadAddress, Target, read_url

SECONDS = 10  # for the name, the connection, the request and the response together
MAX_RESPONSE = 64 * 1024  # bytes


@dataclass(frozen=True)
class Outcome:
    """`status` of the response, if there was one; `error` names what went wrong, in words of ours."""

    status: int | None = None
    error: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@cache
def tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class Deadline:
    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left. Raises TimeoutError if there are none."""
        if (left := self.end - time.monotonic()) <= 0:
            raise TimeoutError
        return left


class Limited(io.RawIOBase):
    """What comes from a socket, until the deadline, and no more than so many bytes."""

    def __init__(self, connection: socket.socket, deadline: Deadline):
        self.connection, self.deadline, self.room = connection, deadline, MAX_RESPONSE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # Each receipt restarts the time: one byte every few seconds must not go on forever.
        self.connection.settimeout(self.deadline.left())
        size = self.connection.recv_into(buffer, min(len(buffer), self.room)) if self.room else 0
        self.room -= size
        return size

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)


def post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    """Send the body to a webhook's URL. Redirects aren't followed."""
    deadline = Deadline(SECONDS)
    try:
        target = read_url(url)
        with connect(target, deadline) as connection:
            connection.settimeout(deadline.left())
            connection.sendall(head_of(target, len(body), headers) + body)
            return Outcome(*status_of(connection, deadline))
    except BadAddress as error:
        return Outcome(error=error.code)
    except TimeoutError:
        return Outcome(error="timeout")
    except ssl.SSLError as error:
        return Outcome(error="certificate" if isinstance(error, ssl.SSLCertVerificationError) else "tls")
    except http.client.HTTPException:
        return Outcome(error="not_http")
    except OSError:
        return Outcome(error="connection")


def connect(target: Target, deadline: Deadline) -> socket.socket:
    number = target.addresses(deadline.left())[0]
    connection = socket.create_connection((number, target.port), deadline.left())
    if target.scheme == "http":
        return connection
    try:
        connection.settimeout(deadline.left())
        return tls().wrap_socket(connection, server_hostname=target.host)
    except BaseException:
        connection.close()
        raise


def head_of(target: Target, length: int, headers: dict[str, str]) -> bytes:
    lines = {
        "Host": target.host_header,
        "User-Agent": "todo-backend",
        "Content-Type": "application/json",
        "Content-Length": str(length),
        "Connection": "close",
        **headers,
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{text}\r\n".encode("ascii")


def status_of(connection: socket.socket, deadline: Deadline) -> tuple[int, str]:
    source: Any = Limited(connection, deadline)
    response = http.client.HTTPResponse(source, method="POST")
    response.begin()
    with suppress(OSError, http.client.HTTPException):  # its body says nothing to us, but some servers want it read
        response.read(MAX_RESPONSE)
    return response.status, "" if 200 <= response.status < 300 else "status"

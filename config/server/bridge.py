"""A WSGI application for a server with an event loop: a request gets a thread when all of it is there, not before."""

import asyncio
import gc
import io
import logging
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from api.errors import problem
from api.logs import current_request_id
from api.renderers import PROBLEM_TYPE, dumps

logger = logging.getLogger("api.requests")

BODY_SECONDS = 60  # for a body of a mebibyte at most
# Bytes of answers, after which garbage is collected. One of a body counts for many: so much
# can become of it (`[{},{}…`).
COLLECT_AFTER, GROWTH = 16 * 1024 * 1024, 64

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]


def refusal(status: int, code: str, detail: str) -> bytes:
    """The problem with which the server itself refuses what the project never sees, with a line in the log."""
    context = current_request_id.set(uuid4().hex)
    try:
        logger.info("refused", extra={"fields": {"status": status, "code": code}})
        return dumps(problem(status, code, detail))
    finally:
        current_request_id.reset(context)


@lru_cache(256)  # bounded, as clients make up names
def variable(header: bytes) -> str:
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{name}"


def add_headers(environ: dict[str, Any], headers: Headers) -> None:
    for header, value in headers:
        if b"_" in header:
            continue  # X_Forwarded_For would pass for X-Forwarded-For
        name, text = variable(header), value.decode("latin-1")
        if name in environ:
            text = f"{environ[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{text}"
        environ[name] = text


def wsgi_environ(scope: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The environment (PEP 3333) of a request whose `body` is all there."""
    server, client = scope["server"] or ("", ""), scope["client"] or ("", "")
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    add_headers(environ, scope["headers"])
    return environ


def collect() -> None:
    # REST framework's requests and answers refer to themselves. Python counts such objects and not their size: it would
    # keep hundreds of them, and each may hold a body of a mebibyte and all that was made of it.
    gc.collect()


class WholeRequests:
    """Calls a WSGI `application` in one of `threads` threads, and with at most one byte more than `max_body`."""

    def __init__(self, application: Callable, threads: int, max_body: int):
        self.application = application
        self.max_body = max_body
        # The threads live as long as the process, and with them the database connection that each of them keeps.
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.uncollected = 0

    async def __call__(self, scope: dict[str, Any], receive: Callable, send: Callable[[dict], Awaitable]) -> None:
        try:
            body = await self.read_body(dict(scope["headers"]), receive)
        except TimeoutError:
            answer = self.too_slow()
        else:
            if body is None:
                return  # the client went away before its request was complete
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self.pool, self.call, wsgi_environ(scope, body))
            self.uncollected += GROWTH * len(body) + len(answer[2])
            if self.uncollected > COLLECT_AFTER:
                self.uncollected = 0
                await loop.run_in_executor(self.pool, collect)
        status, headers, content = answer
        if content and not any(name.lower() == b"content-length" for name, _ in headers):
            headers.append((b"content-length", b"%d" % len(content)))  # else it goes out in chunks, to HTTP/1.0 too
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def read_body(self, headers: dict[bytes, bytes], receive: Callable) -> bytes | None:
        length = int(headers.get(b"content-length", 0))  # the parser lets only digits through
        # One that says it is too large isn't waited for: the application refuses it by its length.
        if length > self.max_body or not (length or b"transfer-encoding" in headers):
            return b""
        body, more = b"", True
        async with asyncio.timeout(BODY_SECONDS):
            while more and len(body) <= self.max_body:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body, more = body + message["body"], message["more_body"]
        return body

    def call(self, environ: dict[str, Any]) -> Answer:
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info=None) -> None:
            started.update(status=int(status[:3]), headers=headers)

        response = self.application(environ, start_response)
        try:
            content = b"".join(response)
        finally:
            response.close()  # here, where it was made: it gives the database connection back
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in started["headers"]]
        return started["status"], headers, content

    @staticmethod
    def too_slow() -> Answer:
        body = refusal(408, "request_timeout", f"The body did not arrive within {BODY_SECONDS} seconds.")
        return 408, [(b"content-type", PROBLEM_TYPE.encode()), (b"connection", b"close")], body

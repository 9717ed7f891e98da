"""A WSGI application on a server with an event loop: a request gets a thread when it has arrived completely."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from threading import BoundedSemaphore
from typing import IO, Any
from uuid import uuid4

from api.errors import problem
from api.logs import current_request_id
from api.renderers import PROBLEM_TYPE, dumps
from config.server.environ import Headers, wsgi_environ
from live.hub import Hub
from live.streams import Stream

logger = logging.getLogger("api.requests")

BODY_SECONDS = 60  # for a body of a mebibyte at most
UPLOAD_SECONDS = 300  # for a larger one
MAX_UPLOADS = 8  # at once: each may take 32 MiB of the disk
MAX_MEMORY = 2 * 1024 * 1024  # a larger request body is kept in a file; a response with a larger one is streamed

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Coroutine[Any, Any, None]]


def refusal(status: int, code: str, detail: str) -> bytes:
    """The problem for what the server itself refuses, with a line in the log."""
    context = current_request_id.set(uuid4().hex)
    try:
        logger.info("refused", extra={"fields": {"status": status, "code": code}})
        return dumps(problem(status, code, detail))
    finally:
        current_request_id.reset(context)


def start(status: int, headers: Headers) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def part(body: bytes, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def whole(first: Message, body: bytes) -> list[Message]:
    if first["status"] in (204, 304):
        # Django gives the length of an empty body (RFC 9110, section 8.6).
        first["headers"] = [header for header in first["headers"] if header[0].lower() != b"content-length"]
        body = b""
    elif body and not any(name.lower() == b"content-length" for name, _ in first["headers"]):
        first["headers"].append((b"content-length", b"%d" % len(body)))
    return [first, part(body)]


def refused(status: int, code: str, detail: str, *headers: tuple[bytes, bytes]) -> list[Message]:
    first = start(status, [(b"content-type", PROBLEM_TYPE.encode()), *headers])
    return whole(first, refusal(status, code, detail))


class Exchange:
    """One request and its response. `call` runs in a thread, and may send from there."""

    def __init__(self, receive: Receive, send: Send):
        self.receive, self.send = receive, send
        self.loop = asyncio.get_running_loop()
        self.event_stream: Stream | None = None  # it follows the messages

    def call(
        self, application: Callable, environ: dict[str, Any], streams: BoundedSemaphore, hub: Hub
    ) -> list[Message]:
        """Call the application; returns the messages that are still to be sent."""
        first: Message = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info=None) -> None:
            encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            first.update(start(int(status[:3]), encoded))

        response = application(environ, start_response)
        try:
            stream = getattr(response, "event_stream", None)
            if stream and environ["REQUEST_METHOD"] != "HEAD":
                return self.begin_events(stream, first, b"".join(response), hub)
            if not self.is_streamed(response, dict(first["headers"]), environ):
                return whole(first, b"".join(response))
            if environ["REQUEST_METHOD"] == "HEAD":
                return whole(first, b"")
            if not streams.acquire(blocking=False):
                detail = "Too many responses are being streamed. Try again."
                return refused(503, "unavailable", detail, (b"retry-after", b"1"))
            try:
                return self.stream(first, response)
            finally:
                streams.release()
        finally:
            response.close()  # here, where it was made: it gives the database connection back

    def begin_events(self, stream: Stream, first: Message, opening: bytes, hub: Hub) -> list[Message]:
        """Hand over to the hub: from here on, no thread has to do with it."""
        if hub.is_full(stream.owner_id):
            return refused(429, "throttled", "You have too many streams. Close one first.", (b"retry-after", b"60"))
        first["headers"] = [each for each in first["headers"] if each[0].lower() != b"content-length"]
        self.event_stream = stream
        return [first, part(opening, more=True)]

    @staticmethod
    def is_streamed(response: Any, headers: dict[bytes, bytes], environ: dict[str, Any]) -> bool:
        if not getattr(response, "streaming", False):  # Django's word for what is made while it is sent
            return False
        if length := headers.get(b"Content-Length"):
            return int(length) > MAX_MEMORY
        return environ["SERVER_PROTOCOL"] != "HTTP/1.0"  # it has no chunks

    def stream(self, first: Message, response: Iterable[bytes]) -> list[Message]:
        gone = asyncio.run_coroutine_threadsafe(self.disconnect(), self.loop)
        try:
            self.send_and_wait(first)
            for chunk in response:
                self.send_and_wait(part(chunk, more=True))
                if gone.done():
                    break
        finally:
            gone.cancel()
        return [part(b"")]

    def send_and_wait(self, message: Message) -> None:
        # uvicorn's `send` returns as soon as the client has taken enough of what was sent before.
        asyncio.run_coroutine_threadsafe(self.send(message), self.loop).result()

    async def disconnect(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass


class Bridge:
    """Calls a WSGI `application` in one of `threads` threads. It gets `max_body(path)` bytes of a body, and some more
    if there are more."""

    def __init__(self, application: Callable, threads: int, max_body: Callable[[str], int]):
        self.application = application
        self.max_body = max_body
        self.uploads = 0  # those that are arriving
        # The threads live as long as the process, and with them the database connection that each of them keeps.
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        # A streamed response holds its thread until the client has taken it: one thread is left for all others.
        self.streams = BoundedSemaphore(max(threads - 1, 1))
        self.hub = Hub(self.pool)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers, limit = dict(scope["headers"]), self.max_body(scope["path"])
        is_upload = limit > MAX_MEMORY and (int(headers.get(b"content-length", limit)) > MAX_MEMORY)
        if is_upload and self.uploads >= MAX_UPLOADS:
            detail = "Too many files are being uploaded. Try again."
            rest = refused(503, "unavailable", detail, (b"retry-after", b"1"), (b"connection", b"close"))
            for message in rest:
                await send(message)
            return
        self.uploads += is_upload
        try:
            stream = await self.exchange(scope, receive, send, limit)
        finally:
            self.uploads -= is_upload
        if stream:
            await self.hub.follow(stream, receive, send)

    async def exchange(self, scope: dict[str, Any], receive: Receive, send: Send, limit: int) -> Stream | None:
        """Respond. Returns the stream of events that the response goes on with, if it does."""
        stream = None
        seconds = BODY_SECONDS if limit <= MAX_MEMORY else UPLOAD_SECONDS
        with SpooledTemporaryFile(MAX_MEMORY) as body:
            try:
                async with asyncio.timeout(seconds):
                    if not await self.read_body(body, dict(scope["headers"]), receive, limit):
                        return None  # the client went away
            except TimeoutError:
                detail = f"The body did not arrive within {seconds} seconds."
                rest = refused(408, "request_timeout", detail, (b"connection", b"close"))
            else:
                exchange, environ = Exchange(receive, send), wsgi_environ(scope, body)
                rest = await exchange.loop.run_in_executor(
                    self.pool, exchange.call, self.application, environ, self.streams, self.hub
                )
                stream = exchange.event_stream
        for message in rest:
            await send(message)
        return stream

    async def read_body(self, body: IO[bytes], headers: dict[bytes, bytes], receive: Receive, limit: int) -> bool:
        """Read the body as far as the application wants it; False when the client goes away meanwhile."""
        length = int(headers.get(b"content-length", 0))  # the parser lets only digits through
        # One that says it is too large isn't waited for: the application refuses it by its length.
        more = length <= limit and (length > 0 or b"transfer-encoding" in headers)
        while more and body.tell() <= limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            body.write(message["body"])
            more = message["more_body"]
        body.seek(0)
        return True

"""HTTP as uvicorn speaks it, with limits on what comes before the body, and its refusals as problems."""

import asyncio
from http.client import responses

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.renderers import PROBLEM_TYPE
from config.server.bridge import refusal

# A cursor and the filters beside it fit; a header of 16 KiB doesn't.
MAX_URL = MAX_HEADER = 8190
MAX_HEADERS = 64  # trailers included
MAX_UNFINISHED = 64 * 1024  # bytes of a head, or of trailers, that go on after their first packet
HEAD_SECONDS = 30
# How long a stopping process still answers on idle connections: a request may be on its way there.
LINGER_SECONDS = 1
# How long an ended connection is read on: until nothing has come for so long, and at most.
QUIET_SECONDS, DRAIN_SECONDS = 1, 30

REFUSALS = {
    400: ("bad_request", "This is no request of HTTP/1.1, or none with a method that is known here."),
    408: ("request_timeout", f"The headers did not arrive within {HEAD_SECONDS} seconds."),
    414: ("uri_too_long", f"The URL is longer than {MAX_URL} bytes."),
    431: ("headers_too_large", f"The headers are more than {MAX_HEADERS}, or one is longer than {MAX_HEADER} bytes."),
}


class Transport:
    """Closes a connection only when the client has taken its last answer (RFC 9112, section 9.6).

    Were it closed with something unread, TCP would reset it, and throw away what the client hasn't read yet.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop):
        self.transport, self.loop = transport, loop
        self.write = transport.write
        self.ended = self.closing = self.heard = False  # by the client; by us; something came after that

    def __getattr__(self, name: str):
        return getattr(self.transport, name)

    def is_closing(self) -> bool:
        return self.closing or self.transport.is_closing()

    def close(self) -> None:
        if self.is_closing():
            return
        self.closing = True
        if self.ended:
            self.transport.close()
        else:
            self.transport.write_eof()
            self.transport.resume_reading()
            self.drain(self.loop.time() + DRAIN_SECONDS)

    def drain(self, until: float) -> None:
        self.heard = False
        self.loop.call_later(QUIET_SECONDS, self.close_or_drain, until)

    def close_or_drain(self, until: float) -> None:
        if self.heard and self.loop.time() < until:
            self.drain(until)
        else:
            self.transport.close()


class Protocol(HttpToolsProtocol):
    """One connection."""

    transport: Transport  # type: ignore[assignment]
    timer: asyncio.TimerHandle
    running: RequestResponseCycle | None = None  # the request that is being read or answered; later ones wait

    def connection_made(self, transport) -> None:
        super().connection_made(Transport(transport, self.loop))  # type: ignore[arg-type]
        self.in_head = self.after_size = self.is_stuck = self.stopping = False
        self.unfinished = self.lines = 0
        self.refusal = 400
        self.timer = self.loop.call_later(HEAD_SECONDS, self.head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self.timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.closing:
            self.transport.heard = True
            return
        # After the size of a chunk comes the chunk, or trailers.
        self.is_stuck = self.in_head or self.after_size
        super().data_received(data)
        if self.is_stuck:
            self.unfinished += len(data)
            if self.unfinished > MAX_UNFINISHED:
                self.refuse(431)

    def goes_on(self) -> None:
        self.is_stuck = self.after_size = False
        self.unfinished = 0

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whether to keep the connection: a client that sends no more may still wait for its answer."""
        self.transport.ended = True
        if self.transport.closing or self.idle or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.goes_on()
        self.in_head, self.lines = True, 0
        self.timer.cancel()
        self.timer = self.loop.call_later(HEAD_SECONDS, self.head_is_late)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self.limit(414, len(self.url) <= MAX_URL)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.lines += 1
        self.limit(431, self.lines <= MAX_HEADERS and len(name) + len(value) <= MAX_HEADER)
        # Trailers are no headers (RFC 9110, section 6.5.1): who sends one could say what only the proxy may.
        if self.in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.limit(400, self.is_spoken_here)
        self.goes_on()
        self.in_head = False
        self.timer.cancel()
        super().on_headers_complete()
        if self.stopping:
            self.cycle.keep_alive = False

    def on_chunk_header(self) -> None:
        self.after_size = True

    def on_body(self, body: bytes) -> None:
        self.goes_on()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.goes_on()
        super().on_message_complete()

    def _start_asgi_task(self, cycle, app) -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def _unsupported_upgrade_warning(self) -> None:
        self.cycle.keep_alive = False  # the parser reads no further than the request that asked for the other protocol

    @property
    def is_spoken_here(self) -> bool:
        version = self.parser.get_http_version()
        hosts = sum(name == b"host" for name, _ in self.headers)  # exactly one (RFC 9112, section 3.2)
        return ((version == "1.1" and hosts == 1) or version == "1.0") and self.parser.get_method() != b"CONNECT"

    def limit(self, status: int, kept: bool) -> None:
        if not kept:
            self.refusal = status
            raise ValueError  # the parser stops there, and send_400_response is called

    def send_400_response(self, msg: str) -> None:
        self.refuse(self.refusal)

    def head_is_late(self) -> None:
        if self.in_head:
            self.refuse(408)
        else:
            self.transport.close()  # a connection on which nothing ever came

    def refuse(self, status: int) -> None:
        if self.transport.is_closing():
            return
        if running := self.being_answered:
            running.keep_alive = False  # the answer is that request's, and the last one here
            return
        if self.cycle and self.cycle.response_complete and not self.in_head:
            self.transport.close()  # a body that went on after the answer
            return
        body = refusal(status, *REFUSALS[status])
        head = f"HTTP/1.1 {status} {responses[status]}\r\nContent-Type: {PROBLEM_TYPE}\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        self.transport.close()

    @property
    def being_answered(self) -> RequestResponseCycle | None:
        """The request of which all is there, and its answer isn't."""
        running = self.running
        return running if running and not (running.more_body or running.response_complete) else None

    @property
    def idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def shutdown(self) -> None:
        self.stopping = True
        if self.idle:
            self.loop.call_later(LINGER_SECONDS, self.close_if_idle)
        else:
            super().shutdown()

    def close_if_idle(self) -> None:
        if self.idle:
            self.transport.close()

"""HTTP as uvicorn speaks it, with limits on what comes before the body, and its refusals as problems."""

from asyncio import TimerHandle
from http.client import responses

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.renderers import PROBLEM_TYPE
from config.bridge import refusal

# A cursor and the filters beside it fit; a header of 16 KiB doesn't.
MAX_URL = MAX_HEADER = 8190
MAX_HEADERS = 64
MAX_UNFINISHED = 64 * 1024  # bytes of a head that goes on after its first packet
HEAD_SECONDS = 30
# How long a stopping process still answers on idle connections: a request may be on its way there.
LINGER_SECONDS = 1

REFUSALS = {
    400: ("bad_request", "This is not HTTP/1.1."),
    408: ("request_timeout", f"The headers did not arrive within {HEAD_SECONDS} seconds."),
    414: ("uri_too_long", f"The URL is longer than {MAX_URL} bytes."),
    431: ("headers_too_large", f"The headers are more than {MAX_HEADERS}, or one is longer than {MAX_HEADER} bytes."),
}


class Protocol(HttpToolsProtocol):
    """One connection."""

    timer: TimerHandle

    def connection_made(self, transport) -> None:
        super().connection_made(transport)
        self.in_head = self.stopping = False
        self.unfinished = 0
        self.refusal = 400
        self.timer = self.loop.call_later(HEAD_SECONDS, self.head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self.timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        goes_on = self.in_head
        super().data_received(data)
        if goes_on and self.in_head:
            self.unfinished += len(data)
            if self.unfinished > MAX_UNFINISHED:
                self.refuse(431)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whether to keep the connection: a client that sends no more may still wait for its answer."""
        if self.idle or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head, self.unfinished = True, 0
        self.timer.cancel()
        self.timer = self.loop.call_later(HEAD_SECONDS, self.head_is_late)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self.limit(414, len(self.url) <= MAX_URL)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self.limit(431, len(self.headers) <= MAX_HEADERS and len(name) + len(value) <= MAX_HEADER)

    def on_headers_complete(self) -> None:
        self.in_head = False
        self.timer.cancel()
        super().on_headers_complete()
        if self.stopping:
            self.cycle.keep_alive = False

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
        body = refusal(status, *REFUSALS[status])
        head = f"HTTP/1.1 {status} {responses[status]}\r\nContent-Type: {PROBLEM_TYPE}\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        self.transport.close()

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

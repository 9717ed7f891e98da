"""HTTP/1.1 as uvicorn speaks it, with limits on the size and the time of what isn't a body."""

import asyncio
from collections import deque
from http.client import responses

from httptools import parse_url
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.renderers import PROBLEM_TYPE
from config.server.bridge import refusal
from config.server.parser import Parser
from config.server.transport import Transport

# A cursor and the filters beside it fit; a header of 16 KiB doesn't.
MAX_URL = MAX_HEADER = 8190
MAX_HEADERS = 64  # trailers included
MAX_UNFINISHED = 64 * 1024  # bytes of a head, or of trailers, that didn't come to their end
HEAD_SECONDS = 30
# How long a stopping process still answers on idle connections: a request may be on its way there.
LINGER_SECONDS = 1

REFUSALS = {
    400: ("bad_request", "The request is not valid HTTP/1.1, or its method is unknown."),
    408: ("request_timeout", f"The headers did not arrive within {HEAD_SECONDS} seconds."),
    414: ("uri_too_long", f"The URL is longer than {MAX_URL} bytes."),
    431: ("headers_too_large", f"There are more than {MAX_HEADERS} headers, or one is longer than {MAX_HEADER} bytes."),
}


class Protocol(HttpToolsProtocol):
    """One connection."""

    parser: Parser  # type: ignore[assignment]
    transport: Transport  # type: ignore[assignment]
    timer: asyncio.TimerHandle

    def connection_made(self, transport) -> None:
        super().connection_made(Transport(transport, self.loop))  # type: ignore[arg-type]
        self.parser = Parser(self)
        self.unanswered: deque[RequestResponseCycle] = deque()  # in the order of their responses
        self.in_head = self.stopping = self.is_unread = False
        self.awaiting_more = self.lines = 0
        self.refusal = 400
        self.timer = self.loop.call_later(HEAD_SECONDS, self.head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self.timer.cancel()
        self.transport.writing_resumed()
        for cycle in self.unanswered:  # uvicorn tells the last one only
            self.disconnect(cycle)
        super().connection_lost(exc)

    @staticmethod
    def disconnect(cycle: RequestResponseCycle) -> None:
        cycle.disconnected = True
        cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        if self.transport.server_closed:
            self.transport.data_after_close()
            return
        self.awaiting_more += len(data)
        super().data_received(data)
        if self.awaiting_more > MAX_UNFINISHED:
            self.refuse(431)

    def reset_progress(self) -> None:
        self.awaiting_more = 0

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whether to keep the connection: a client that sends no more may still wait for a response."""
        self.transport.client_ended = True
        return not self.transport.server_closed and self.end_after_whole_requests()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head, self.lines = True, 0
        self.timer.cancel()
        self.timer = self.loop.call_later(HEAD_SECONDS, self.head_is_late)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self.limit(414, len(self.url) <= MAX_URL)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.lines += 1
        self.limit(431, self.lines <= MAX_HEADERS and len(name) + len(value) <= MAX_HEADER)
        # Trailers are not headers (RFC 9110, section 6.5.1): they could say what only the proxy may.
        if self.in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        hosts = sum(name == b"host" for name, _ in self.headers)  # exactly one (RFC 9112, section 3.2)
        self.limit(400, version == "1.0" or (version == "1.1" and hosts == 1))
        self.limit(400, self.parser.get_method() != b"CONNECT")
        if self.parser.should_upgrade():
            return  # the request comes again, without its offer of another protocol
        self.use_host_of_target()
        self.reset_progress()
        self.in_head = False
        self.timer.cancel()
        super().on_headers_complete()
        self.unanswered.append(self.cycle)
        if self.stopping:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self.reset_progress()
        super().on_body(body)

    def use_host_of_target(self) -> None:
        """The host of an absolute target counts, not the Host header (RFC 9112, section 3.2.2)."""
        if self.url.startswith(b"/") or not (target := parse_url(self.url)).host:
            return
        host = b"[%s]" % target.host if b":" in target.host else target.host
        if target.port is not None:
            host += b":%d" % target.port
        self.headers[:] = [header for header in self.headers if header[0] != b"host"] + [(b"host", host)]

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self.reset_progress()
        super().on_message_complete()

    def limit(self, status: int, kept: bool) -> None:
        if not kept:
            self.refusal = status
            raise ValueError  # the parser stops there, and send_400_response is called

    def head_is_late(self) -> None:
        if self.in_head:
            self.refuse(408)
        else:
            self.transport.close()  # nothing came

    def send_400_response(self, msg: str) -> None:
        self.refuse(self.refusal)

    def refuse(self, status: int) -> None:
        if self.transport.is_closing() or self.end_after_whole_requests():
            return
        if self.cycle and self.cycle.more_body:
            if self.cycle.response_started:  # without waiting for the body
                self.cycle.keep_alive = False
                if self.cycle.response_complete:
                    self.transport.close()
                return
            self.disconnect(self.cycle)  # its response would be a second one
        body = refusal(status, *REFUSALS[status])
        head = f"HTTP/1.1 {status} {responses[status]}\r\nContent-Type: {PROBLEM_TYPE}\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        self.transport.close()

    def end_after_whole_requests(self) -> bool:
        """Close the connection after the responses to what arrived completely. False: there are none to come."""
        if len(self.unanswered) > 1 and self.unanswered[-1].more_body:
            self.pipeline.popleft()
            self.unanswered.pop()
            self.cycle = self.unanswered[-1]
        if not self.unanswered or self.unanswered[-1].more_body:
            return False
        self.unanswered[-1].keep_alive = False
        return True

    def on_response_complete(self) -> None:
        self.unanswered.popleft()
        self.is_unread = self.flow.write_paused and not self.transport.is_closing()
        if self.is_unread:
            self.flow.pause_reading()
        else:
            super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.writing_paused()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.transport.writing_resumed()
        if self.is_unread:  # what was sent ahead had to wait
            self.is_unread = False
            super().on_response_complete()

    def shutdown(self) -> None:
        self.stopping = True
        self.app.hub.stop()
        if self.cycle:
            self.cycle.keep_alive = False
        self.loop.call_later(LINGER_SECONDS, super().shutdown)
        # A process doesn't end while a client has to read a response.
        self.loop.call_later((self.config.timeout_graceful_shutdown or 1) - 0.5, self.transport.abort)

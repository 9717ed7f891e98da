"""How the server ends a connection."""

import asyncio

# A closed connection is read on until nothing has come for QUIET_SECONDS, but no longer than DRAIN_SECONDS.
QUIET_SECONDS, DRAIN_SECONDS = 1, 30


class Transport:
    """Closes a connection so that the client still gets its last response (RFC 9112, section 9.6).

    If the server closes it while the client is sending, TCP resets it and throws away what the client hasn't read.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop):
        self.transport, self.loop = transport, loop
        self.write = transport.write
        self.client_ended = self.server_closed = False

    def __getattr__(self, name: str):
        return getattr(self.transport, name)

    def is_closing(self) -> bool:
        return self.server_closed or self.transport.is_closing()

    def close(self) -> None:
        if self.is_closing():
            return
        self.server_closed = True
        if self.client_ended:
            self.transport.close()
            return
        self.transport.write_eof()
        self.transport.resume_reading()
        self.until = self.loop.time() + DRAIN_SECONDS
        self.timer = self.loop.call_later(QUIET_SECONDS, self.transport.close)

    def data_after_close(self) -> None:
        self.timer.cancel()
        self.timer = self.loop.call_at(min(self.until, self.loop.time() + QUIET_SECONDS), self.transport.close)

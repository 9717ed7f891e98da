"""How the server ends a connection, and when it gives up a client that doesn't read."""

import asyncio
import socket
from typing import ClassVar

# A closed connection is read on until nothing has come for QUIET_SECONDS, but no longer than DRAIN_SECONDS.
QUIET_SECONDS, DRAIN_SECONDS = 1, 30
WRITE_SECONDS = 30  # in which a client has to take something of its response
# Bytes of responses that the clients of a process have yet to take. Beyond, the one that has taken nothing for the
# longest time is given up, so that many can't take all the memory.
MAX_UNREAD = 8 * 1024 * 1024
MAX_UNSENT = 128 * 1024  # bytes that wait in the system's memory; it would keep megabytes


class Transport:
    """Closes a connection so that the client still gets its last response (RFC 9112, section 9.6).

    If the server closes it while the client is sending, TCP resets it and throws away what the client hasn't read.
    """

    unread: ClassVar[dict["Transport", None]] = {}  # those with an unread response, the longest without progress first

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop):
        self.transport, self.loop = transport, loop
        self.write = transport.write
        self.client_ended = self.server_closed = False
        self.size, self.taken_at = 0, 0.0
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT)

    def __getattr__(self, name: str):
        return getattr(self.transport, name)

    def is_closing(self) -> bool:
        return self.server_closed or self.transport.is_closing()

    def close(self) -> None:
        if self.is_closing():
            return
        self.server_closed = True
        self.transport.set_write_buffer_limits(0)  # anything unread pauses writing, and so is watched
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

    def writing_paused(self) -> None:
        self.watch()
        while len(self.unread) > 1 and sum(each.get_write_buffer_size() for each in self.unread) > MAX_UNREAD:
            for each in list(self.unread):
                each.note_progress()
            next(iter(self.unread)).give_up()

    def watch(self) -> None:
        self.note_progress()
        if self.loop.time() >= self.taken_at + WRITE_SECONDS:
            self.give_up()
        else:
            self.watcher = self.loop.call_later(WRITE_SECONDS / 6, self.watch)

    def note_progress(self) -> None:
        if (size := self.get_write_buffer_size()) != self.size:
            self.size, self.taken_at = size, self.loop.time()
            self.unread.pop(self, None)
            self.unread[self] = None

    def writing_resumed(self) -> None:
        if self in self.unread:
            del self.unread[self]
            self.watcher.cancel()
            self.size = 0

    def give_up(self) -> None:
        self.writing_resumed()
        self.transport.abort()

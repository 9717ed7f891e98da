"""Wakes the worker: a datagram without content, which it waits for while it sleeps.

One that is lost costs time alone: the worker looks by itself every WORK_POLL_SECONDS.
"""

import socket
import time
from contextlib import suppress
from functools import lru_cache
from select import select
from typing import Any

from django.conf import settings

from ownership.transactions import RevisionTransaction

SETTLE_SECONDS = 0.02  # so that many writes at once are one wake-up
RESOLVED_FOR = 60  # seconds


@lru_cache(1)
def resolve(address: tuple[str, int], minute: int) -> tuple[int, Any] | None:
    """The family and the numbers of this address; None for a name that isn't found."""
    try:
        family, _, _, _, numbers = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
    except OSError:
        return None
    return family, numbers


def wake_worker(current: RevisionTransaction | None = None) -> None:
    """Tell the worker that there may be something to do, unless this transaction is none of its business."""
    if current is not None and not current.wakes_worker:
        return
    if found := resolve(settings.WORKER_ADDRESS, int(time.monotonic() // RESOLVED_FOR)):
        family, numbers = found
        # A network that is away must not break a write that is committed.
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(b"", numbers)


def listen() -> socket.socket:
    """The socket on which the datagrams arrive: of this machine alone, unless WORKER_ADDRESS names another one."""
    host, port = settings.WORKER_ADDRESS
    is_near = host in ("localhost", "127.0.0.1", "::1")
    family = socket.AF_INET6 if ":" in host or (not is_near and socket.has_dualstack_ipv6()) else socket.AF_INET
    found = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if hasattr(socket, "SO_REUSEPORT"):  # several workers share the port, and the system wakes one of them
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    with suppress(OSError):  # in use by another program: then the worker looks by itself
        found.bind((host if is_near else "", port))
    return found


class Bell:
    """What a worker sleeps beside."""

    def __init__(self) -> None:
        self.inside, self.outside = socket.socketpair()
        self.network = listen()
        for each in (self.inside, self.outside, self.network):
            each.setblocking(False)

    def ring(self) -> None:
        """Wake it from another thread of this process, or from a signal handler."""
        with suppress(OSError):
            self.outside.send(b"x")

    def wait(self, seconds: float) -> None:
        """Sleep until it rings, but no longer than this."""
        if select([self.inside, self.network], [], [], max(seconds, 0))[0]:
            time.sleep(SETTLE_SECONDS)
        for each in (self.inside, self.network):
            with suppress(OSError):
                while True:
                    each.recv(4096)

    def close(self) -> None:
        for each in (self.inside, self.outside, self.network):
            each.close()

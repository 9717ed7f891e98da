"""Streams of events: they live in the server's event loop, and need neither threads nor connections of their own."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from rest_framework.exceptions import ValidationError

from todos.sync import AFTER_ALL, SyncPosition

RETRY_MILLISECONDS = 3000

Message = dict[str, Any]
Send = Callable[[Message], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Credential:
    """What a stream was opened with, and ends with."""

    token: str | None = None
    session: str | None = None
    until: float | None = None  # seconds of the epoch


@dataclass(slots=True, eq=False)
class Stream:
    """One client. `told`: the last revision that was sent; `latest`: the last one that is known."""

    owner_id: UUID
    password: str  # the hash: a new one ends sessions
    credential: Credential
    told: int
    latest: int = 0
    wants_comment: bool = False
    is_over: bool = False
    sending: asyncio.Task | None = None
    send: Send | None = None

    def tell(self, revision: int) -> None:
        if revision > max(self.told, self.latest):
            self.latest = revision
            self.start()

    def comment(self) -> None:
        self.wants_comment = True
        self.start()

    def end(self) -> None:
        self.is_over = True
        self.start()

    def start(self) -> None:
        # A client that is slow gets the latest revision when it has taken what was sent before.
        if self.sending is None:
            self.sending = asyncio.create_task(self.run())

    async def run(self) -> None:
        assert self.send  # noqa: S101 (it is connected)
        try:
            while text := self.next_text():
                await self.send({"type": "http.response.body", "body": text, "more_body": True})
            if self.is_over:
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.sending = None

    def next_text(self) -> bytes:
        if not self.is_over and self.told < self.latest:
            self.told = self.latest
            return event(self.owner_id, self.told)
        wants, self.wants_comment = self.wants_comment and not self.is_over, False
        return b":\n\n" if wants else b""


@dataclass(frozen=True)
class Owner:
    """`User` for what signs a sync token."""

    pk: UUID


@lru_cache(256)
def event(owner_id: UUID, revision: int) -> bytes:
    token = SyncPosition(full=0, revision=revision).sign(Owner(owner_id))
    return f'id: {token}\nevent: revision\ndata: {{"revision": {revision}}}\n\n'.encode()


def opening(stream: Stream, last_event_id: str) -> bytes:
    """What a stream begins with: an event, unless the client has all that there is."""
    begin = f"retry: {RETRY_MILLISECONDS}\n\n".encode()
    return begin if is_up_to_date(stream, last_event_id) else begin + event(stream.owner_id, stream.told)


def is_up_to_date(stream: Stream, token: str) -> bool:
    try:
        position = SyncPosition.read(token, Owner(stream.owner_id))
    except ValidationError:
        return False
    return not position.full and position.kind == AFTER_ALL and position.revision >= stream.told

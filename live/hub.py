"""The streams of one server process: its hub tells them of writes, and ends what was revoked.

It is told of writes by the notices of the server's processes, and asks the database every few seconds, in one query for
all connected owners, for what was written elsewhere. While nobody is connected, it does nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from concurrent.futures import Executor
from typing import NamedTuple
from uuid import UUID

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone

from live import notices
from live.streams import Message, Send, Stream
from users.models import ApiToken, Session, User

logger = logging.getLogger("live.hub")

MAX_OF_AN_OWNER = 50  # in one process
TICK_SECONDS = 0.05
ASK_SECONDS = 3
CHECK_EVERY = 4  # times that it asks, for what was revoked
SETTLE_SECONDS = 0.2  # so that many who connect at once are one query
COMMENT_SECONDS = 15  # proxies cut what is silent for a minute


class Found(NamedTuple):
    """What the database says. `tokens` and `sessions`: those that are good, of those that it was asked about."""

    owners: dict[UUID, tuple[int, bool, str]]  # the revision, whether it is active, the hash of the password
    tokens: set[str] = set()
    sessions: set[str] = set()

    def allows(self, stream: Stream) -> bool:
        _, is_active, password = self.owners.get(stream.owner_id, (0, False, ""))
        given = stream.credential
        if not is_active or (given.until is not None and given.until <= timezone.now().timestamp()):
            return False
        if given.session:
            return password == stream.password and given.session in self.sessions
        return given.token is None or given.token in self.tokens


def look_up(owners: Collection[UUID], streams: Collection[Stream] | None) -> Found | None:
    """Ask about these owners, and about what these streams were opened with. None if the database is away."""
    try:
        close_old_connections()
        rows = User.objects.filter(pk__in=owners).values_list("pk", "revision", "is_active", "password")
        found = Found({pk: (revision, active, password) for pk, revision, active, password in rows})
        if streams is None:
            return found
        tokens = {stream.credential.token for stream in streams} - {None}
        sessions = {stream.credential.session for stream in streams} - {None}
        return found._replace(tokens=good_tokens(tokens), sessions=good_sessions(sessions))
    except (DatabaseError, InterfaceError) as error:
        logger.warning("Streams can't ask the database.", extra={"fields": {"error": type(error).__name__}})
        connection.close()
        return None


def good_tokens(ids: set) -> set[str]:
    return {str(pk) for pk in ApiToken.objects.filter(pk__in=ids).values_list("pk", flat=True)}


def good_sessions(keys: set) -> set[str]:
    found = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return set(found.values_list("session_key", flat=True))


class Hub:
    """The streams of this process."""

    def __init__(self, executor: Executor):
        self.executor = executor
        self.streams: dict[UUID, set[Stream]] = {}
        self.tasks: dict[Callable, asyncio.Task] = {}
        self.newcomers = asyncio.Event()
        self.is_stopping = False

    def is_full(self, owner_id: UUID) -> bool:
        return len(self.streams.get(owner_id, ())) >= MAX_OF_AN_OWNER

    def all(self) -> Iterator[Stream]:
        for streams in list(self.streams.values()):
            yield from list(streams)

    async def follow(self, stream: Stream, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        """Keep the stream until its client goes away, or it is ended."""
        stream.send = send
        self.streams.setdefault(stream.owner_id, set()).add(stream)
        self.begin()
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            streams = self.streams[stream.owner_id]
            streams.discard(stream)
            if not streams:
                del self.streams[stream.owner_id]

    def begin(self) -> None:
        if self.is_stopping:
            self.stop()
        for job in (self.listen, self.comment, self.ask):
            if job not in self.tasks or self.tasks[job].done():
                self.tasks[job] = asyncio.create_task(job())
        self.newcomers.set()  # something may have been written since its owner was read

    def stop(self) -> None:
        """End all of them: the server stops."""
        self.is_stopping = True
        for stream in self.all():
            stream.end()

    async def listen(self) -> None:
        """Follow the notices of this server's processes."""
        read = notices.board.written if notices.board else 0
        while self.streams and notices.board:
            written = notices.board.written
            if written != read:
                found = notices.board.read(read)
                read = written
                if found is None:
                    self.newcomers.set()  # there were too many: the database knows
                for owner_id, revision in found or ():
                    for stream in list(self.streams.get(owner_id, ())):
                        stream.tell(revision)
            await asyncio.sleep(TICK_SECONDS)

    async def comment(self) -> None:
        while self.streams:
            await asyncio.sleep(COMMENT_SECONDS)
            for stream in self.all():
                stream.comment()

    async def ask(self) -> None:
        """Follow what the database says."""
        loop, turn = asyncio.get_running_loop(), 0
        while self.streams:
            asked = list(self.all()) if turn % CHECK_EVERY == 0 else None
            turn += 1
            if found := await loop.run_in_executor(self.executor, look_up, list(self.streams), asked):
                self.apply(found, asked)
            self.newcomers.clear()
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    await self.newcomers.wait()
                await asyncio.sleep(SETTLE_SECONDS)
            except TimeoutError:
                pass

    def apply(self, found: Found, asked: list[Stream] | None) -> None:
        for stream in self.all():
            if known := found.owners.get(stream.owner_id):  # else it came while the database was asked
                stream.tell(known[0])
        for stream in asked or ():
            if not found.allows(stream):
                stream.end()

"""What the processes of a server tell each other: whose data was written, up to which revision.

Memory that they share, without Django: gunicorn makes it before it starts them. Elsewhere there is none, and the
database is asked instead.
"""

import mmap
import os
import struct
import tempfile
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from ownership.transactions import RevisionTransaction

HEAD = struct.Struct("<Q")  # how many notices were written, ever
NOTICE = struct.Struct("<16sQ")
ROOM = 4096  # notices; older ones are overwritten


class Board:
    def __init__(self) -> None:
        from fcntl import LOCK_EX, LOCK_UN, lockf  # not on Windows, which has no gunicorn either

        self.memory = mmap.mmap(-1, HEAD.size + ROOM * NOTICE.size)
        # The system lifts such a lock when a process is killed. It doesn't hold between the threads of one.
        self.file, name = tempfile.mkstemp()
        os.unlink(name)
        self.take, self.leave = partial(lockf, self.file, LOCK_EX), partial(lockf, self.file, LOCK_UN)
        self.threads = Lock()

    def close(self) -> None:
        self.memory.close()
        os.close(self.file)

    @property
    def written(self) -> int:
        count: int = HEAD.unpack_from(self.memory)[0]
        return count

    def write(self, owner_id: UUID, revision: int) -> None:
        with self.threads:
            self.take()
            try:
                count = self.written
                NOTICE.pack_into(self.memory, self.place(count), owner_id.bytes, revision)
                HEAD.pack_into(self.memory, 0, count + 1)  # last: what isn't counted isn't read
            finally:
                self.leave()

    def read(self, since: int) -> list[tuple[UUID, int]] | None:
        """The notices after the first `since`; None if some of them are overwritten."""
        upto = self.written
        if upto - since > ROOM // 2:
            return None
        found = (NOTICE.unpack_from(self.memory, self.place(number)) for number in range(since, upto))
        return [(UUID(bytes=owner), revision) for owner, revision in found]

    @staticmethod
    def place(number: int) -> int:
        return HEAD.size + number % ROOM * NOTICE.size


board: Board | None = None


def publish(current: "RevisionTransaction") -> None:
    if board:
        board.write(current.owner_id, current.revision)

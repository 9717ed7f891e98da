"""Counts of requests in memory that all processes of one server share: no query, no lock, a microsecond each.

The server imports this module before it forks its workers (config/server/gunicorn.py), so that they have the same pages of
memory. It must not need Django for that reason.
"""

from collections.abc import Hashable
from mmap import mmap
from typing import NamedTuple

CELLS = 1 << 16  # for each row


class Rate(NamedTuple):
    """So many calls in so many seconds."""

    calls: int
    seconds: int


class Counts:
    """How often each key came in the current window of time: a count-min sketch (Cormode and Muthukrishnan, 2005).

    A key has a cell in each of two rows, and its count is the lesser of the two. Keys that share both cells are
    counted together, which for a thousand busy keys happens to one in some thousands. Python salts the hash of text
    afresh with each start, so nobody can look for such a key. Two that count in the same cell at the same moment
    may lose one of the two, and one that the system stops in between takes back what others counted meanwhile: this is
    for fairness, and a lock could be held by a process that was killed.
    """

    def __init__(self) -> None:
        self.cells = memoryview(mmap(-1, 2 * CELLS * 8)).cast("Q")  # the upper half is the window, the lower the count

    def add(self, key: Hashable, window: int) -> int:
        """Count `key` once more in this window; returns how often it came. Another window starts at 0."""
        start = (window & 0xFFFF_FFFF) << 32
        mixed = hash((key, "row"))
        counts = []
        for index in (mixed % CELLS, CELLS + (mixed >> 20) % CELLS):
            cell = self.cells[index]
            value = cell + 1 if cell & ~0xFFFF_FFFF == start else start + 1
            self.cells[index] = value
            counts.append(value - start)
        return min(counts)


users, strangers = Counts(), Counts()

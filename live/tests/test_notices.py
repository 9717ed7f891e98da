"""The memory in which the processes of a server tell each other of writes."""

import os
import signal
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from live import notices
from live.notices import ROOM, Board


@pytest.fixture
def board() -> Iterator[Board]:
    board = Board()
    yield board
    board.close()


def in_a_process(job) -> int:
    """The id of a process that runs the job."""
    if (pid := os.fork()) == 0:
        try:
            job()
        finally:
            os._exit(0)
    return pid


def test_what_one_process_writes_another_one_reads(board):
    owners = [uuid4() for _ in range(4)]

    for owner in owners:
        os.waitpid(in_a_process(lambda owner=owner: [board.write(owner, n) for n in range(200)]), 0)

    read = board.read(0)
    assert len(read) == board.written == 800
    assert [n for owner, n in read if owner == owners[2]] == list(range(200))


def test_none_is_lost_among_processes_that_write_together(board):
    owners = [uuid4() for _ in range(4)]

    pids = [in_a_process(lambda owner=owner: [board.write(owner, n) for n in range(300)]) for owner in owners]
    for pid in pids:
        os.waitpid(pid, 0)

    read = board.read(0)
    found = {owner: [number for each, number in read if each == owner] for owner in owners}
    assert found == {owner: list(range(300)) for owner in owners}


def test_a_killed_process_leaves_no_lock(board):
    def die() -> None:
        board.take()
        os.kill(os.getpid(), signal.SIGKILL)

    os.waitpid(in_a_process(die), 0)
    started = time.monotonic()
    board.write(UUID(int=7), 1)

    assert time.monotonic() - started < 1
    assert board.read(0) == [(UUID(int=7), 1)]


def test_who_is_too_far_behind_is_told_so(board):
    for number in range(ROOM):
        board.write(UUID(int=number), number)

    assert board.read(0) is None
    assert board.read(ROOM - 1) == [(UUID(int=ROOM - 1), ROOM - 1)]


@pytest.mark.django_db(transaction=True)
def test_each_commit_is_told_and_nothing_else(api, alice, board, monkeypatch):
    monkeypatch.setattr(notices, "board", board)

    api.post("/tasks/", {"title": "Buy milk"})
    api.post("/tasks/", {"title": ""})
    api.get("/tasks/")

    assert board.read(0) == [(alice.pk, 1)]

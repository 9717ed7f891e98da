"""`manage.py work` as a process: it is woken, shares the work with others, and stops when it is told."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from testing.receivers import Received, receiving
from testing.servers import ROOT, Program, Server, gunicorn, register


def wait_until(happened: Callable[[], object], seconds: float = 30) -> float:
    """How long it took."""
    started = time.monotonic()
    while not happened():
        assert time.monotonic() - started < seconds
        time.sleep(0.05)
    return time.monotonic() - started


@pytest.fixture(scope="module")
def received() -> Iterator[Received]:
    with receiving() as received:
        yield received


@pytest.fixture(scope="module")
def server(tmp_path_factory, received) -> Iterator[Server]:
    settings = {
        "HOOKS_ALLOW_PRIVATE": "True",
        "WORKER_ADDRESS": f"127.0.0.1:{received.hooks_port}",  # as datagrams it is free
        "WORK_POLL_SECONDS": "3600",
        "EMAIL_URL": f"smtp://127.0.0.1:{received.mail_port}",
        "PUBLIC_URL": "https://todo.example.com",
    }
    with gunicorn(tmp_path_factory.mktemp("worker"), 2, **settings) as server:
        yield server


@contextmanager
def working(server: Server, count: int = 1) -> Iterator[list[subprocess.Popen]]:
    command = [sys.executable, "manage.py", "work"]
    workers = [subprocess.Popen(command, cwd=ROOT, env=server.environment) for _ in range(count)]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.terminate()
        assert [worker.wait(timeout=20) for worker in workers] == [0] * count


@contextmanager
def owner(server: Server, received: Received, path: str) -> Iterator[Program]:
    with Program(server.port, register(server)) as program:
        url = f"http://127.0.0.1:{received.hooks_port}{path}"
        assert program.send("POST", "hooks/", {"url": url}).status == 201
        yield program


def soon(seconds: float, title: str = "Buy milk") -> dict:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return {"title": title, "reminders": [{"at": moment.isoformat().replace("+00:00", "Z")}]}


def test_it_is_woken_by_a_write_and_by_the_next_moment(server, received):
    with working(server), owner(server, received, "/woken") as program:
        events = received.events["/woken"]
        program.send("POST", "tasks/", {"title": "The first, while it starts"})
        wait_until(lambda: len(events) == 1)
        time.sleep(0.5)

        program.send("POST", "tasks/", {"title": "Buy milk"})
        assert wait_until(lambda: len(events) == 2) < 3
        program.send("POST", "tasks/", soon(3))
        assert wait_until(lambda: [each["type"] for _, each in events[3:]] == ["reminder.due"]) < 10


def test_three_share_the_work_and_do_none_of_it_twice(server, received):
    def mails() -> int:
        return len([text for _, text in received.mails if "Call the others" in text])  # others' may still come

    with working(server, 3), owner(server, received, "/one") as one, owner(server, received, "/two") as two:
        for program in (one, two):
            program.send("POST", "tasks/", [soon(6, "Call the others")] * 25)
        for number in range(25):
            one.send("POST", "tasks/", {"title": f"Task {number}"})
        wait_until(lambda: len(received.events["/one"]) == 75 and len(received.events["/two"]) == 50)
        wait_until(lambda: mails() >= 2)
        time.sleep(1)

    for path, count in (("/one", 75), ("/two", 50)):
        events = received.events[path]
        assert len({key for key, _ in events}) == len(events) == count
        revisions = [body["data"]["revision"] for _, body in events if body["type"] == "task.created"]
        assert revisions == sorted(revisions)
    assert mails() == 2


def test_once_does_what_is_due_and_ends(server, received):
    with owner(server, received, "/once") as program:
        for _ in range(3):
            program.send("POST", "tasks/", {"title": "Buy milk"})
        command = [sys.executable, "manage.py", "work", "--once"]

        done = subprocess.run(command, cwd=ROOT, env=server.environment, timeout=60, check=False)

    assert done.returncode == 0
    assert [body["type"] for _, body in received.events["/once"]] == ["task.created"] * 3

"""The promises of docs/sync.md, with several server processes and over real sockets.

`make test-server` does a sample, `make proofs` the whole.
"""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import uuid4

import pytest

from testing.proofs import size
from testing.races import in_parallel
from testing.servers import CUT_OFF, Program, Response, Server, Shim, register

WRITERS, ROUNDS = 50, size(4, 1)
KEYS, TWINS = size(500, 12), 20
CUTS = size(240, 24)  # for each way of cutting
KILLS = size(25, 3)


@pytest.fixture(scope="module")
def server(shared_server) -> Server:
    return shared_server


@pytest.fixture
def token(server) -> str:
    return register(server)


@pytest.fixture
def api(server, token) -> Iterator[Program]:
    with Program(server.port, token) as program:
        yield program


def read_modify_write(program: Program, path: str, modify: Callable[[str], str]) -> int:
    """Change a description by what it was, as often as it takes. Returns how often it was refused."""
    refused = 0
    while True:
        seen = program.insist("GET", path)
        wanted = modify(seen.body["description"])
        if wanted == seen.body["description"]:
            return refused  # an earlier try was carried out, and its response was lost
        response = program.insist("PATCH", path, {"description": wanted}, If_Match=seen.headers["ETag"])
        if response.status == 200:
            return refused
        assert response.status == 412, response
        refused += 1


def everything(program: Program) -> list[dict]:
    """All tasks, from a full sync in pages."""
    tasks, path = [], "sync/?limit=200"
    while True:
        page = program.read(path)
        tasks += [change["object"] for change in page["results"] if change["type"] == "task"]
        if not page["has_more"]:
            return tasks
        path = f"sync/?limit=200&since={page['token']}"


def test_no_writer_with_if_match_overwrites_another(server, token, api, proved):
    task = api.send("POST", "tasks/", {"title": "Counter", "description": "0"}).body
    path = f"tasks/{task['id']}/"

    def count_up(number: int) -> int:
        with Program(server.port, token) as program:
            return sum(read_modify_write(program, path, lambda text: str(int(text) + 1)) for _ in range(ROUNDS))

    refused = sum(in_parallel(WRITERS, count_up))

    written = int(api.read(path)["description"])
    lost = WRITERS * ROUNDS - written
    print(f"\n{WRITERS} writers x {ROUNDS}: {written} written, {refused} refused with 412, {lost} lost")
    proved("writes with If-Match", written, 50 * 4)
    assert refused > 0
    assert lost == 0


def test_parallel_twins_with_one_key_make_one_object(server, token, api, proved):
    keys = [str(uuid4()) for _ in range(KEYS)]

    def post_all(number: int) -> list[Response]:
        with Program(server.port, token) as program:
            return [program.insist("POST", "tasks/", {"title": key}, Idempotency_Key=key) for key in keys]

    # All twins go through the keys in the same order, and wait for each other under the owner's lock.
    for twins in zip(*in_parallel(TWINS, post_all), strict=True):
        assert {response.status for response in twins} == {201}
        assert [response.headers["Idempotency-Replayed"] for response in twins].count(None) == 1
        assert (
            len(
                {
                    (json.dumps(response.body), response.headers["Location"], response.headers["ETag"])
                    for response in twins
                }
            )
            == 1
        )

    made = Counter(task["title"] for task in everything(api))
    revision = api.read("me/")["revision"]
    print(f"\n{KEYS} keys x {TWINS} twins: {made.total()} objects, revision {revision}")
    proved("parallel twins with one key", KEYS * TWINS, 500 * TWINS)
    assert made == Counter(keys)
    assert revision == KEYS


# Each operation prepares what it needs, yields the request that will be cut off, and then looks at what came of it.


def make(api: Program, **fields) -> dict:
    return api.insist("POST", "tasks/", fields).body


def titled(api: Program, name: str, **filters: str) -> list[dict]:
    more = "".join(f"&{key}={value}" for key, value in filters.items())
    return api.read(f"tasks/?q={name}{more}")["results"]


def create(api, name):
    yield "tasks/", {"title": name}
    assert len(titled(api, name)) == 1


def create_several(api, name):
    yield "tasks/", [{"title": f"{name} {number}"} for number in range(3)]
    assert len(titled(api, name)) == 3


def create_project(api, name):
    yield "projects/", {"name": name}
    assert [project["name"] for project in api.read("projects/?limit=200")["results"]].count(name) == 1


def toggle(api, name):
    task = make(api, title=name)
    yield f"tasks/{task['id']}/toggle/", None
    assert titled(api, name)[0]["completed"] is True


def complete(api, name):
    task = make(api, title=name, due_date="2030-01-31", recurrence="FREQ=MONTHLY")
    yield f"tasks/{task['id']}/complete/", None
    assert [each["due_date"] for each in titled(api, name, completed="false")] == ["2030-02-28"]


def reopen(api, name):
    task = make(api, title=name, completed=True)
    yield f"tasks/{task['id']}/reopen/", None
    assert titled(api, name)[0]["completed"] is False


def move(api, name):
    parent, task = make(api, title="Parent"), make(api, title=name)
    yield f"tasks/{task['id']}/move/", {"parent": parent["id"]}
    assert titled(api, name)[0]["parent"] == parent["id"]


def restore(api, name):
    task = make(api, title=name)
    api.insist("DELETE", f"tasks/{task['id']}/")
    yield f"tasks/{task['id']}/restore/", None
    assert len(titled(api, name)) == 1


def complete_in_bulk(api, name):
    ids = [make(api, title=name)["id"] for _ in range(2)]
    yield "tasks/bulk/", {"action": "complete", "ids": ids}
    assert len(titled(api, name, completed="true")) == 2


def delete_in_bulk(api, name):
    ids = [make(api, title=name)["id"] for _ in range(2)]
    yield "tasks/bulk/", {"action": "delete", "ids": ids}
    assert titled(api, name) == []


OPERATIONS = [
    create,
    create_several,
    create_project,
    toggle,
    complete,
    reopen,
    move,
    restore,
    complete_in_bulk,
    delete_in_bulk,
]


def cut_and_retry(api: Program, cut_off: Program, shim: Shim, operation: Callable, fault: str) -> bool:
    """Send a request, cut it off, and repeat it with the same key. Return whether the retry got the stored response."""
    steps = operation(api, uuid4().hex)
    path, body = next(steps)
    key, before = str(uuid4()), api.read("me/")["revision"]
    shim.fault = fault
    with pytest.raises(CUT_OFF):
        cut_off.send("POST", path, body, Idempotency_Key=key)

    response = api.insist("POST", path, body, Idempotency_Key=key)

    assert response.status in (200, 201), response
    assert api.read("me/")["revision"] == before + 1, operation.__name__
    assert next(steps, "done") == "done"
    return response.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("fault", ["response", "outcome"])
def test_what_was_cut_off_happens_once_when_it_is_sent_again(server, fault, proved):
    share = CUTS // 4

    def be_cut_off(number: int) -> tuple[int, int]:
        token = register(server)
        with Shim(server) as shim, Program(server.port, token) as api, Program(shim.port, token, False) as cut_off:
            order = [OPERATIONS[(number + index) % len(OPERATIONS)] for index in range(share)]
            replayed = sum(cut_and_retry(api, cut_off, shim, operation, fault) for operation in order)
            after = api.read("me/")["revision"]
        # The shim has waited for all that it had forwarded.
        with Program(server.port, token) as api:
            assert api.read("me/")["revision"] == after
        return shim.cuts, replayed

    results = in_parallel(4, be_cut_off)

    cuts, replayed = (sum(column) for column in zip(*results, strict=True))
    print(f"\n{cuts} cuts ({fault} lost): {replayed} retries got the stored answer, all happened once")
    proved("connections cut off", cuts, 240)
    assert cuts == share * 4
    if fault == "response":
        assert replayed == cuts


class Worker:
    """Runs all kinds of writes one after the other, and records which were acknowledged."""

    def __init__(self, server: Server, token: str, number: int, counters: str):
        self.program = Program(server.port, token)
        self.name, self.counters = str(number), counters
        self.switch = make(self.program, title=f"Switch {number}")["id"]
        self.made: list[str] = []
        self.toggled = self.counted = self.refused = 0

    @property
    def acknowledged(self) -> int:
        return len(self.made) + self.toggled + self.counted

    def work(self, stop: Event) -> None:
        with self.program:
            while not stop.is_set():
                self.make()
                self.toggle()
                self.count()

    def make(self) -> None:
        title = uuid4().hex
        response = self.program.insist("POST", "tasks/", {"title": title}, Idempotency_Key=title)
        assert response.status == 201, response
        self.made.append(title)

    def toggle(self) -> None:
        response = self.program.insist("POST", f"tasks/{self.switch}/toggle/", Idempotency_Key=str(uuid4()))
        assert response.status == 200, response
        self.toggled += 1
        assert response.body["completed"] is (self.toggled % 2 == 1)

    def count(self) -> None:
        def set_own(text: str) -> str:
            counters = {**json.loads(text), self.name: self.counted + 1}
            return json.dumps(counters, sort_keys=True)

        self.refused += read_modify_write(self.program, self.counters, set_own)
        self.counted += 1


def kill_workers(server: Server, count: int, acknowledged: Callable[[], int]) -> None:
    killed: set[int] = set()
    for _ in range(count):
        goal, deadline = acknowledged() + 30, time.monotonic() + 60
        while acknowledged() < goal:
            assert time.monotonic() < deadline, "the servers don't come back"
            time.sleep(0.02)
        victim = random.choice(sorted(server.workers() - killed))
        os.kill(victim, signal.SIGKILL)
        killed.add(victim)


def test_a_killed_process_loses_nothing_and_doubles_nothing(server, token, api, proved):
    counters = make(api, title="Counters", description="{}")
    path = f"tasks/{counters['id']}/"
    workers = [Worker(server, token, number, path) for number in range(8)]
    before, stop = api.read("me/")["revision"], Event()

    with ThreadPoolExecutor(len(workers)) as pool:
        done = [pool.submit(worker.work, stop) for worker in workers]
        try:
            kill_workers(server, KILLS, lambda: sum(worker.acknowledged for worker in workers))
        finally:
            stop.set()
    for future in done:
        future.result()

    unanswered = sum(worker.program.unanswered for worker in workers)
    acknowledged = sum(worker.acknowledged for worker in workers)
    tasks = {task["id"]: task for task in everything(api)}
    wanted = Counter(title for worker in workers for title in worker.made)
    found = Counter(task["title"] for task in tasks.values() if task["title"] in wanted)
    counted = api.read("me/")["revision"] - before
    print(
        f"\n{KILLS} kills: {acknowledged} acknowledged, {counted} carried out, {unanswered} tries without an answer, "
        f"{(wanted - found).total()} lost, {(found - wanted).total()} doubled"
    )
    proved("processes killed", KILLS, 25)
    assert unanswered > 0
    assert found == wanted
    assert len(tasks) == len(wanted) + len(workers) + 1
    assert json.loads(tasks[counters["id"]]["description"]) == {worker.name: worker.counted for worker in workers}
    assert [tasks[worker.switch]["completed"] for worker in workers] == [worker.toggled % 2 == 1 for worker in workers]
    assert counted == acknowledged

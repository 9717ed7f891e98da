"""Clients that keep working during faults, and record which writes were acknowledged."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any
from uuid import uuid4

from testing.servers import CUT_OFF, Program, Response, Server, register

USERS, CLIENTS_EACH = 4, 4
# Shorter than Retry-After, to measure when the service recovers instead of how long clients wait.
PAUSE = (0.05, 0.15)
PATIENCE = 60  # seconds after which a client gives up, and the drill has failed
GOOD = (200, 201, 204, 304)


class GaveUp(Exception):
    pass


@dataclass
class Record:
    """The results of the requests of one drill."""

    statuses: Counter = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    slowest: float = 0.0
    broken: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @property
    def requests(self) -> int:
        return self.statuses.total()

    def note(self, status: int | str, seconds: float) -> None:
        with self.lock:
            self.statuses[status] += 1
            self.slowest = max(self.slowest, seconds)


def is_as(wanted: dict, found: dict) -> bool:
    return all(found[name] == value for name, value in wanted.items())


class LoadClient:
    """One persistent connection that works on its own tasks. `tasks`: their expected fields, by id."""

    def __init__(self, server: Server, token: str):
        self.program = Program(server.port, token)
        self.record = Record()
        self.tasks: dict[str, dict] = {}
        self.titles: list[str] = []  # of all tasks that were created
        self.writes = 0  # that were acknowledged
        self.etag = ""

    def work(self, stop: Event) -> None:
        reads = [self.read_list, self.poll, self.poll, self.read_one, self.read_one]
        writes = [self.make, self.make, self.change, self.complete, self.delete]
        while not stop.is_set():
            random.choice(reads + writes)()

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        """Repeat the request until it gets a response."""
        failed_at = None
        while True:
            started = time.monotonic()
            response = self.attempt(method, path, body, **headers)
            if response and response.status != 503:
                break
            failed_at = failed_at or time.monotonic()
            if started - failed_at > PATIENCE:
                raise GaveUp(f"{method} {path} was not answered for {PATIENCE} seconds")
            time.sleep(random.uniform(*PAUSE))
        if failed_at:
            with self.record.lock:
                self.record.recoveries.append(time.monotonic() - failed_at)
        done_before = failed_at and method == "DELETE" and response.status == 404
        if response.status not in GOOD and not done_before:
            self.record.broken.append(f"{method} {path}: {response.status} {response.body}")
        return response

    def attempt(self, method: str, path: str, body: object, **headers: str) -> Response | None:
        started = time.monotonic()
        try:
            response = self.program.send(method, path, body, **headers)
        except CUT_OFF as error:
            self.record.note("no response", time.monotonic() - started)
            if isinstance(error, TimeoutError):
                self.record.broken.append(f"{method} {path}: no response in 30 seconds")
            return None
        self.record.note(response.status, time.monotonic() - started)
        if response.status == 503 and not response.headers["Retry-After"]:
            self.record.broken.append(f"{method} {path}: 503 without Retry-After")
        return response

    def any_task(self) -> str | None:
        return random.choice(list(self.tasks)) if self.tasks else None

    def read_list(self) -> None:
        self.etag = self.ask("GET", "tasks/?limit=20").headers["ETag"] or ""

    def poll(self) -> None:
        self.ask("GET", "tasks/?limit=20", If_None_Match=self.etag or '"none"')

    def read_one(self) -> None:
        if task := self.any_task():
            found = self.ask("GET", f"tasks/{task}/")
            if found.status == 200 and not is_as(self.tasks[task], found.body):
                self.record.broken.append(f"acknowledged {self.tasks[task]}, read {found.body}")

    def make(self) -> None:
        title = uuid4().hex
        response = self.ask("POST", "tasks/", {"title": title}, Idempotency_Key=title)
        if response.status == 201:
            self.writes += 1
            self.titles.append(title)
            self.tasks[response.body["id"]] = {"title": title, "description": "", "completed": False}

    def change(self) -> None:
        if task := self.any_task():
            description = uuid4().hex
            if self.ask("PATCH", f"tasks/{task}/", {"description": description}).status == 200:
                self.writes += 1
                self.tasks[task]["description"] = description

    def complete(self) -> None:
        task = self.any_task()
        if not task or self.tasks[task]["completed"]:
            return
        if self.ask("POST", f"tasks/{task}/complete/", Idempotency_Key=uuid4().hex).status == 200:
            self.writes += 1
            self.tasks[task]["completed"] = True

    def delete(self) -> None:
        task = self.any_task()
        if task and self.ask("DELETE", f"tasks/{task}/").status in (204, 404):
            self.writes += 1
            del self.tasks[task]


class Replica:
    """A replica of one user's tasks, kept up to date by sync."""

    def __init__(self, server: Server, token: str):
        self.client = LoadClient(server, token)
        self.tasks: dict[str, dict] = {}
        self.since = ""

    def pull(self) -> None:
        while True:
            page = self.client.ask("GET", f"sync/?limit=100{self.since}").body
            for change in page["results"]:
                self.tasks.pop(change["id"], None)
                if not change["deleted"]:
                    self.tasks[change["id"]] = change["object"]
            self.since = f"&since={page['token']}"
            if not page["has_more"]:
                return

    def follow(self, stop: Event) -> None:
        while not stop.wait(0.1):
            self.pull()


class User:
    def __init__(self, server: Server):
        self.server, self.token = server, register(server)
        self.clients = [LoadClient(server, self.token) for _ in range(CLIENTS_EACH)]
        self.replica = Replica(server, self.token)

    def faults(self) -> Iterator[str]:
        """The differences between the server's data and the acknowledged writes."""
        fresh = Replica(self.server, self.token)
        fresh.pull()
        yield from self.unlike(fresh.tasks)
        yield from self.miscounted(fresh)
        self.replica.pull()
        if self.replica.tasks != fresh.tasks:
            yield "the replica differs from the server"
        revision = fresh.client.ask("GET", "me/").body["revision"]
        if revision != (writes := sum(client.writes for client in self.clients)):
            yield f"{writes} writes were acknowledged, {revision} were carried out"

    def unlike(self, found: dict[str, dict]) -> Iterator[str]:
        wanted = {key: task for client in self.clients for key, task in client.tasks.items()}
        if lost := wanted.keys() - found.keys():
            yield f"{len(lost)} acknowledged tasks are lost"
        if more := found.keys() - wanted.keys():
            yield f"{len(more)} tasks exist that were deleted or never acknowledged"
        there = wanted.keys() & found.keys()
        if changed := [key for key in there if not is_as(wanted[key], found[key])]:
            yield f"{len(changed)} tasks are not as acknowledged"

    def miscounted(self, fresh: Replica) -> Iterator[str]:
        """Compare the titles, with the trash: a repeated write would create the title twice."""
        ever = Counter(title for client in self.clients for title in client.titles)
        there = Counter(task["title"] for task in [*fresh.tasks.values(), *self.trash(fresh.client)])
        if ever != there:
            yield f"{(ever - there).total()} titles lost, {(there - ever).total()} doubled"

    @staticmethod
    def trash(client: LoadClient) -> list[dict]:
        found: list[dict] = []
        path: Any = "tasks/trash/?limit=200"
        while path:
            page = client.ask("GET", path).body
            found += page["results"]
            path = page["next"] and page["next"].partition("/api/v1/")[2]
        return found


class Load:
    """Users and their clients. `acknowledged`: the number of acknowledged writes."""

    def __init__(self, server: Server):
        self.server = server
        self.users = [User(server) for _ in range(USERS)]

    @property
    def clients(self) -> list[LoadClient]:
        return [client for user in self.users for client in user.clients]

    @property
    def acknowledged(self) -> int:
        return sum(client.writes for client in self.clients)

    @contextmanager
    def running(self) -> Iterator[Record]:
        """Run the block under load. At the end, each client has responses to all of its requests."""
        record, stop = Record(), Event()
        everybody = [*self.clients, *(user.replica.client for user in self.users)]
        for client in everybody:
            client.record = record
        jobs = [client.work for client in self.clients] + [user.replica.follow for user in self.users]
        with ThreadPoolExecutor(len(jobs)) as pool:
            running: list[Future] = [pool.submit(job, stop) for job in jobs]
            try:
                yield record
            finally:
                stop.set()
        for job in running:
            if error := job.exception():
                record.broken.append(repr(error))

    def faults(self) -> list[str]:
        return [fault for user in self.users for fault in user.faults()]

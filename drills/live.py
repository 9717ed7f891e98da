"""Kills workers and server processes while they deliver webhooks and reminders, and compares what came."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Lock
from uuid import uuid4

from drills.exercises import make_database, serving
from drills.faults import DATABASE
from drills.neon import Neon
from testing.receivers import Received, receiving
from testing.servers import ROOT, Program, Server, register

USERS, WORKERS = 8, 3
AHEAD = (15, 90)  # seconds until a reminder
NAMES = {"event": "an event", "mail": "an email"}
PATIENCE = 240  # seconds: longer than a few leases


class Worker:
    """`manage.py work`, started again when it was killed."""

    def __init__(self, variables: dict[str, str], log):
        self.variables, self.log, self.lock = variables, log, Lock()
        self.start()

    def start(self) -> None:
        command = [sys.executable, "manage.py", "work"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.variables, stdout=self.log, stderr=self.log)

    def kill(self) -> None:
        with self.lock:
            self.process.kill()
            self.process.wait()
            self.start()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


class Writer:
    """One user with a hook. `reminders`: the moments that were acknowledged, by task."""

    def __init__(self, server: Server, received: Received):
        self.token, self.path = register(server), f"/{uuid4().hex}"
        self.program = Program(server.port, self.token)
        self.reminders: dict[str, str] = {}
        url = f"http://127.0.0.1:{received.hooks_port}{self.path}"
        assert self.program.insist("POST", "hooks/", {"url": url}).status == 201

    def work(self, stop: Event) -> None:
        while not stop.is_set():
            ahead = timedelta(seconds=random.uniform(*AHEAD))
            moment = (datetime.now(UTC) + ahead).isoformat(timespec="seconds").replace("+00:00", "Z")
            body = {"title": f"Remind {uuid4().hex}", "reminders": [{"at": moment}]}
            remind = self.make(body)
            self.reminders[remind] = moment
            task = self.make({"title": "Buy milk"})
            self.write(200, "PATCH", f"tasks/{task}/", {"title": uuid4().hex})
            self.write(200, "POST", f"tasks/{task}/complete/", Idempotency_Key=uuid4().hex)
            time.sleep(1)

    def make(self, body: dict) -> str:
        return self.write(201, "POST", "tasks/", body, Idempotency_Key=uuid4().hex)["id"]

    def write(self, status: int, *request, **headers: str) -> dict:
        response = self.program.insist(*request, **headers)
        assert response.status == status, response
        return response.body

    def revision(self) -> int:
        return self.program.insist("GET", "me/").body["revision"]


class LiveLedger:
    """`kills`: of workers and of server processes, in turn. Others come at the worst moments: see `kill_some`."""

    SHARES = {"event": 0.01, "mail": 0.3}

    def __init__(self, neon: Neon, kills: int):
        self.neon, self.kills = neon, kills
        self.killed: Counter = Counter()
        make_database(neon)

    def run(self) -> list[str]:
        with receiving() as received, self.running(received) as (server, workers):
            self.kill_some(received, workers)
            writers = [Writer(server, received) for _ in range(USERS)]
            broken = self.kill_while(writers, server, workers)
            self.wait(writers, received)
            return broken + self.faults(writers, received)

    def kill_some(self, received: Received, workers: list[Worker]) -> None:
        """Kill all workers now and then when something was received, before they know it or right after."""

        def kill(when: str, what: str) -> None:
            if self.killed.total() < 3 * self.kills and random.random() < self.SHARES[what]:
                self.killed[f"{when} the answer to {NAMES[what]}"] += 1
                for worker in workers:
                    worker.kill()

        received.before_answer, received.after_answer = partial(kill, "before"), partial(kill, "after")

    @contextmanager
    def running(self, received: Received) -> Iterator[tuple[Server, list[Worker]]]:
        url = self.neon.pooled_url(DATABASE)
        own = {"HOOKS_ALLOW_PRIVATE": "True", "PUBLIC_URL": "https://todo.example.com", "WORK_POLL_SECONDS": "5"}
        own |= {"EMAIL_URL": f"smtp://127.0.0.1:{received.mail_port}"}
        own |= {"WORKER_ADDRESS": f"127.0.0.1:{received.hooks_port}"}
        with serving(self.neon, url, **own) as server, (self.neon.directory / "workers.log").open("w") as log:
            workers = [Worker(server.environment, log) for _ in range(WORKERS)]
            try:
                yield server, workers
            finally:
                for worker in workers:
                    worker.stop()

    def kill_while(self, writers: list[Writer], server: Server, workers: list[Worker]) -> list[str]:
        """Kill them while the writers work. Return what stopped a writer."""
        stop = Event()
        with ThreadPoolExecutor(len(writers)) as pool:
            running: list[Future] = [pool.submit(writer.work, stop) for writer in writers]
            try:
                for number in range(self.kills):
                    time.sleep(random.uniform(0.5, 3))
                    if number % 3:
                        self.killed["at any time: a worker"] += 1
                        random.choice(workers).kill()
                    else:
                        self.killed["at any time: a server process"] += 1
                        with suppress(ProcessLookupError):
                            os.kill(random.choice(sorted(server.workers())), signal.SIGKILL)
            finally:
                stop.set()
        return [f"a writer stopped: {error!r}" for job in running if (error := job.exception())]

    def wait(self, writers: list[Writer], received: Received) -> None:
        """Until all of it has come, or nothing more comes. It goes slowly: the kills go on, each ends some leases."""
        seen, end = 0, time.monotonic() + PATIENCE
        while time.monotonic() < end and self.faults(writers, received, is_quiet=True):
            with received.lock:
                came = {key for found in (received.mails, *received.events.values()) for key, _ in found}
            if len(came) > seen:
                seen, end = len(came), time.monotonic() + PATIENCE
            time.sleep(1)

    def faults(self, writers: list[Writer], received: Received, is_quiet: bool = False) -> list[str]:
        with received.lock:
            events, mails = {path: list(found) for path, found in received.events.items()}, list(received.mails)
        found = [fault for writer in writers for fault in self.faults_of(writer, events.get(writer.path, []))]
        found += self.faults_of_mails(writers, mails)
        if not is_quiet:
            self.show(writers, events, mails)
        return found

    def faults_of(self, writer: Writer, events: list) -> Iterator[str]:
        ids: dict = defaultdict(set)
        firsts, known = [], set()
        for key, body in events:
            what = (body["type"], body["data"]["id"]) if body["type"] == "reminder.due" else body["data"]["revision"]
            ids[what].add(key)
            if key not in known and body["type"] != "reminder.due":
                firsts.append(body["data"]["revision"])
            known.add(key)
        wanted = {*range(1, writer.revision() + 1), *(("reminder.due", task) for task in writer.reminders)}
        if missing := wanted - ids.keys():
            yield f"{len(missing)} events never came"
        if more := ids.keys() - wanted:
            yield f"{len(more)} events came that nobody caused"
        if doubled := [what for what, keys in ids.items() if len(keys) > 1]:
            yield f"{len(doubled)} changes had several event ids"
        if firsts != sorted(firsts):
            yield "events came out of order"

    def faults_of_mails(self, writers: list[Writer], mails: list[tuple[str, str]]) -> Iterator[str]:
        told: Counter = Counter()
        for text in dict(mails).values():
            told.update(set(re.findall(r"/api/v1/tasks/([0-9a-f-]{36})/", text)))
        wanted = {task for writer in writers for task in writer.reminders}
        if missing := wanted - told.keys():
            yield f"{len(missing)} reminders never came by email"
        if doubled := [task for task, count in told.items() if count > 1]:
            yield f"{len(doubled)} reminders came by several emails"

    def show(self, writers: list[Writer], events: dict, mails: list[tuple[str, str]]) -> None:
        came = [key for found in events.values() for key, _ in found]
        reminders = sum(len(writer.reminders) for writer in writers)
        print(f"\n{self.killed.total()} kill -9 under load:")
        for what, count in sorted(self.killed.items()):
            print(f"  {count} {what}")
        print(f"  {sum(writer.revision() for writer in writers)} writes, {reminders} reminders")
        print(f"  {len(set(came))} events, {len(came) - len(set(came))} of them sent more than once")
        ids = [key for key, _ in mails]
        print(f"  {len(set(ids))} emails, {len(ids) - len(set(ids))} sent again with the same Message-ID")

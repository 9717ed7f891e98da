"""The drills: faults while a server is under load."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_urlsafe

from drills.faults import DATABASE, Faults
from drills.gateway import Gateway
from drills.load import Load
from drills.neon import Neon
from drills.report import Result, errors_in
from testing.servers import ROOT, Server


def environment(neon: Neon, url: str) -> dict[str, str]:
    own = {"SECRET_KEY": token_urlsafe(64), "ENV_FILE": os.devnull, "DEBUG": "False"}
    own |= {f"THROTTLE_{name}": "off" for name in ("USER", "ANON", "CREDENTIALS")}
    return {**os.environ, **own, "DATABASE_URL": url, "DATABASE_URL_UNPOOLED": neon.url(DATABASE)}


@contextmanager
def serving(neon: Neon, url: str, processes: int = 2, **settings: str) -> Iterator[Server]:
    """The production server with these settings, as `make serve` starts it."""
    own = {"BIND": "127.0.0.1", "WEB_CONCURRENCY": str(processes), **settings}
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "config/server/gunicorn.py"]
    server = Server(command, ROOT, neon.directory / "server.log", {**environment(neon, url), **own})
    try:
        yield server.wait()
    finally:
        server.stop()
        for error, count in errors_in(server.log).most_common(30):
            print(f"  logged {count} x {error[:300]}")


def make_database(neon: Neon) -> None:
    neon.create_database(DATABASE)
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=environment(neon, neon.pooled_url(DATABASE)), check=True)


class Drills:
    """`scale`: 1 for all faults, less for a quick test."""

    def __init__(self, neon: Neon, gateway: Gateway, scale: float):
        self.neon, self.gateway, self.scale = neon, gateway, scale
        self.faults = Faults(neon, gateway)
        self.results: list[Result] = []
        make_database(neon)

    def drill(self, load: Load, name: str, fault: Callable[[], None], every: float, times: int) -> None:
        """Cause the fault this many `times`, `every` so many seconds, with at least half of the time without it."""
        times, away = max(2, round(times * self.scale)), 0.0
        with load.running() as record:
            time.sleep(1)
            for _ in range(times):
                started = time.monotonic()
                fault()
                away = max(away, time.monotonic() - started)
                time.sleep(max(every / 2, started + every - time.monotonic()))
        self.results.append(Result(name, times, record, load.faults(), away))
        print(self.results[-1].line(), flush=True)

    def kill_backends(self, load: Load, name: str) -> None:
        self.faults.killed.clear()
        self.drill(load, name, self.faults.kill_a_backend, 1.2, 25)
        print("  killed", ", ".join(f"{count} {state}" for state, count in self.faults.killed.items()))

    def with_server(self, url: str, run: Callable[[Load], None]) -> None:
        with serving(self.neon, url) as server:
            run(Load(server))

    def run(self, enough: int) -> None:
        """Run all drills; on a slow machine, repeat them until `enough` requests were made."""
        while sum(result.record.requests for result in self.results) < enough:
            self.with_server(self.neon.pooled_url(DATABASE), self.pooled)
            self.with_server(self.neon.url(DATABASE), self.direct)
            self.with_server(self.neon.url(DATABASE, self.gateway.port), self.through_gateway)

    def pooled(self, load: Load) -> None:
        self.drill(load, "Postgres restarts (fast)", self.faults.restart_fast, 5, 5)
        self.drill(load, "Postgres restarts (immediate)", self.faults.restart_immediately, 5, 5)
        self.drill(load, "pooler restarts", self.faults.restart_pooler, 4, 6)
        self.kill_backends(load, "50 kills a minute, pooled")
        self.drill(load, "Postgres's slots full", self.faults.fill_server, 5, 5)
        self.drill(load, "pooler's slots full", self.faults.fill_pooler, 4, 6)
        for name in ("lock_timeout", "statement_timeout"):
            with self.faults.timeout(name):
                self.drill(load, f"{name} 0.2 s", self.faults.hold_lock, 3, 5)

    def direct(self, load: Load) -> None:
        self.kill_backends(load, "50 kills a minute, direct")
        self.drill(load, "Postgres restarts, direct", self.faults.restart_fast, 5, 4)
        self.drill(load, "slots full, direct", self.faults.fill_server, 5, 4)

    def through_gateway(self, load: Load) -> None:
        self.drill(load, "suspend and cold start", self.faults.suspend, 5, 6)
        self.drill(load, "Neon's proxy refuses", self.faults.message, 3, 10)


class CrashLedger:
    """Kills server processes and Postgres repeatedly, while clients write and replicas sync."""

    def __init__(self, neon: Neon, workers: int, crashes: int):
        self.neon, self.workers, self.crashes = neon, workers, crashes
        self.killed: set[int] = set()
        make_database(neon)

    def run(self) -> Result:
        name = f"{self.workers} kill -9 of server processes, {self.crashes} of Postgres"
        print(name, flush=True)
        with serving(self.neon, self.neon.pooled_url(DATABASE), processes=3) as server:
            load = Load(server)
            kills = [lambda: self.kill_worker(server)] * self.workers + [
                lambda: self.neon.restart(signal.SIGKILL)
            ] * self.crashes
            random.shuffle(kills)
            with load.running() as record:
                for kill in kills:
                    self.wait_for_writes(load, 20)
                    kill()
                self.wait_for_writes(load, 20)
            ledger = load.faults()
        print(
            f"  {load.acknowledged} writes acknowledged, {record.statuses['no response']} requests without a response"
        )
        return Result(name, len(kills), record, ledger, server_killed=True)

    @staticmethod
    def wait_for_writes(load: Load, count: int) -> None:
        goal, deadline = load.acknowledged + count, time.monotonic() + 60
        while load.acknowledged < goal and time.monotonic() < deadline:
            time.sleep(0.02)

    def kill_worker(self, server: Server) -> None:
        victim = random.choice(sorted(server.workers() - self.killed))
        os.kill(victim, signal.SIGKILL)
        self.killed.add(victim)

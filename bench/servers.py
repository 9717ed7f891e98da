"""The contestants. Each is started as its documentation recommends for production, with one worker on one core."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from testing.postgres import PostgresError, temporary_postgres

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
VENV = ROOT / "bench" / ".venv" / "bin"
WORKER_CORE = 0
# No worker is replaced during a run, which would affect only one of the contestants.
GUNICORN = ["-m", "gunicorn", "--bind=127.0.0.1:{port}", "--max-requests=0"]
LIKE_OURS = [
    *GUNICORN,
    "--workers=1",
    "--worker-class=gthread",
    "--threads=4",
    "--keep-alive=65",
    "--no-control-socket",
]
UVICORN = ["-m", "uvicorn", "--port={port}", "--loop=uvloop", "--http=httptools", "--no-access-log"]


@dataclass(frozen=True)
class Contestant:
    key: str  # also the name of its database
    name: str
    python: Path
    command: tuple[str, ...]
    directory: Path
    table: str = "tasks"
    processes: int = 1  # a single one has its own core

    def environment(self, server: str) -> dict[str, str]:
        return peer_environment(server, self.key, self.command[-1].partition(":")[0])


class Ours(Contestant):
    def environment(self, server: str) -> dict[str, str]:
        url = f"{server.rsplit('/', 1)[0]}/{self.key}"
        return {**our_environment(url), "WEB_CONCURRENCY": str(self.processes)}


OURS = Ours(
    "ours",
    "this project",
    Path(sys.executable),
    (*GUNICORN, "--config=config/server/gunicorn.py", "config.wsgi"),
    ROOT,
    "todos_task",
)
ASYNC = Contestant("fastapi_async", "FastAPI async", VENV / "python", (*UVICORN, "fastapi_async:app"), PEERS)
SYNC = Contestant("fastapi_sync", "FastAPI sync", VENV / "python", (*UVICORN, "fastapi_sync:app"), PEERS)
NINJA = Contestant("ninja", "Django Ninja", VENV / "python", (*LIKE_OURS, "ninja_api"), PEERS)
DRF = Contestant("drf", "plain DRF", VENV / "python", (*LIKE_OURS, "drf"), PEERS)
FLOOR = Contestant("floor", "bare WSGI", VENV / "python", (*LIKE_OURS, "floor"), PEERS)
PEER_CONTESTANTS = (ASYNC, SYNC, NINJA, DRF, FLOOR)

SECRET_KEY = secrets.token_urlsafe(64)  # the same for all processes, which read each other's cursors


def our_environment(url: str) -> dict[str, str]:
    """As in `make serve`, but without rate limits, since 100 owners share one load generator."""
    rates = {f"THROTTLE_{name}": "off" for name in ("USER", "ANON", "CREDENTIALS")}
    return {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": url,
        "WEB_CONCURRENCY": "1",
        **rates,
    }


def peer_environment(server: str, name: str, module: str) -> dict[str, str]:
    host = unquote(urlsplit(server).netloc.rpartition("@")[2].rpartition(":")[0])
    return {"PATH": os.environ["PATH"], "PGHOST": host, "PGDATABASE": name, "PEER": module}


class Server:
    """A running contestant."""

    def __init__(self, contestant: Contestant, environment: dict[str, str], log: Path, options: tuple[str, ...] = ()):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.contestant, self.log = contestant, log
        arguments = [argument.format(port=self.port) for argument in (*contestant.command[:-1], *options)]
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [contestant.python, *arguments, contestant.command[-1]],
                cwd=contestant.directory,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=(lambda: os.sched_setaffinity(0, {WORKER_CORE})) if contestant.processes == 1 else None,
            )

    def wait(self) -> "Server":
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.address}/api/v1/tasks/", timeout=5).close()
            except urllib.error.HTTPError:  # it responds, if only with 401
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        sys.exit(f"{self.contestant.name} doesn't start:\n{self.log.read_text()[-4000:]}")

    def cpu(self) -> float:
        """The CPU time of this server's processes so far, in seconds."""
        fields = [stat.rpartition(")")[2].split() for stat in process_stats()]
        ticks = sum(int(each[11]) + int(each[12]) for each in fields if int(each[2]) == self.process.pid)
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # it has no data to lose
        self.process.wait()


def process_stats() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it may have just ended
            yield file.read_text()


@contextmanager
def running(server: str, contestants: list[Contestant], logs: Path) -> Iterator[dict[str, Server]]:
    """Start these contestants, each with its own database, and wait until they respond."""
    servers: dict[str, Server] = {}
    try:
        for each in contestants:
            servers[each.key] = Server(each, each.environment(server), logs / f"{each.key}.log")
        for started in servers.values():
            started.wait()
        yield servers
    finally:
        for started in servers.values():
            started.stop()


@contextmanager
def postgres_and_directory(settings: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """The URL of an empty Postgres with these settings, and an empty directory, for as long as the benchmark runs.

    Ends the process with a message where there is no Postgres.
    """
    with tempfile.TemporaryDirectory(prefix="todo-bench-") as directory:
        try:
            with temporary_postgres(settings) as server:
                yield server, Path(directory)
        except PostgresError as error:
            sys.exit(str(error))


def keep_off_the_workers_core() -> None:
    """Move this process and its children to the other cores."""
    if not hasattr(os, "sched_setaffinity") or not (others := os.sched_getaffinity(0) - {WORKER_CORE}):
        sys.exit("This needs Linux and two cores: one for the server's worker, one for the database and the load.")
    os.sched_setaffinity(0, others)

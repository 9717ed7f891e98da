"""Compare HTTP servers that run this project.

    python3 -m venv /tmp/servers && /tmp/servers/bin/pip install -r requirements.txt granian waitress cheroot hypercorn
    /tmp/servers/bin/python -m bench.http_servers [name …]   # Linux with wrk, taskset, 2 cores

On 127.0.0.1, with an SQLite database of its own. Throughput: one process on core 0, wrk on core 1, in turn.

Results of 20 November 2026, on 2 cores:

                             CPU per      p95 with 1,000   p95 with few   … beside 200
                             request      connections      connections    slow clients   Memory
    this server              90 µs        11 ms            8 ms           18 ms          117 MB
    gunicorn gthread         237 µs       12 ms            6 ms           no answers     103 MB
    granian                  30 µs        17 ms            8 ms           no answers     119 MB
    waitress (one process)   155 µs       49 ms            13 ms          40 ms          48 MB
    cheroot (one process)    138 µs       half failed      16 ms          no answers     47 MB
"""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from bench.clients import LOST, among_slow_ones, crowd, failures, get, p95

BIN = Path(sys.executable).parent
ROUNDS, SECONDS = 2, 2
PROJECT, SMALL = "config.wsgi:application", "bench.small:application"
TASKS = "/api/v1/tasks/?limit=50"
GUNICORN = "gunicorn {app} -w {processes} -b 127.0.0.1:{port} --no-control-socket --keep-alive 65"
SERVERS = {
    "chosen": "gunicorn {app} --config config/server/gunicorn.py --max-requests 0",
    "gunicorn gthread": f"{GUNICORN} -k gthread --threads 4 --worker-connections 2000",
    "granian": "granian --interface wsgi --workers {processes} --blocking-threads 4 --backlog 4096 --port {port} {app}",
    "waitress": "waitress-serve --listen=127.0.0.1:{port} --threads=4 --connection-limit=2000 {app}",
    "cheroot": "cheroot --bind 127.0.0.1:{port} --threads 4 {app}",
    "hypercorn": "hypercorn wsgi:{app} --workers {processes} --bind 127.0.0.1:{port} --worker-class uvloop",
}
SEED = """
from users.models import ApiToken, User
from todos.models import Task
user = User.objects.create_user("bench@example.com", "correct horse battery")
for number in range(50):
    Task.objects.create(owner=user, title=f"Task {number}", description="Two litres", priority=number % 5)
print("TOKEN", ApiToken.issue(user, "bench")[1])
"""
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
MALFORMED = {
    "no HTTP": b"GARBAGE\r\n\r\n",
    "line of 9 kB": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "header of 16 kB": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 16384 + b"\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "broken chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "space in a name": b"GET / HTTP/1.1\r\nHost: localhost\r\nA b: c\r\n\r\n",
}


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A running server."""

    def __init__(self, name: str, app: str, processes: int, environment: dict[str, str]):
        self.port = free_port()
        command = SERVERS[name].format(app=app, processes=processes, port=self.port).split()
        pinned = ["taskset", "-c", "0"] if processes == 1 else []
        self.process = subprocess.Popen(
            [*pinned, str(BIN / command[0]), *command[1:]],
            env={**environment, "PORT": str(self.port), "WEB_CONCURRENCY": str(processes)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self) -> None:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                if connection.recv(100).startswith(b"HTTP/1.1 200"):
                    return
            time.sleep(0.1)
        raise SystemExit("it doesn't start")

    def stop(self) -> None:
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=15)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stats(self) -> Iterator[tuple[list[str], Path]]:
        for directory in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                fields = (directory / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid:  # its session
                    yield fields, directory

    def cpu_seconds(self) -> float:
        return sum(int(fields[11]) + int(fields[12]) for fields, _ in self.stats()) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> int:
        found = [re.search(r"Pss:\s+(\d+)", (path / "smaps_rollup").read_text()) for _, path in self.stats()]
        return sum(int(match[1]) for match in found if match) // 1024


@contextmanager
def started(name: str, app: str, processes: int, environment: dict[str, str]) -> Iterator[Running]:
    server = Running(name, app, processes, environment)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def throughput(server: Running, path: str, token: str) -> tuple[float, float]:
    """Requests per second, and the server's CPU time per request in microseconds."""
    command = ["taskset", "-c", "1", "wrk", "-t1", "-c8", f"-d{SECONDS}s", "-H", f"Authorization: Bearer {token}"]
    before = server.cpu_seconds()
    output = subprocess.check_output([*command, f"http://localhost:{server.port}{path}"], text=True)
    assert "Non-2xx" not in output, output
    count = int(found(r"(\d+) requests in", output))
    return float(found(r"Requests/sec:\s+([\d.]+)", output)), (server.cpu_seconds() - before) * 1e6 / count


def in_words(times: list[float]) -> str:
    lost = times.count(LOST)
    return f"{p95(times) * 1000:.0f} ms" + (f", {lost} of {len(times)} failed: {dict(failures)}" if lost else "")


def answers_to_malformed(port: int) -> dict[str, str]:
    responses = {}
    for name, request in MALFORMED.items():
        with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
            try:
                connection.sendall(request)
                response = connection.recv(2000).decode(errors="replace")
            except OSError as error:
                response = f"- {type(error).__name__}"
        kind = re.search(r"(?i)content-type: ([\w/+]+)", response)
        responses[name] = f"{response.split(' ')[1] if ' ' in response else 'closed'} {kind[1] if kind else ''}".strip()
    return responses


def load(name: str, environment: dict[str, str]) -> dict:
    with started(name, SMALL, 2, environment) as server:
        few = partial(crowd, server.port, [get("/healthz")], 10, 50)
        asyncio.run(few(2))  # warm
        return {
            "1,000 connections": in_words(asyncio.run(crowd(server.port, [get("/healthz")], 1000, 100, 20))),
            "memory": f"{server.megabytes()} MB",
            "alone": in_words(asyncio.run(few(6))),
            "malformed": answers_to_malformed(server.port),
            "with 200 slow ones": in_words(asyncio.run(among_slow_ones(server.port, few(6)))),
        }


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        environment = {
            **os.environ,
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "k" * 60,
            "DEBUG": "False",
            "DATABASE_URL": f"sqlite:///{directory}/db.sqlite3",
            "PYTHONPATH": os.getcwd(),
        }
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "--verbosity=0"], env=environment, check=True)
        subprocess.run([*manage, "collectstatic", "--noinput", "--verbosity=0"], env=environment, check=True)
        output = subprocess.check_output(
            [*manage, "shell", "-c", SEED], env=environment, text=True, stderr=subprocess.DEVNULL
        )
        token = found(r"TOKEN (\S+)", output)
        measured: dict[tuple[str, str], list] = {}
        for _ in range(ROUNDS):
            for app, path in ((SMALL, "/healthz"), (PROJECT, TASKS)):
                for name in names:
                    with started(name, app, 1, environment) as server:
                        throughput(server, path, token)  # warm
                        measured.setdefault((name, path), []).append(throughput(server, path, token))
        for name in names:
            result = load(name, environment)
            for path, label in (("/healthz", "small answer"), (TASKS, "50 tasks")):
                rates, cpu = zip(*measured[name, path], strict=True)
                result[label] = f"{max(rates):.0f}/s, {min(cpu):.0f} us CPU"
            print(name, json.dumps(result, indent=2), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SERVERS))

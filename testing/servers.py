"""Real servers for tests, and clients for them. Each runs on 127.0.0.1 with its own database."""

import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from testing.databases import ROOT, empty_database, migrated_database, once, url_of
from testing.proofs import FULL

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".env", "db.sqlite3*", "staticfiles", ".*_cache", "node_modules")
# As in production, where requests isn't installed: to load it takes a fifth of a start.
STARTED = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": f"{ROOT}/testing/absent"}
CUT_OFF = (OSError, http.client.HTTPException)  # without a response, the request may have been carried out or not


class Server:
    """A command that serves HTTP on its own port."""

    def __init__(self, command: list[str], project: Path, log: Path, environment: dict[str, str]):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.command, self.project, self.log = command, project, log
        self.environment = {**environment, **STARTED}
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                command,
                cwd=project,
                env={**self.environment, "PORT": str(self.port)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> "Server":
        for _ in range(1200):  # two minutes, since the machine may have much else to do
            try:
                self.get("/healthz")
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.1)
            else:
                return self
        raise AssertionError(self.log.read_text())

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.address + path, timeout=5) as response:
                return response.status, response.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def stop(self) -> None:
        """Stop it as a platform does, then kill its remaining processes."""
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        finally:
            with suppress(ProcessLookupError):  # runserver's reloader leaves its child behind
                os.killpg(self.process.pid, signal.SIGKILL)

    def workers(self) -> set[int]:
        """The process ids of gunicorn's workers, as its log says them; one that was killed is for a moment."""
        log = self.log.read_text()
        gone = re.findall(r"Worker exiting \(pid: (\d+)\)", log) + re.findall(r"Worker \(pid:(\d+)\) was sent", log)
        return {int(pid) for pid in re.findall(r"Booting worker with pid: (\d+)", log) if pid not in gone}


class MakeServer(Server):
    """`make run` or `make serve` in a copy of the project that has no .env yet."""

    def __init__(self, target: str, directory: Path, settings: dict[str, str]):
        project = directory / "project"
        shutil.copytree(ROOT, project, ignore=NOT_COPIED)
        # Use the packages that run this test. For `make`, they must look as new as their list.
        (project / ".venv").symlink_to(ROOT / ".venv")
        for requirements in project.glob("*.txt"):
            os.utime(requirements, (0, 0))
        hidden = {"DATABASE_URL", "SECRET_KEY", "ENV_FILE", "DEBUG", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        super().__init__(["make", target], project, directory / "log", {**environment, **settings})

    def shell(self, script: str) -> str:
        script = script.replace("http://127.0.0.1:8000", self.address)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def make(target: str, directory: Path, **settings: str) -> Iterator[MakeServer]:
    """`make run` or `make serve` with an empty database."""
    with empty_database() as database:
        server = MakeServer(target, directory, {**database, **settings})
        try:
            yield server.wait()
        finally:
            server.stop()


def collect_static(place: Path) -> None:
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
    environment = {**os.environ, "DEBUG": "False", "STATIC_ROOT": str(place)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@contextmanager
def gunicorn(directory: Path, processes: int, **settings: str) -> Iterator[Server]:
    """The production server with these settings and a database without rows."""
    static = once("static", collect_static)
    with migrated_database(directory) as name:
        environment = {**os.environ, "DATABASE_URL": url_of(name), "STATIC_ROOT": str(static)}
        environment |= {"WEB_CONCURRENCY": str(processes), "BIND": "127.0.0.1"}
        # As `make serve` and the Dockerfile set them.
        environment |= {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
        # Off, unless a test says otherwise: they make many calls.
        environment |= {"THROTTLE_USER": "off", "THROTTLE_ANON": "off", "THROTTLE_CREDENTIALS": "off"}
        if not FULL:  # Argon2 is slow on purpose
            environment["DJANGO_SETTINGS_MODULE"] = "testing.quick_settings"
        environment |= settings
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "config/server/gunicorn.py"]
        server = Server(command, ROOT, directory / "log", environment)
        try:
            yield server.wait()
        finally:
            server.stop()


@contextmanager
def beside(server: Server) -> Iterator[Server]:
    """Another server of one process with the same database, as on another machine."""
    environment = {**server.environment, "WEB_CONCURRENCY": "1"}
    other = Server(server.command, server.project, server.log.with_suffix(".beside"), environment)
    try:
        yield other.wait()
    finally:
        other.stop()


@dataclass
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: Any


class Program:
    """A client with one persistent connection. It is not thread-safe."""

    def __init__(self, port: int, token: str = "", keep_alive: bool = True):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        if not keep_alive:
            self.headers["Connection"] = "close"
        self.unanswered = 0

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self.connection.close()

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        """Send the request once. `headers`: with _ instead of -. Raises one of CUT_OFF if there is no response."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body)
        try:
            self.connection.request(method, f"/api/v1/{path}", content, {**self.headers, **given})
            response = self.connection.getresponse()
            text = response.read()
        except CUT_OFF:
            self.connection.close()  # the next request opens a new one
            raise
        return Response(response.status, response.headers, json.loads(text) if text else None)

    def insist(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        """Repeat the request until it gets a response."""
        for _ in range(200):
            try:
                response = self.send(method, path, body, **headers)
            except CUT_OFF:
                self.unanswered += 1
                time.sleep(0.05)
            else:
                if response.status != 503:
                    return response
        raise AssertionError(f"no answer to {method} {path}")

    def read(self, path: str) -> Any:
        response = self.insist("GET", path)
        assert response.status == 200, response
        return response.body


def register(server: Server) -> str:
    """The token of a new account."""
    with Program(server.port) as stranger:
        body = {"email": f"{secrets.token_hex(8)}@example.com", "password": "correct horse battery"}
        response = stranger.send("POST", "auth/register/", body)
    assert response.status == 201, response
    return response.body["token"]


class Shim(socketserver.ThreadingTCPServer):
    """A proxy in front of the server that can cut the connection. It forwards one request per connection.

    `fault`: what happens to the next request; "" nothing, "response" it is carried out and its response lost,
    "outcome" the client is cut off while it is being carried out, "offline" it doesn't get there; this one stays.
    """

    allow_reuse_address = True
    daemon_threads = False  # so that closing waits for them

    def __init__(self, server: Server):
        super().__init__(("127.0.0.1", 0), Relay)
        self.port = self.server_address[1]
        self.server, self.fault = server, ""
        self.cuts = 0

    def __enter__(self):
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *error) -> None:
        self.shutdown()
        self.server_close()


class Relay(socketserver.StreamRequestHandler):
    server: Shim

    def handle(self) -> None:
        fault = self.server.fault
        self.server.cuts += bool(fault)
        if fault != "offline":
            self.server.fault = ""
            request = self.read_request()
            with socket.create_connection(("127.0.0.1", self.server.server.port), timeout=30) as upstream:
                upstream.sendall(request)
                if fault == "outcome":
                    self.connection.shutdown(socket.SHUT_RDWR)
                response = b"".join(iter(lambda: upstream.recv(65536), b""))  # to its end: it is committed
            if not fault:
                self.wfile.write(response)

    def read_request(self) -> bytes:
        head = b"".join(iter(self.rfile.readline, b"\r\n"))
        length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
        return head + b"\r\n" + self.rfile.read(int(length.group(1)) if length else 0)

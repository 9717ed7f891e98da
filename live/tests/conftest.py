import json
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from standardwebhooks import Webhook

from live import delivering
from live.models import Hook
from live.worker import Worker


@dataclass
class Received:
    headers: dict[str, str]
    raw: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw)

    def verify(self, secret: str) -> None:
        Webhook(secret).verify(self.raw, self.headers)


@dataclass
class Receiver:
    """A receiver of events on this machine. `statuses`: of its next responses; after them it answers 204."""

    port: int = 0
    got: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events?from=todo"

    @property
    def types(self) -> list[str]:
        return [each.body["type"] for each in self.got]


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.HOOKS_ALLOW_PRIVATE = True
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(Received({name.lower(): value for name, value in self.headers.items()}, raw))
            self.send_response(found.statuses.pop(0) if found.statuses else 204)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_port
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield found
        server.shutdown()


@pytest.fixture
def hook(api, receiver):
    """Create a webhook to the receiver. Returns its representation, with the secret."""

    def create(**fields) -> dict[str, Any]:
        response = api.post("/hooks/", {"url": receiver.url, **fields})
        assert response.status_code == 201, response.json()
        return response.json()

    return create


class InThisThread(Worker):
    """A worker whose jobs see what the test's transaction holds."""

    def begin(self, job) -> Future:
        future: Future = Future()
        future.set_result(job())
        self.running.add(future)
        return future


@pytest.fixture
def work(db):
    """Do all that is due now, as `manage.py work --once` does."""
    worker = InThisThread()
    yield worker.run_once
    worker.close()


@pytest.fixture
def deliver(db):
    """Deliver what waits, once for each hook."""

    def run() -> None:
        delivering.FanOut().round()
        for each in delivering.claim_hooks(20):
            delivering.Sender(each).run()

    return run


def stored(hook: dict[str, Any]) -> Hook:
    return Hook.objects.get(pk=hook["id"])


def refused(response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]

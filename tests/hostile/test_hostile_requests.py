"""Thousands of hostile requests to the production server, over plain sockets, don't cause any failure."""

import json
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from django.db import connection

from testing.client import PASSWORD
from testing.proofs import sample, size
from testing.routes import LISTS, ROUTES, make_over_http
from testing.servers import Program, Server, gunicorn, register
from testing.wire import NotHTTP, Reply, Wire
from tests.hostile.calls import CANARY, Attack, World, browser, request
from tests.hostile.places import corpus

if TYPE_CHECKING:
    from tests.hostile.stretches import Stretch

SLOW, RETRIES = 1, 3  # seconds; on a busy machine anything may take so long, but not each time that it is tried
MAX_GROWTH = 20  # MiB of one process
ROUNDS, WARM, THREADS = 10, 1, 4  # with the round number WARM the server is warm
EMAIL = "operator@example.com"
HEADERS = {
    *("allow", "cache-control", "connection", "content-encoding", "content-language", "content-length"),
    *("content-security-policy", "content-type", "cross-origin-opener-policy", "date", "etag", "expires"),
    *("idempotency-replayed", "last-modified", "location", "referrer-policy", "retry-after", "set-cookie", "vary"),
    *("www-authenticate", "x-content-type-options", "x-frame-options", "x-request-id", "accept-ranges"),
    "x-accel-buffering",
    *("access-control-allow-origin", "content-disposition", "content-range", "transfer-encoding"),
}
CALLS = {(method, route.path.replace("<id:pk>", "{id}")) for route in ROUTES for method in route.methods}
PROBLEM = {"type", "title", "status", "code", "detail", "request_id"}


def sign_in(server: Server, email: str, path: str = "/api-auth/login/") -> tuple[str, str]:
    """The cookies of a signed-in browser, and their CSRF token."""
    with Wire(server.port) as wire:
        wire.send(request("GET", path))
        csrf = re.search(r"csrftoken=(\w+)", wire.reply()["set-cookie"])[1]
        form = urlencode({"username": email, "password": PASSWORD}).encode()
        wire.send(request("POST", path, browser(csrf, f"csrftoken={csrf}"), form))
        cookies = dict(re.findall(r"(csrftoken|sessionid)=(\w+)", str(wire.reply().headers)))
    return f"sessionid={cookies['sessionid']}; csrftoken={cookies['csrftoken']}", cookies["csrftoken"]


def make_world(server: Server) -> World:
    superuser = [sys.executable, "manage.py", "createsuperuser", "--noinput", "--email", EMAIL]
    environment = {**server.environment, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    subprocess.run(superuser, cwd=server.project, env=environment, check=True, capture_output=True)
    token, revoked = register(server), register(server)
    with Program(server.port, revoked) as program:
        program.send("POST", "auth/logout/")
    with Program(server.port, token) as program:
        email = program.read("me/")["email"]
        ids = {
            route.path.strip("/"): [make_over_http(program, model) for _ in range(20)] for model, route in LISTS.items()
        }
        tasks = program.send("POST", "tasks/", [{"title": f"Task {number}"} for number in range(200)]).body
        ids["tasks"] += [task["id"] for task in tasks]
        schema = program.read("schema/?format=json")
    session, csrf = sign_in(server, email)
    admin, admin_csrf = sign_in(server, EMAIL, "/admin/login/")
    cycles = {name: cycle(of_a_kind) for name, of_a_kind in ids.items()}
    return World(token, revoked, session, csrf, admin, admin_csrf, schema, cycles)


def faults_of(attack: Attack, reply: Reply | None) -> Iterator[str]:
    if reply is None:
        yield "no answer"
        return
    if reply.status >= 500:
        yield f"status {reply.status}"
    if strange := {name for name, _ in reply.headers} - HEADERS:
        yield f"headers {strange}"
    if CANARY in str(reply.headers):
        yield f"an echo in the headers {reply.headers}"
    is_text = attack.is_page and reply["content-type"].startswith("text/")
    if reply.status >= 400 and attack.method != "HEAD" and not is_text:
        yield from faults_of_problem(reply)


def faults_of_problem(reply: Reply) -> Iterator[str]:
    if reply["content-type"] != "application/problem+json":
        yield f"no problem, but {reply.status} {reply['content-type']!r} {reply.body[:100]!r}"
        return
    problem = json.loads(reply.body)
    is_whole = PROBLEM <= problem.keys() <= PROBLEM | {"errors"}
    is_explained = ("errors" in problem) == (problem.get("code") == "validation_error")
    if not (
        is_whole and is_explained and problem["status"] == reply.status and re.fullmatch("[a-z_]+", problem["code"])
    ):
        yield f"an odd problem {problem}"
    elif reply["x-request-id"] not in ("", problem["request_id"]):
        yield f"two request ids {reply.headers} {problem}"


@dataclass
class Run:
    """Sends the whole corpus, and records the results."""

    server: Server
    faults: list[str] = field(default_factory=list)
    slow: list[Attack] = field(default_factory=list)
    kinds: Counter = field(default_factory=Counter)
    statuses: Counter = field(default_factory=Counter)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    memory: list[dict[int, float]] = field(default_factory=list)  # of each process, after each round
    log: list[str] = field(default_factory=list)
    attacked: set[str] = field(default_factory=set)
    whole: int = 0  # how many there are to send

    def send_all(self, attacks: list[Attack]) -> None:
        for start in range(ROUNDS):
            mine = attacks[start::ROUNDS]
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(self.send_some, [mine[thread::THREADS] for thread in range(THREADS)]))
            self.memory.append({pid: resident(pid) for pid in self.server.workers()})
        for _ in range(RETRIES):
            self.slow, again = [], self.slow
            self.send_some(again)

    def send_some(self, attacks: list[Attack]) -> None:
        wire = Wire(self.server.port)
        for attack in attacks:
            began = time.perf_counter()
            reply = self.send(wire, attack)
            self.note(attack, reply, time.perf_counter() - began)
            is_over = reply is None or reply["connection"] == "close"
            if is_over or reply["content-type"].startswith("text/event-stream"):
                wire.close()
                wire = Wire(self.server.port)
        wire.close()

    def send(self, wire: Wire, attack: Attack) -> Reply | None:
        try:
            wire.send(attack.sent)
            return wire.reply(attack.method)
        except (NotHTTP, OSError) as error:
            self.faults.append(f"{error!r}: {attack}")
            return None

    def note(self, attack: Attack, reply: Reply | None, seconds: float) -> None:
        self.kinds[attack.kind] += 1
        self.attacked.add(attack.name)
        self.statuses[reply.status if reply else 0] += 1
        self.faults += [f"{fault}: {attack}" for fault in faults_of(attack, reply)]
        self.slowest = sorted([*self.slowest, (round(seconds, 2), str(attack)[:150])])[-5:]
        if seconds > SLOW:
            self.slow.append(attack)

    def stretch(self, stretch: "Stretch") -> None:
        """Send it on its own connection, and wait until that is closed."""
        with Wire(self.server.port) as wire:
            wire.send(stretch.sent)
            if not stretch.says_more:
                wire.socket.shutdown(socket.SHUT_WR)
            replies = [wire.reply() for _ in stretch.statuses]
            if not stretch.says_more:
                assert wire.reply() is None
        self.kinds["HTTP"] += 1
        self.statuses.update(found := [reply.status for reply in replies if reply])
        if found != list(stretch.statuses):
            self.faults.append(f"{found} for {stretch.name}, not {stretch.statuses}")
        for reply in replies:
            self.faults += [f"{fault}: {stretch.name}" for fault in faults_of(PAGE, reply)]

    @property
    def responses(self) -> int:
        return self.statuses.total()


PAGE = Attack("HTTP", "", b"", is_page=True)


def resident(pid: int) -> float:
    """The memory of a process, in MiB."""
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with gunicorn(tmp_path_factory.mktemp("hostile"), processes=2) as server:
        yield server


@pytest.fixture(scope="module")
def world(server) -> World:
    return make_world(server)


def kind_of(attack: Attack) -> tuple:
    """Each kind of attack on each call is in a sample."""
    call = tuple(attack.name.split()[:2])
    return (attack.kind, call if call in CALLS else "")


@pytest.fixture(scope="module")
def run(server, world) -> Run:
    from tests.hostile.stretches import STRETCHES  # their bombs take memory and time: not in every process of a run

    before = len(server.log.read_text().splitlines())
    run = Run(server)
    every = corpus(world)
    run.send_all(sample(every, kind_of, connection.vendor, share=32))
    run.whole = len(every) + sum(len(stretch.statuses) for stretch in STRETCHES)
    del every  # hundreds of megabytes
    for stretch in STRETCHES:
        run.stretch(stretch)
    run.log = server.log.read_text().splitlines()[before:]
    growth = {pid: round(run.memory[-1][pid] - run.memory[WARM][pid], 1) for pid in run.memory[WARM]}
    print(f"\n{run.responses:,} answers: {dict(run.kinds)}, {dict(sorted(run.statuses.items()))}")
    print(f"slowest: {run.slowest}, growth since it was warm: {growth}, lines: {len(run.log):,}")
    return run


def test_every_response_is_well_formed_and_none_is_an_error_of_the_server(run, proved):
    proved("hostile requests", run.responses, run.whole)

    assert run.responses >= size(20_000, 1000)
    assert run.faults == []


def test_none_takes_longer_than_a_second(run):
    assert run.slow == []


def test_the_processes_do_not_grow(run):
    """By the least of three rounds: at the end of one, the system may have back what it needed for a moment, or not."""
    warm, last = run.memory[WARM : WARM + 3], run.memory[-3:]

    assert len(warm[0]) == 2
    for pid in warm[0]:
        assert min(after[pid] for after in last) - min(after[pid] for after in warm) < MAX_GROWTH, run.memory


def test_each_request_is_one_line_of_the_log(run):
    lines = [json.loads(line) for line in run.log]
    ours = [line for line in lines if line["message"] in ("request", "refused")]

    assert Counter(line["status"] for line in ours) == run.statuses
    assert [line for line in lines if line["level"] != "INFO"] == []
    assert {line["logger"] for line in lines} == {"api.requests", "api.changes"}


def test_no_line_has_anything_that_moves_a_cursor_or_is_secret(run, world):
    secrets = [CANARY, "todo_", PASSWORD, EMAIL, world.csrf, world.session.split(";")[0]]

    assert [line for line in run.log if not re.fullmatch("[ -~]+", line)] == []
    assert [line for line in run.log if any(secret in line for secret in secrets)] == []


def test_it_attacks_every_call_of_the_api(run):
    attacked = {tuple(attack.split()[:2]) for attack in run.attacked}
    # To sign out would be the end of the attack: that is tried without a good token alone.
    assert CALLS - attacked <= {("POST", "auth/logout/"), ("GET", "")}

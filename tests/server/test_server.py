"""The production server with many clients, slow ones, and when one of its processes ends: real processes."""

import http.client
import os
import re
import select
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.servers import ROOT, Program, Server, gunicorn, register

SLOW, UNREAD = 50, 200
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
JSON = b"Host: localhost\r\nContent-Type: application/json\r\n"
BODY = b"POST /api/v1/auth/login/ HTTP/1.1\r\n" + JSON + b"Content-Length: 500\r\n\r\n"


@pytest.fixture(scope="module")
def server(shared_server) -> Server:
    return shared_server


@pytest.fixture
def own_server(tmp_path, request) -> Iterator[Server]:
    """To be stopped by the test; with settings of its own, if it has some."""
    with gunicorn(tmp_path, processes=1, **getattr(request, "param", {})) as server:
        yield server


def connect(server: Server, sent: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    client.sendall(sent)
    return client


def response_on(client: socket.socket) -> bytes:
    """A response of /healthz, whose head and body may come one after the other."""
    response = b""
    while not response.endswith(b"ok\n"):
        response += client.recv(4096)
    return response


def trickle(clients: list[socket.socket], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        for client in clients:
            client.sendall(b"a")


@pytest.mark.parametrize("start", [HEAD, BODY], ids=["headers", "bodies"])
def test_slow_clients_do_not_hold_up_the_others(server, start):
    token = register(server)
    slow, stop, times = [connect(server, start) for _ in range(SLOW)], threading.Event(), []
    sender = threading.Thread(target=trickle, args=(slow, stop))
    sender.start()

    with Program(server.port, token) as program:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            began = time.perf_counter()
            assert program.send("GET", "tasks/").status == 200
            times.append(time.perf_counter() - began)
            time.sleep(0.05)

    stop.set()
    sender.join()
    for client in slow:
        client.close()
    assert statistics.quantiles(times, n=20)[18] < 1, times  # a server that they block answers none


def memory(server: Server) -> float:
    """Of all processes, in MiB."""
    status = [Path(f"/proc/{pid}/status").read_text() for pid in server.workers()]
    return sum(int(re.search(r"VmRSS:\s+(\d+) kB", each)[1]) for each in status) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says there what a process takes")
def test_clients_that_do_not_read_take_little_memory_and_hold_up_nobody(server):
    token, times, took = register(server), [], []
    page = f"GET /api/v1/tasks/?limit=200 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    with Program(server.port, token) as program:
        for _ in range(4):
            assert program.send("POST", "tasks/", [{"title": "Long", "description": "x" * 10_000}] * 50).status == 201
        for _ in range(8):
            assert len(program.send("GET", "tasks/?limit=200").body["results"]) == 200  # 2 MB
        before = memory(server)

        unread = [connect(server, page.encode()) for _ in range(UNREAD)]
        waiting, end = set(unread), time.monotonic() + 60
        while waiting or len(times) < 50:  # the first of them wait until those pages are made
            assert time.monotonic() < end, f"{len(waiting)} pages aren't made"
            waiting -= set(select.select(waiting, [], [], 0)[0])
            began = time.perf_counter()
            assert program.send("GET", "tasks/?limit=1").status == 200
            times.append(time.perf_counter() - began)
            took.append(memory(server) - before)
            time.sleep(0.05)

    for client in unread:
        client.close()
    print(f"{UNREAD} clients that don't read: {max(took):.0f} MiB, others wait {max(times):.2f} s at most")
    assert max(took) < 100
    assert statistics.median(times) < 1


@pytest.mark.parametrize("own_server", [{"GUNICORN_CMD_ARGS": "--graceful-timeout=5"}], indirect=True)
def test_a_stop_does_not_wait_for_a_client_that_does_not_read(own_server):
    with Program(own_server.port, token := register(own_server)) as program:
        for _ in range(4):
            assert program.send("POST", "tasks/", [{"title": "Long", "description": "x" * 10_000}] * 50).status == 201
    page = f"GET /api/v1/tasks/?limit=200 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    unread = connect(own_server, page.encode())
    time.sleep(1)

    began = time.monotonic()
    own_server.process.terminate()
    own_server.process.wait(timeout=20)

    assert time.monotonic() - began < 4.5
    assert "ERROR" not in own_server.log.read_text()
    unread.close()


def test_a_connection_is_kept_for_the_next_request(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.connect()
    first = connection.sock

    for _ in range(50):
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"ok\n"

    assert connection.sock is first
    connection.close()


def test_hundreds_of_idle_connections_are_no_burden(server):
    idle = [connect(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(400)]
    responses = [client.recv(4096)[:15] for client in idle]

    assert set(responses) == {b"HTTP/1.1 200 OK"}
    assert server.get("/healthz") == (200, "ok\n")
    for client in idle:
        client.close()


def test_a_stop_waits_for_requests_and_not_for_idle_connections(own_server):
    idle, fresh = connect(own_server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), connect(own_server)
    assert idle.recv(4096).startswith(b"HTTP/1.1 200 OK")
    sending = connect(own_server, BODY)
    time.sleep(0.3)

    began = time.monotonic()
    own_server.process.terminate()
    time.sleep(0.3)
    sending.sendall(b" " * 500)
    response = sending.recv(4096)
    own_server.process.wait(timeout=20)

    assert response.startswith(b"HTTP/1.1 400 ")  # by the project, which was given the whole body
    assert b"connection: close" in response
    assert time.monotonic() - began < 8
    for client in (idle, fresh, sending):
        client.close()


def test_a_request_on_its_way_when_the_server_stops_is_answered(own_server):
    kept = connect(own_server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    response_on(kept)
    os.kill(own_server.workers().pop(), signal.SIGTERM)
    time.sleep(0.5)

    kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")

    response = response_on(kept)
    assert response.startswith(b"HTTP/1.1 200 OK")
    assert b"connection: close" in response
    kept.close()


def test_interrupting_the_server_stops_it_within_seconds(own_server):
    idle = connect(own_server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    response_on(idle)

    began = time.monotonic()
    own_server.process.send_signal(signal.SIGINT)
    own_server.process.wait(timeout=20)

    assert time.monotonic() - began < 8
    idle.close()


def test_a_stop_while_a_process_loads_the_project_is_no_error(own_server):
    known = own_server.workers()
    own_server.process.send_signal(signal.SIGTTIN)  # one process more
    while own_server.workers() == known:
        time.sleep(0.01)
    own_server.process.terminate()
    own_server.process.wait(timeout=20)

    log = own_server.log.read_text()
    assert own_server.process.returncode == 0
    assert "Error" not in log
    assert "ERROR" not in log


def test_a_killed_process_is_replaced_while_the_other_goes_on(server):
    before = server.workers()
    victim = min(before)

    os.kill(victim, signal.SIGKILL)

    for _ in range(100):
        assert server.get("/healthz") == (200, "ok\n")
        if server.workers() - before:
            break
        time.sleep(0.1)
    assert len(server.workers() - {victim}) == len(before)


def test_a_server_without_processes_does_not_start():
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "config.wsgi",
        "--config",
        "config/server/gunicorn.py",
        "--check-config",
    ]

    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "WEB_CONCURRENCY": "0"}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("WEB_CONCURRENCY can't be read from the environment: it has to be a whole number")


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("bind", ["::", "[::]"])
def test_it_listens_on_all_addresses_of_both_versions_of_ip(tmp_path, django_db_blocker, bind):
    with django_db_blocker.unblock(), gunicorn(tmp_path, processes=1, BIND=bind) as server:
        assert server.get("/healthz") == (200, "ok\n")
        with socket.create_connection(("::1", server.port), timeout=20) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert response_on(client).startswith(b"HTTP/1.1 200 OK")

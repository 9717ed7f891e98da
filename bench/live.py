"""1,000 streams on one server, and 10,000 events to receivers that answer in 50 ms: `make bench-live`."""

import asyncio
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench import data
from bench.clients import crowd, get, p95
from bench.servers import OURS, ROOT, Server, our_environment, postgres_and_directory, running
from testing.postgres import FAST
from testing.servers import Program

OWNERS, STREAMS = 50, 1000
HOOKS, TASKS = 10, 1000
ANSWER_SECONDS = 0.05


def memory(server: Server) -> int:
    """The resident memory of the server's processes, in kB."""
    pids = re.findall(r"Booting worker with pid: (\d+)", server.log.read_text())
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return sum(int(size) for each in statuses for size in re.findall(r"VmRSS:\s+(\d+)", each))


async def listen(port: int, token: str, owner: int, came: dict[tuple[int, int], list[float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get("/api/v1/events/", token))
    try:
        while line := await reader.readline():
            if line.startswith(b"data: "):
                came[owner, json.loads(line[6:])["revision"]].append(time.perf_counter())
    finally:
        writer.close()


async def write(port: int, token: str) -> tuple[int, float]:
    """The revision of a new task, and when it was answered."""

    def send() -> tuple[int, float]:
        with Program(port, token) as program:
            return program.send("POST", "tasks/", {"title": "Buy milk"}).body["revision"], time.perf_counter()

    return await asyncio.to_thread(send)


def report(name: str, times: list[float]) -> None:
    load = os.getloadavg()[0]
    middle, high = statistics.median(times) * 1000, p95(times) * 1000
    print(f"{name}: p50 {middle:.0f} ms, p95 {high:.0f} ms; load of the machine: {load:.1f}", flush=True)


async def streams(server: Server, tokens: list[str]) -> bool:
    lists = [get("/api/v1/tasks/?limit=50", token) for token in tokens]
    await crowd(server.port, lists, 50, 100, 5)  # warm up
    report("lists alone", await crowd(server.port, lists, 100, 50, 20))
    before = memory(server)
    came: dict[tuple[int, int], list[float]] = defaultdict(list)
    each = [listen(server.port, tokens[n % OWNERS], n % OWNERS, came) for n in range(STREAMS)]
    listeners = [asyncio.create_task(one) for one in each]
    while sum(len(each) for each in came.values()) < STREAMS:
        await asyncio.sleep(0.1)
    await asyncio.sleep(3)
    size = (memory(server) - before) / STREAMS
    print(f"{STREAMS:,} streams: {size:.1f} kB each", flush=True)
    written = await asyncio.gather(*(write(server.port, token) for token in tokens))
    await asyncio.sleep(5)
    waits = [moment - at for owner, (revision, at) in enumerate(written) for moment in came[owner, revision]]
    print(f"an event at {len(waits):,} streams: p50 {statistics.median(waits):.3f} s, last {max(waits):.3f} s")
    times = await crowd(server.port, lists, 100, 50, 20)
    print(
        f"lists beside them: p50 {statistics.median(times) * 1000:.0f} ms, p95 {p95(times) * 1000:.0f} ms", flush=True
    )
    for task in listeners:
        task.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    return size < 30 and len(waits) == STREAMS and max(waits) < 1 and p95(times) < 0.2


async def receive(came: dict[str, list[int]], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = re.search(r"(?i)content-length: (\d+)", head)
    body = json.loads(await reader.readexactly(int(length[1])))  # type: ignore[index]
    await asyncio.sleep(ANSWER_SECONDS)
    came[head.split()[1]].append(body["data"]["revision"])
    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    writer.close()


async def deliveries(server: Server, token: str, environment: dict[str, str]) -> bool:
    came: dict[str, list[int]] = defaultdict(list)
    receiver = await asyncio.start_server(partial(receive, came), "127.0.0.1", 0)
    port = receiver.sockets[0].getsockname()[1]

    def prepare() -> None:
        with Program(server.port, token) as program:
            for number in range(HOOKS):
                program.insist("POST", "hooks/", {"url": f"http://127.0.0.1:{port}/{number}"})
            for _ in range(TASKS):
                program.insist("POST", "tasks/", {"title": "Buy milk"})

    await asyncio.to_thread(prepare)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent, began = used.ru_utime + used.ru_stime, time.perf_counter()
    worker = subprocess.Popen([sys.executable, "manage.py", "work"], cwd=ROOT, env=environment)
    while not came:
        await asyncio.sleep(0.01)
    started = time.perf_counter() - began
    while sum(map(len, came.values())) < HOOKS * TASKS:
        await asyncio.sleep(0.05)
    seconds = time.perf_counter() - began - started
    worker.terminate()
    worker.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (used.ru_utime + used.ru_stime - spent) * 1000 / (HOOKS * TASKS)
    rate, in_order = HOOKS * TASKS / seconds, all(each == sorted(each) for each in came.values())
    print(
        f"{HOOKS * TASKS:,} events to {HOOKS} hooks: {rate:.0f} a second, {cpu:.1f} ms of CPU each; order: {in_order}"
    )
    return rate >= 100 and in_order


def run(postgres: str, directory: Path) -> bool:
    url, tokens = data.make(postgres, [200] * OWNERS)
    environment = our_environment(url) | {"HOOKS_ALLOW_PRIVATE": "True", "WORKER_ADDRESS": "127.0.0.1:18099"}

    class Settings(type(OURS)):  # type: ignore[misc]
        def environment(self, server: str) -> dict[str, str]:
            return environment | {"WEB_CONCURRENCY": "2"}

    ours = Settings(**vars(replace(OURS, processes=2)))
    with running(postgres, [ours], directory) as servers:
        met = asyncio.run(streams(servers[OURS.key], tokens))
        return asyncio.run(deliveries(servers[OURS.key], tokens[0], environment)) and met


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with postgres_and_directory(FAST) as (server, directory):
        met = run(server, directory)
    print(f"targets: 30 kB, 1 s, 200 ms, 100 a second: {'met' if met else 'missed'}")
    sys.exit(not met)


if __name__ == "__main__":
    main()

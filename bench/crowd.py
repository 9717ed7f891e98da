"""Many clients at once: 1,000 open connections, alone and beside 200 that send a byte a second: `make bench-crowd`.

The production server with two processes, no limits of the rate, and real lists of 50 out of Postgres.
"""

import asyncio
import os
import resource
import statistics
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench import data
from bench.clients import LOST, SLOW, among_slow_ones, crowd, failures, get, p95
from bench.servers import OURS, Server, postgres_and_directory, running
from testing.postgres import FAST

CLIENTS, RATE = 1000, 100
SECONDS = 20 if os.environ.get("QUICK") else 60
TARGET = 0.2


def report(name: str, times: list[float], cpu: float) -> bool:
    """Print the result, and return whether it is good."""
    middle, lost = statistics.median(times), times.count(LOST)
    print(f"{name}: {len(times):,} requests, {lost} errors, p50 {middle * 1000:.0f} ms, p95 {p95(times) * 1000:.0f} ms")
    print(
        f"  the server's CPU: {cpu * 1000 / len(times):.1f} ms a request; load of the machine: {os.getloadavg()[0]:.1f}"
    )
    if lost:
        print(f"  {dict(failures)}")
    return not lost and p95(times) < TARGET


async def measure(server: Server, tokens: list[str]) -> bool:
    lists = [get("/api/v1/tasks/?limit=50", token) for token in tokens]
    await crowd(server.port, lists, 10, 50, 4)  # warm up
    many = partial(crowd, server.port, lists, CLIENTS, RATE, SECONDS)
    before = server.cpu()
    alone = report(f"{CLIENTS:,} connections", await many(), server.cpu() - before)
    before = server.cpu()
    times = await among_slow_ones(server.port, many(), tokens[0])
    return report(f"{CLIENTS:,} connections and {SLOW} slow ones", times, server.cpu() - before) and alone


def run(server: str, directory: Path) -> bool:
    _, tokens = data.make(server, [1000] * 100)
    with running(server, [replace(OURS, processes=2)], directory) as servers:
        return asyncio.run(measure(servers[OURS.key], tokens))


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with postgres_and_directory(FAST) as (server, directory):
        met = run(server, directory)
    print(f"target: 0 errors, p95 < {TARGET * 1000:.0f} ms: {'met' if met else 'missed'}")
    sys.exit(not met)


if __name__ == "__main__":
    main()

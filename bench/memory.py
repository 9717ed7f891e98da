"""Check whether a worker's memory grows over 100,000 requests: `make bench-memory`."""

import os
import re
import sys
from pathlib import Path

from bench import data, wrk
from bench.cases import MEASURED, Subject, subjects, write_requests
from bench.servers import OURS, Server, keep_off_the_workers_core, postgres_and_directory, running
from testing.postgres import FAST

QUICK = bool(os.environ.get("QUICK"))
REQUESTS = 5_000 if QUICK else 100_000
# By then, every code path is loaded: further growth would be a leak.
WARM = 1_000
STEPS = 10
LIMIT = 0.05


def memory(server: Server) -> dict[str, float]:
    """The worker's memory in MiB: all resident pages (RSS), and those with its share of shared pages (PSS)."""
    pid = re.findall(r"Booting worker with pid: (\d+)", server.log.read_text())[-1]
    said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(size) / 1024 for name, size in re.findall(r"^(Rss|Pss):\s+(\d+) kB", said, re.MULTILINE)}


def say(when: str, now: dict[str, float]) -> None:
    print(f"{when}: " + ", ".join(f"{name} {size:.1f} MiB" for name, size in now.items()), flush=True)


def send(server: Server, asked: list[Subject], files: Path, count: int, start: int) -> int:
    """Send at least this many requests of all kinds. Return their number."""
    sent = 0
    while sent < count:
        for case in MEASURED:
            if case.per_request == 1:
                write_requests(case, asked, files / case.key)
                sent += wrk.run(server, case, files / case.key, start + sent, 1).requests
    return sent


def run(server: str, directory: Path) -> float:
    url, tokens = data.make(server, [1000] * 100)
    asked = subjects(url, tokens)
    with running(server, [OURS], directory) as servers:
        worker = servers[OURS.key]
        say("after the start", memory(worker))
        sent = send(worker, asked, directory, WARM, 0)
        warm = memory(worker)
        say(f"after {sent:,} requests, each kind among them", warm)
        for _ in range(STEPS):
            sent += send(worker, asked, directory, REQUESTS // STEPS, sent)
            now = memory(worker)
            say(f"after {sent:,} requests", now)
        return now["Rss"] / warm["Rss"] - 1  # PSS depends on how many processes share the pages


def main() -> None:
    wrk.require()
    keep_off_the_workers_core()
    with postgres_and_directory(FAST) as (server, directory):
        growth = run(server, directory)
    said = "met" if growth < LIMIT else "missed"
    print(f"growth {growth:.1%}, target < {LIMIT:.0%}: {said}")
    sys.exit(growth >= LIMIT)


if __name__ == "__main__":
    main()

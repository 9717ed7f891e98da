"""Compare this project with its peers: `make bench`, or `make bench QUICK=1` for a quick test."""

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import data, report, wrk
from bench.cases import LIST, MEASURED, UNCHANGED, Subject, subjects, write_requests
from bench.check import check, entity_tags
from bench.servers import OURS, PEER_CONTESTANTS, ROOT, Server, keep_off_the_workers_core, running
from testing.postgres import FAST, PostgresError, server_version, temporary_postgres

OWNERS, TASKS = 100, 1000
# No checkpoint and no autovacuum during a run; the tables are vacuumed between the runs.
POSTGRES = {
    **FAST,
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
}
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- make bench writes from here -->", "<!-- to here -->"


@dataclass(frozen=True)
class Plan:
    rounds: int
    seconds: int


def measure(servers: dict[str, Server], server: str, asked: list[Subject], plan: Plan, files: Path) -> report.Figures:
    figures: report.Figures = {}
    for case in MEASURED:
        write_requests(case, asked, files / case.key)
    for each in servers.values():  # connections, caches
        wrk.run(each, LIST, files / LIST.key, 0, 1)
    for round_ in range(plan.rounds):
        started = time.monotonic()
        for case in MEASURED:
            if case is UNCHANGED:
                tags = entity_tags(servers[OURS.key], case, asked)
                write_requests(case, asked, files / case.key, tags)
            # In reverse order in every second round, since the machine changes during a round.
            for contestant in case.contestants[:: -1 if round_ % 2 else 1]:
                start = round_ * len(asked) // plan.rounds
                run = wrk.run(servers[contestant.key], case, files / case.key, start, plan.seconds)
                figures.setdefault((case.key, contestant.key), []).append(run)
                if case.writes:
                    data.tidy(data.database(server, contestant.key), contestant.table)
        print(f"Round {round_ + 1} of {plan.rounds}: {time.monotonic() - started:.0f} s", flush=True)
    return figures


def compare(plan: Plan, directory: Path) -> tuple[report.Figures, str]:
    """Measure everything on a temporary Postgres. Return the figures and the version of Postgres."""
    with temporary_postgres(POSTGRES) as server:
        print(f"Making {OWNERS} owners with {TASKS} tasks each, for each contestant", flush=True)
        url, tokens = data.make(server, [TASKS] * OWNERS)
        data.copy(server, OURS.key, [peer.key for peer in PEER_CONTESTANTS])
        asked = subjects(url, tokens)
        with running(server, [OURS, *PEER_CONTESTANTS], directory) as servers:
            check(servers, asked)
            for contestant in (OURS, *PEER_CONTESTANTS):
                data.tidy(data.database(server, contestant.key), contestant.table)
            print("All responses are the same. Measuring.", flush=True)
            return measure(servers, server, asked, plan, directory), server_version(server)


def document(figures: report.Figures, plan: Plan, versions: str) -> str:
    return f"""{BEGIN}
Measured on {report.today()}: {report.machine()}. {plan.rounds} rounds of {plan.seconds} s per case and contestant.
{versions}.

### Targets

Requests per second, divided by the other's in the same round. “By CPU” is the same ratio of CPU time per request.

{report.targets_table(figures)}

### Requests per second

Median of the rounds.

{report.speeds_table(figures)}

### CPU milliseconds per request

Of the server's processes, without the database: median of the rounds.

{report.cpu_table(figures)}
{END}"""


def write_document(text: str) -> None:
    """Replace the part of the document that an earlier run wrote."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(before + text + rest.partition(END)[2])


def main() -> None:
    quick = bool(os.environ.get("QUICK"))
    plan = Plan(rounds=1, seconds=1) if quick else Plan(rounds=5, seconds=2)
    wrk_version = wrk.require()
    keep_off_the_workers_core()
    with tempfile.TemporaryDirectory(prefix="todo-bench-") as directory:
        try:
            figures, postgres = compare(plan, Path(directory))
        except PostgresError as error:
            sys.exit(str(error))
    text = document(figures, plan, report.versions(postgres, wrk_version))
    print(f"\n{text}\n")
    if quick:
        print("This was a quick test, too short for reliable figures: docs/performance.md was not changed.")
    else:
        write_document(text)
        print("Wrote docs/performance.md")


if __name__ == "__main__":
    main()

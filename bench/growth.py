"""Compare the cost of requests for an owner of a thousand tasks and one of a million: `make bench-growth`.

In milliseconds, which depend on what else the machine does, and in blocks that Postgres touches, which don't.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench import data
from bench.check import Client
from bench.explain import Call, blocks, outline, plans
from bench.servers import OURS, Server, keep_off_the_workers_core, postgres_and_directory, running
from testing.postgres import FAST

QUICK = bool(os.environ.get("QUICK"))
SIZES = [1_000, 10_000, 100_000] if QUICK else [1_000, 100_000, 1_000_000]
OTHERS = [1_000] * ((300_000 if QUICK else 3_000_000) // 1_000 - sum(SIZES) // 1_000)
TIMES = 11 if QUICK else 61
TARGET = 1.3
POSTGRES = {**FAST, "shared_buffers": "2GB", "max_wal_size": "16GB", "checkpoint_timeout": "1h"}

TASKS = "/api/v1/tasks/"
FILTERS = {
    "completed=false": "completed=false",
    "completed=true": "completed=true",
    "priority=4": "priority=4",
    "priority_min=3": "priority_min=3",
    "due_before (all of the past)": "due_before=2020-01-01",
    "due_after (none)": "due_after=2100-01-01",
    "due=overdue": "due=overdue",
    "due=today": "due=today",
    "due=upcoming": "due=upcoming",
    "due=none": "due=none",
    "project (a fifth of the tasks)": "project={project}",
    "project (20 tasks)": "project={small_project}",
    "project=none": "project=none",
    "parent=none": "parent=none",
    "tag (a tenth of the tasks)": "tag=tag%205",
    "tag (20 tasks)": "tag=tag%200",
    "tag (a tenth) and completed=false": "tag=tag%205&completed=false",
    "tag (a tenth), by title": "tag=tag%205&ordering=title",
    "two tags": "tag=tag%205&tag=tag%209",
    "two tags, the same 36 rows each": "tag=tag%205&tag=tag%209&limit=36",
    "any of two tags": "tag_any=tag%205&tag_any=tag%209",
    "any of two tags, one of 20 tasks": "tag_any=tag%200&tag_any=none",
    "none of two tags": "tag_none=tag%205&tag_none=tag%209",
    "untagged": "untagged=true",
    "completed_after (none)": "completed_after=2100-01-01",
    "completed_before (none)": "completed_before=2000-01-01",
    "completed, priority and due": "completed=false&priority=4&due=upcoming",
}
NEW = '{"title": "New", "priority": 1, "tags": ["tag 5"]}'
ORDERINGS = ["created_at", "updated_at", "due_date", "completed_at", "priority", "title", "position"]
SEARCH = "q (exempt: it reads the owner's rows)"


@dataclass
class Owner:
    size: int
    token: str
    client: Client
    project: str = ""
    small_project: str = ""
    deep: str = ""  # the path of the page in the middle
    since: str = ""  # a sync token, 100 changes ago
    open: list[str] = field(default_factory=list)  # tasks to complete

    def get(self, path: str) -> dict:
        status, response, _ = self.client.send("GET", path, self.token)
        if status != 200:
            sys.exit(f"GET {path}: {status} {response}")
        return response

    def write(self, method: str, path: str, body: str = "") -> dict:
        status, response, _ = self.client.send(method, path, self.token, body)
        if status not in (200, 201):
            sys.exit(f"{method} {path}: {status} {response}")
        return response

    def prepare(self) -> None:
        """Follow `next` to the page in the middle, and run a full sync for a token from 100 changes ago."""
        projects = {each["name"]: each["id"] for each in self.get("/api/v1/projects/")["results"]}
        self.project, self.small_project = projects["project 3"], projects["project 0"]
        self.deep = f"{TASKS}?limit=200"
        for _ in range(self.size // 2 // 200):
            self.deep = path_of(self.get(self.deep)["next"])
        self.deep = self.deep.replace("limit=200", "limit=50")
        page = self.get("/api/v1/sync/?limit=1000")
        while page["has_more"]:
            page = self.get(f"/api/v1/sync/?limit=1000&since={page['token']}")
        self.since = page["token"]
        for each in self.get(f"{TASKS}?limit=100&ordering=position")["results"]:
            self.write("PATCH", f"{TASKS}{each['id']}/", '{"title": "Changed"}')

    def create(self) -> None:
        self.write("POST", TASKS, NEW)

    def find_open(self) -> None:
        page = self.get(f"{TASKS}?completed=false&limit=200&ordering=-title")
        self.open = [each["id"] for each in page["results"]]

    def complete(self) -> None:
        self.write("POST", f"{TASKS}{self.open.pop()}/complete/")


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def reads(owner: Owner) -> dict[str, str]:
    """The paths of the cases that read."""
    filters = {
        name: TASKS + "?" + query.format(project=owner.project, small_project=owner.small_project)
        for name, query in FILTERS.items()
    }
    orders = {f"ordering={sign}{name}": f"{TASKS}?ordering={sign}{name}" for name in ORDERINGS for sign in ("", "-")}
    return {
        "first page": TASKS,
        "page in the middle": owner.deep,
        **filters,
        **orders,
        "sync of 100 changes": f"/api/v1/sync/?since={owner.since}",
        SEARCH: f"{TASKS}?q=nothing+like+it",
    }


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def in_turns(calls: Sequence[Callable[[], object]], times: int) -> list[float]:
    for call in calls:
        call()
    taken = [[timed(call) for call in calls] for _ in range(times)]
    return [median(column) for column in zip(*taken, strict=True)]


def measure(owners: list[Owner]) -> dict[str, list[float]]:
    """The median time in ms of each case, for each owner. The owners alternate."""
    paths = {owner.size: reads(owner) for owner in owners}
    found = {}
    for name in reads(owners[0]):
        calls = [partial(owner.get, paths[owner.size][name]) for owner in owners]
        found[name] = in_turns(calls, 3 if name == SEARCH else TIMES)
    found["create"] = in_turns([owner.create for owner in owners], TIMES)
    for owner in owners:
        owner.find_open()
    found["complete"] = in_turns([owner.complete for owner in owners], TIMES)
    return found


def calls(owner: Owner) -> dict[str, Call]:
    """Run each case once more, for its plans."""
    done = {name: Call(owner.token, path) for name, path in reads(owner).items()}
    done["create"] = Call(owner.token, TASKS, "POST", NEW)
    done["complete"] = Call(owner.token, f"{TASKS}{owner.open.pop()}/complete/", "POST")
    return done


def report(found: dict[str, list[float]], looked: list[dict[str, list[dict]]]) -> list[str]:
    """Print the table. Return the cases that touch too many more blocks. `looked`: the plans for each owner."""
    ratios = {name: times[-1] / times[0] for name, times in found.items()}
    grown = []
    sizes = " | ".join(f"{size:,}" for size in SIZES)
    print(f"\n| Case | ms: {sizes} | ÷ | ≤ {TARGET} | blocks: {sizes} | ÷ |\n|---|{'---|' * (2 * len(SIZES) + 3)}")
    for name, times in found.items():
        said = "exempt" if name == SEARCH else "met" if ratios[name] <= TARGET else "**missed**"
        touched = [blocks(each[name]) for each in looked]
        in_ms, in_blocks = " | ".join(f"{each:.2f}" for each in times), " | ".join(f"{each:,}" for each in touched)
        print(f"| {name} | {in_ms} | {ratios[name]:.2f} | {said} | {in_blocks} | {touched[-1] / touched[0]:.2f} |")
        if touched[-1] > TARGET * touched[0] and name != SEARCH:
            grown.append(name)
    return grown


def start(servers: dict[str, Server], tokens: list[str]) -> list[Owner]:
    owners = [Owner(size, token, Client(servers[OURS.key])) for size, token in zip(SIZES, tokens, strict=False)]
    for owner in owners:
        started = time.monotonic()
        owner.prepare()
        print(
            f"Paged through half of {owner.size:,} tasks, and synced all: {time.monotonic() - started:.0f} s",
            flush=True,
        )
    for owner in owners:  # the server has closed the first connections in the meantime
        owner.client = Client(servers[OURS.key])
    return owners


def run(server: str, directory: Path) -> None:
    print(f"Making {sum(SIZES) + sum(OTHERS):,} tasks, for {len(SIZES) + len(OTHERS):,} owners", flush=True)
    url, tokens = data.make(server, [*SIZES, *OTHERS])
    with running(server, [OURS], directory) as servers:
        owners = start(servers, tokens)
        found = measure(owners)
    looked = [dict(zip(each, plans(url, each.values()), strict=True)) for each in map(calls, owners)]
    for name in report(found, looked):
        for size, each in zip(SIZES, looked, strict=True):
            print(f"\n{name}, {size:,} tasks:\n" + "".join(outline(plan["Plan"]) for plan in each[name][-1:]))


def main() -> None:
    keep_off_the_workers_core()
    with postgres_and_directory(POSTGRES) as (server, directory):
        run(server, directory)


if __name__ == "__main__":
    main()

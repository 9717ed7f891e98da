"""Measure what a calendar client's requests cost with a small and with a large list: `make bench-dav`.

In milliseconds of the clock, by the median; the owners alternate.
"""

import base64
import itertools
import os
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import data
from bench.check import Client
from bench.growth import POSTGRES, TARGET, in_turns, timed
from bench.servers import OURS, keep_off_the_workers_core, postgres_and_directory, running

SIZES = [1_000, 10_000] if os.environ.get("QUICK") else [1_000, 10_000, 100_000]
TIMES = 41
PAGE = 100
NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
HEAD, END = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\n", "END:VTODO\r\nEND:VCALENDAR\r\n"


class Calendar:
    """A project with a fifth of its owner's tasks, as a calendar client sees it."""

    numbers = itertools.count()

    def __init__(self, client: Client, token: str, size: int):
        self.client, self.size = client, size
        _, me, _ = client.send("GET", "/api/v1/me/", token)
        _, made, _ = client.send("POST", "/api/v1/tokens/", token, '{"name": "bench", "kind": "app_password"}')
        pair = f"{me['email']}:{made['token']}".encode()
        self.sign_in = f"Basic {base64.b64encode(pair).decode()}"
        _, projects, _ = client.send("GET", "/api/v1/projects/", token)
        project = next(each["id"] for each in projects["results"] if each["name"] == "project 3")
        self.list = f"/dav/{me['id']}/{project}/"
        self.names, self.token = self.sync("")
        self.put("mine", "First")

    def ask(self, method: str, path: str, body: str = "") -> str:
        self.client.connection.request(method, path, body.encode() or None, {"Authorization": self.sign_in})
        response = self.client.connection.getresponse()
        text = response.read().decode()
        if response.status >= 400:
            sys.exit(f"{method} {path}: {response.status} {text[:500]}")
        return text

    def sync(self, token: str) -> tuple[list[str], str]:
        asked = f"<d:sync-token>{token}</d:sync-token><d:prop><d:getetag/></d:prop>"
        text = self.ask("REPORT", self.list, f"<d:sync-collection {NAMESPACES}>{asked}</d:sync-collection>")
        return re.findall("<d:href>([^<]+[.]ics)<", text), re.findall("<d:sync-token>([^<]+)<", text)[-1]

    def put(self, name: str, title: str) -> None:
        self.ask("PUT", f"{self.list}{name}.ics", f"{HEAD}UID:{name}\r\nSUMMARY:{title}\r\nX-A:b\r\n{END}")

    def add(self) -> None:
        self.put(f"new-{next(self.numbers)}", "New")

    def change(self) -> None:
        self.put("mine", f"Changed {next(self.numbers)}")

    def follow(self) -> None:
        self.sync(self.token)

    def first_sync(self) -> None:
        """The texts of all tasks, up to 10,000, in pages."""
        for page in pages(self.names):
            hrefs = "".join(f"<d:href>{each}</d:href>" for each in page)
            asked = f"<d:prop><d:getetag/><c:calendar-data/></d:prop>{hrefs}"
            self.ask("REPORT", self.list, f"<c:calendar-multiget {NAMESPACES}>{asked}</c:calendar-multiget>")


def pages(names: list[str]) -> list[list[str]]:
    return [names[start : start + PAGE] for start in range(0, min(len(names), 10_000), PAGE)]


def run(server: str, directory: Path) -> None:
    _, tokens = data.make(server, SIZES)
    with running(server, [OURS], directory) as servers:
        calendars = [Calendar(Client(servers[OURS.key]), *each) for each in zip(tokens, SIZES, strict=True)]
        for each in calendars:
            each.token = each.sync(each.token)[1]
        cases: dict[str, list[Callable[[], object]]] = {
            "sync with nothing new": [each.follow for each in calendars],
            "GET": [partial(each.ask, "GET", f"{each.list}mine.ics") for each in calendars],
            "PUT of a change": [each.change for each in calendars],
            "PUT of a new task": [each.add for each in calendars],
        }
        sizes = " | ".join(f"{size:,}" for size in SIZES)
        print(f"\n| Case | ms: {sizes} | ÷ | ≤ {TARGET} |\n|---|{'---|' * (len(SIZES) + 2)}")
        for name, calls in cases.items():
            times = in_turns(calls, TIMES)
            ratio = times[-1] / times[0]
            shown = " | ".join(f"{each:.2f}" for each in times)
            print(f"| {name} | {shown} | {ratio:.2f} | {'met' if ratio <= TARGET else '**missed**'} |")
        for each in calendars:
            taken = timed(each.first_sync) / min(len(each.names), 10_000)
            print(f"First sync of {min(len(each.names), 10_000):,} of {each.size:,}: {taken:.2f} ms a task")


def main() -> None:
    keep_off_the_workers_core()
    with postgres_and_directory(POSTGRES) as (server, directory):
        run(server, directory)


if __name__ == "__main__":
    main()

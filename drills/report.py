"""The results of the drills, as tables."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from drills.load import Record

RECOVERY = 2.0  # seconds after the fault, promised for 99 of 100 clients


@dataclass
class Result:
    name: str
    times: int
    record: Record
    ledger: list[str]
    away: float = 0.0  # duration of the longest fault in seconds
    server_killed: bool = False  # then there may be no response for a moment

    @property
    def broken(self) -> list[str]:
        """The promises that were not kept."""
        found = [] if self.server_killed else list(self.unavailable())
        return [*dict.fromkeys([*found, *self.record.broken, *self.ledger])]

    def unavailable(self) -> Iterator[str]:
        if cut_off := self.record.statuses["no response"]:
            yield f"{cut_off} requests were cut off"
        # Without the fault itself: how long a restart takes depends on the machine.
        if (late := percentile(self.record.recoveries, 99) - self.away) >= RECOVERY:
            yield f"99 of 100 clients were served again {late:.2f} s after the fault"

    def line(self) -> str:
        statuses = ", ".join(f"{count} x {status}" for status, count in sorted(self.record.statuses.items(), key=str))
        return f"{self.name}: {statuses}; {len(self.broken)} promises broken"

    def row(self) -> list[str]:
        statuses, recoveries = self.record.statuses, self.record.recoveries
        good = sum(count for status, count in statuses.items() if isinstance(status, int) and status < 400)
        others = {status: count for status, count in statuses.items() if status not in (200, 201, 204, 304, 500, 503)}
        return [
            self.name,
            str(self.times),
            str(statuses.total()),
            str(good),
            str(statuses[503]),
            str(statuses[500]),
            " ".join(f"{count} x {status}" for status, count in others.items()) or "-",
            f"{self.away:.2f}",
            str(len(recoveries)),
            *(f"{percentile(recoveries, share):.2f}" for share in (50, 99, 100)),
            f"{self.record.slowest:.2f}",
            "FAILED" if self.broken else "kept",
        ]


HEAD = ["fault", "times", "requests", "good", "503", "500", "other"]
HEAD += ["away s", "recoveries", "p50 s", "p99 s", "worst s", "slowest response s", "promises"]


def percentile(values: Sequence[float], share: int) -> float:
    return sorted(values)[max(0, -(-len(values) * share // 100) - 1)] if values else 0.0


def table(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def print_results(results: list[Result]) -> list[str]:
    """Print the tables. Return the broken promises."""
    print(f"\n{table([HEAD, *(result.row() for result in results)])}")
    broken = [f"{result.name}: {broken[:500]}" for result in results for broken in result.broken[:10]]
    recoveries = [seconds for result in results if not result.server_killed for seconds in result.record.recoveries]
    print(f"\n{sum(result.record.requests for result in results)} requests under faults.")
    print("Recovery: from a client's first failure to its next success; away: how long the longest fault lasted.")
    if recoveries:
        print(f"Of {len(recoveries)}: p50 {percentile(recoveries, 50):.2f} s, p99 {percentile(recoveries, 99):.2f} s.")
    return broken


def errors_in(log: Path) -> Counter:
    """The errors in a server's log: the message and the last line of the exception."""
    found: Counter = Counter()
    for text in log.read_text().splitlines():
        line = json.loads(text) if text.startswith("{") else {}
        if line.get("level") in ("ERROR", "CRITICAL"):
            lines = re.findall(r"^\w+(?:\.\w+)+: .*", line.get("exception", ""), re.MULTILINE)
            found[re.sub(r"/\S+|port \d+", "…", f"{line['message']} {lines[-1] if lines else ''}")] += 1
    return found

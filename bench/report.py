"""The figures as tables."""

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.cases import FLOOR_TARGET, LIST, MEASURED, Case
from bench.servers import FLOOR, OURS, PEER_CONTESTANTS, VENV, Contestant
from bench.wrk import Run

Figures = dict[tuple[str, str], list[Run]]  # by case and contestant, one run per round


@dataclass(frozen=True)
class Verdict:
    title: str
    against: str
    target: float
    ratios: Sequence[float]  # one per round
    cpu: float  # a ratio, too; other processes hardly affect it

    @property
    def met(self) -> bool:
        return median(self.ratios) >= self.target

    def row(self) -> str:
        measured = f"{median(self.ratios):.2f} | {min(self.ratios):.2f}–{max(self.ratios):.2f} | {self.cpu:.2f}"
        said = "met" if self.met else "**missed**"
        return f"| {self.title} | {self.against} | ≥ {self.target:g} | {measured} | {said} |"


def verdict(case: Case, figures: Figures) -> Verdict:
    other = case.against_case or case.key
    rival = max(case.against, key=lambda each: median(speeds(figures[other, each.key])))
    own = next(each.title for each in MEASURED if each.key == other)
    said = f"its own “{own}”" if case.against_case else rival.name
    return Verdict(case.title, said, case.target, *ratios(figures, case, other, rival))


def speeds(runs: list[Run]) -> list[float]:
    return [run.per_second for run in runs]


def ratios(figures: Figures, case: Case, other: str, rival: Contestant) -> tuple[list[float], float]:
    """The ratios of the speeds in each round, in which a slower machine affects both sides, and that of CPU time."""
    ours, theirs = figures[case.key, OURS.key], figures[other, rival.key]
    by_speed = [own.per_second / their.per_second for own, their in zip(ours, theirs, strict=True)]
    cpu_of_ours = median(run.cpu_ms for run in ours) / case.per_request
    return by_speed, median(run.cpu_ms for run in theirs) / cpu_of_ours


def verdicts(figures: Figures) -> list[Verdict]:
    found = [verdict(case, figures) for case in MEASURED]
    floor = ratios(figures, LIST, LIST.key, FLOOR)
    return [*found, Verdict(LIST.title, f"{FLOOR.name}, the floor", FLOOR_TARGET, *floor)]


def targets_table(figures: Figures) -> str:
    rows = ["| Case | Against | Target | Measured | Min–max | By CPU | |", "|---|---|---|---|---|---|---|"]
    return "\n".join(rows + [each.row() for each in verdicts(figures)])


def speeds_table(figures: Figures) -> str:
    return contestants_table(figures, speed_cell, " (tasks)")


def cpu_table(figures: Figures) -> str:
    return contestants_table(figures, lambda runs: f"{median(run.cpu_ms for run in runs):.2f}", "")


def contestants_table(figures: Figures, cell: Callable[[list[Run]], str], of_many: str) -> str:
    contestants = (OURS, *PEER_CONTESTANTS)
    rows = [f"| Case | {' | '.join(each.name for each in contestants)} |", f"|---|{'---|' * len(contestants)}"]
    for case in MEASURED:
        runs = [figures.get((case.key, each.key)) for each in contestants]
        unit = of_many if case.per_request > 1 else ""
        rows.append(f"| {case.title}{unit} | {' | '.join(cell(each) if each else '' for each in runs)} |")
    return "\n".join(rows)


def speed_cell(runs: list[Run]) -> str:
    return f"{median(speeds(runs)):,.0f}"


def machine() -> str:
    """The processor and its number of cores, without anything that identifies the machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.machine()}, {os.cpu_count()} cores, {platform.system()}"


def versions(postgres: str, wrk: str) -> str:
    names = ["fastapi", "sqlmodel", "pydantic", "SQLAlchemy", "asyncpg", "uvicorn", "uvloop", "django-ninja"]
    shared = ["Django", "djangorestframework", "psycopg2-binary", "gunicorn", "orjson"]
    ours = f"{platform.python_version()}; Postgres {postgres}; wrk {wrk}; {installed(Path(sys.executable), shared)}"
    return f"Python {ours}. Peers: {installed(VENV / 'python', names)}"


def installed(python: Path, names: list[str]) -> str:
    script = "import sys; from importlib.metadata import version; [print(n, version(n)) for n in sys.argv[1:]]"
    said = subprocess.run([python, "-c", script, *names], capture_output=True, text=True, check=True).stdout
    return ", ".join(said.splitlines())


def today() -> str:
    return datetime.now(UTC).date().isoformat()

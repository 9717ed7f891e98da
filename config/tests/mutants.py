"""The code, broken in telling ways, one at a time: each time the tests have to go red. `make mutants` tries them all.

A mutant that no test notices is a promise that no test holds.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2


class Mutant(NamedTuple):
    what: str
    file: str
    code: str  # stands there once
    broken: str  # stands in its place
    tests: list[str]  # files, one of whose tests goes red
    database: str = "sqlite"


MUTANTS = [Mutant(**each) for each in tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["mutants"]]


def pytest(directory: Path, database: str, tests: Iterable[str]) -> int:
    command = [sys.executable, "-m", "pytest", f"--database={database}", "-q", "-x", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # a file that changes twice a second looks unchanged
    return subprocess.run([*command, *tests], cwd=directory, env=environment, capture_output=True).returncode


def copy_of_the_project(directory: Path) -> Path:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, directory / name)
    shutil.copy2(ROOT / ".env", directory / ".env")
    return directory


def is_noticed(mutant: Mutant, directory: Path) -> bool:
    file = directory / mutant.file
    whole = file.read_text()
    file.write_text(whole.replace(mutant.code, mutant.broken))
    try:
        return pytest(directory, mutant.database, mutant.tests) == 1  # 1: tests failed. Any other says nothing of them
    finally:
        file.write_text(whole)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="todo-mutants-") as scratch:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(AT_ONCE):
            copies.put(copy_of_the_project(Path(scratch, str(number))))

        def attempt(mutant: Mutant) -> bool:
            directory = copies.get()
            started = time.monotonic()
            try:
                noticed = is_noticed(mutant, directory)
            finally:
                copies.put(directory)
            verdict = "red " if noticed else "GREEN"
            print(f"{verdict} {mutant.what} ({mutant.file}; {time.monotonic() - started:.0f} s)", flush=True)
            return noticed

        for database in ("sqlite", "postgres"):
            files = {name for mutant in MUTANTS if mutant.database == database for name in mutant.tests}
            if pytest(Path(scratch, "0"), database, sorted(files)):
                sys.exit(f"The tests are red on {database} without any mutant.")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            noticed = list(pool.map(attempt, MUTANTS))
    print(f"{sum(noticed)} of {len(MUTANTS)} noticed.")
    sys.exit(not all(noticed))


if __name__ == "__main__":
    main()

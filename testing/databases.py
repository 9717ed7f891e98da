"""Databases for tests and for the servers that they start: copies of one that was migrated once for the whole run."""

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parents[1]


def once(name: str, make: Callable[[Path], None]) -> Path:
    """A file or directory of this run, made by the first of its processes that needs it."""
    place = Path(os.environ["TEST_RUN_DIRECTORY"]) / name
    with place.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            make(place)
    return place


def is_sqlite() -> bool:
    return os.environ["DATABASE_URL"].startswith("sqlite")


def on_postgres(*statements: str) -> None:
    """Run statements about whole databases."""
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def url_of(name: str) -> str:
    """The URL of a database by its name, which in SQLite is its file."""
    if is_sqlite():
        return f"sqlite:///{name}"
    server, question, options = os.environ["DATABASE_URL"].partition("?")
    return f"{server.rpartition('/')[0]}/{name}{question}{options}"


def migrate(url: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, check=True)


@contextmanager
def postgres_database(source: str = "template1") -> Iterator[str]:
    """The name of a copy of the database `source`, which ends with this."""
    name = f"todo_test_{secrets.token_hex(4)}"
    on_postgres(f"CREATE DATABASE {name} TEMPLATE {source}")
    try:
        yield name
    finally:
        on_postgres(f"DROP DATABASE {name} WITH (FORCE)")


def make_template(place: Path) -> None:
    """A migrated database without rows: in SQLite this file, in Postgres its name is in it."""
    if is_sqlite():
        migrate(url_of(f"{place}.new"))
        Path(f"{place}.new").rename(place)
        return
    name = f"todo_template_{secrets.token_hex(4)}"
    on_postgres(f"CREATE DATABASE {name}")
    migrate(url_of(name))
    # It can be copied while nobody is connected; a pooler stays connected.
    others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    on_postgres(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", others)
    place.write_text(name)


def drop_template() -> None:
    place = Path(os.environ["TEST_RUN_DIRECTORY"]) / "template"
    if place.exists() and not is_sqlite():
        on_postgres(f"DROP DATABASE {place.read_text()}")


@contextmanager
def migrated_database(directory: Path) -> Iterator[str]:
    """The name of a database without rows, which ends with this; in SQLite it is a file in this directory."""
    template = once("template", make_template)
    if is_sqlite():
        yield shutil.copyfile(template, f"{directory}/db.sqlite3")
        return
    with postgres_database(template.read_text()) as name:
        yield name


@contextmanager
def empty_database() -> Iterator[dict[str, str]]:
    """The setting of a database without tables; none on SQLite, where a database is just another file."""
    if is_sqlite():
        yield {}
        return
    with postgres_database() as name:
        yield {"DATABASE_URL": url_of(name)}

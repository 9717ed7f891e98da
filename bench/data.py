"""The same data for all contestants: created in this project's database, then copied to the peers'.

echo 1000 5000 | python -m bench.data: migrates the database of DATABASE_URL, and creates an owner with 1000 tasks and
one with 5000. Prints the secrets of their tokens, one per line.
"""

import io
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from bench.servers import OURS, ROOT, our_environment

HERE = Path(__file__).parent
# The tables of the peers, with the queries for their rows in this project's database.
COPIED = {
    "users": "SELECT id, email, timezone, is_active FROM users_user",
    "tokens": "SELECT id, owner_id, digest, expires_at FROM users_apitoken",
    "projects": "SELECT id, owner_id, name FROM todos_project",
    "tags": "SELECT id, owner_id, name FROM todos_tag",
    "tasks": (
        "SELECT id, owner_id, title, description, completed_at, priority, start_date, start_time, due_date, due_time, "
        "reminders, recurrence, repeat_from, occurrence_date, series, next_occurrence, project_id, parent_id, "
        "position, created_at, updated_at, revision FROM todos_task"
    ),
    "task_tags": "SELECT id, task_id, tag_id FROM todos_tasktag",
}


@contextmanager
def connect(url: str) -> Iterator:
    """A cursor that commits each statement, and takes the time that it needs: the role's timeout is for requests."""
    with closing(psycopg2.connect(url, options="-c statement_timeout=0")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def database(server: str, name: str) -> str:
    """The URL of another database on the same server."""
    return f"{server.rsplit('/', 1)[0]}/{name}"


def make(server: str, sizes: list[int]) -> tuple[str, list[str]]:
    """Create this project's database with one owner per size. Return its URL and the owners' secrets."""
    url = database(server, OURS.key)
    with connect(server) as admin:
        admin.execute(f"CREATE DATABASE {OURS.key}")
    command, given = [sys.executable, "-m", "bench.data"], " ".join(map(str, sizes))
    done = subprocess.run(command, env=our_environment(url), cwd=ROOT, input=given, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("The data could not be made.")
    return url, done.stdout.split()


def copy(server: str, source: str, targets: list[str]) -> None:
    """Copy this project's database `source` into new databases with the peers' tables."""
    with connect(database(server, source)) as ours, connect(server) as admin:
        first, *others = targets
        admin.execute(f"CREATE DATABASE {first}")
        with connect(database(server, first)) as theirs:
            theirs.execute((HERE / "peers" / "schema.sql").read_text())
            for table, query in COPIED.items():
                rows = io.BytesIO()
                ours.copy_expert(f"COPY ({query}) TO STDOUT", rows)
                rows.seek(0)
                theirs.copy_expert(f"COPY {table} FROM STDIN", rows)
            theirs.execute("SELECT setval(pg_get_serial_sequence('task_tags', 'id'), max(id)) FROM task_tags")
            theirs.execute("VACUUM ANALYZE")
        for name in others:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {first}")


def tidy(url: str, table: str) -> None:
    """Undo the writes of a run, so that the next one starts with the same data."""
    with connect(url) as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE title LIKE 'bench %'")
        cursor.execute(f"UPDATE {table} SET completed_at = NULL WHERE completed_at > created_at + interval '1 second'")
        cursor.execute(f"VACUUM {table}")


def fill(sizes: list[int]) -> Iterator[str]:
    """Create the owners with Django, and their tasks with SQL: millions in a minute."""
    from django.db import connection

    owners, tokens = make_owners(sizes)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bench_owner (id uuid, size int)")
        rows = ",".join(cursor.mogrify("(%s::uuid, %s)", [str(o.pk), o.revision]).decode() for o in owners)
        cursor.execute(f"INSERT INTO bench_owner VALUES {rows}")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        indexes = drop_indexes(cursor)
        cursor.execute((HERE / "tasks.sql").read_text())
        for index in indexes:
            cursor.execute(index)
        cursor.execute("UPDATE users_user SET revision = revision + 100")
        cursor.execute("VACUUM ANALYZE")
    yield from tokens


def make_owners(sizes: list[int]) -> tuple[list, list[str]]:
    from django.contrib.auth import get_user_model
    from django.db.models import QuerySet

    from todos.models import Project, Tag
    from users.models import ApiToken, digest

    User = get_user_model()
    owners = [User(email=f"owner{n}@example.com", password="!", revision=size) for n, size in enumerate(sizes)]
    User.objects.bulk_create(owners)
    tokens = [f"todo_{secrets.token_urlsafe(32)}" for _ in owners]
    ApiToken.objects.bulk_create(
        ApiToken(owner=owner, name="bench", digest=digest(token), prefix=token[: ApiToken.PREFIX_LENGTH])
        for owner, token in zip(owners, tokens, strict=True)
    )
    # Without revisions, which the project's own querysets would add.
    model: Any
    for model, name, count in ((Project, "project", 6), (Tag, "tag", 10)):
        things = [model(owner=o, name=f"{name} {n}", revision=n + 1) for o in owners for n in range(count)]
        for thing in things:
            thing.clean()  # folds the name
            thing.stamp(thing.revision)
        QuerySet(model).bulk_create(things, batch_size=5000)
    return owners, tokens


def drop_indexes(cursor) -> list[str]:
    """Drop the indexes without a constraint of the two large tables. Return the statements to create them again."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid IN ('todos_task'::regclass, 'todos_tasktag'::regclass) "
        "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in indexes]


if __name__ == "__main__":
    import os

    import django
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("prepare_role", stdout=io.StringIO())
    for secret in fill([int(size) for size in sys.stdin.read().split()]):
        print(secret)

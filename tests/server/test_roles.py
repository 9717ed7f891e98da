"""Row-level security with the roles of hosting providers: Neon's, and one that can't create roles."""

import os
import re
import subprocess
import sys

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from testing.postgres import temporary_postgres

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles")


GUIDE = (settings.BASE_DIR / "docs" / "deploy.md").read_text()


class Database:
    """An empty database on its own server, and the role that owns it."""

    def __init__(self, server: str, name: str, rights: str, template: str = "template1"):
        self.server = server
        self.as_superuser(f"CREATE ROLE {name} LOGIN {rights}")
        self.as_superuser(f"CREATE DATABASE {name} OWNER {name} TEMPLATE {template}")
        self.url = server.replace("postgres@", f"{name}@").removesuffix("/postgres") + f"/{name}"

    def as_superuser(self, *commands: str) -> None:
        self.execute(self.server, *commands)

    def as_owner(self, *commands: str) -> None:
        self.execute(self.url, *commands)

    @staticmethod
    def execute(url: str, *commands: str) -> None:
        session = psycopg2.connect(url)
        session.autocommit = True
        with session.cursor() as cursor:
            for command in commands:
                cursor.execute(command)
        session.close()

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run([sys.executable, "manage.py", *arguments], environment)

    def start(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Load the application, as a server does."""
        return self.run([sys.executable, "-c", "import config.wsgi"], environment)

    def run(self, command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DATABASE_URL": self.url, **environment}
        return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def server():
    with temporary_postgres() as url:
        yield url


@pytest.fixture(scope="module")
def migrated(server) -> str:
    """The name of a database to copy, where what comes after `migrate` is tested."""
    name = "migrated"
    done = Database(server, name, "CREATEROLE SUPERUSER").manage("migrate")
    assert done.returncode == 0, done.stderr
    return name


def test_the_owner_that_neon_gives_needs_nothing_done_by_hand(server):
    neon = Database(server, "neondb_owner", "CREATEROLE CREATEDB BYPASSRLS")

    migrated = neon.manage("migrate")

    assert "CREATE ROLE todo_api NOLOGIN\nGRANT todo_api TO CURRENT_USER\n" in migrated.stdout, migrated.stderr
    assert neon.manage("check", "--database=default").returncode == 0
    assert neon.start().returncode == 0
    assert neon.manage("migrate").stdout.count("GRANT") == 0


@pytest.mark.parametrize("may_create_roles", [True, False])
def test_a_plain_owner_works_where_the_role_was_made_ready(server, may_create_roles):
    name = f"plain_{may_create_roles}".lower()
    plain = Database(server, name, "CREATEROLE" if may_create_roles else "")
    plain.as_superuser(
        "DO $$ BEGIN CREATE ROLE todo_api NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        f"GRANT todo_api TO {name}",
    )

    migrated = plain.manage("migrate")

    assert migrated.returncode == 0, migrated.stderr
    assert plain.start().returncode == 0


def test_the_guides_statements_make_a_plain_role_ready():
    statements = re.search(r"### A plain role.*?```sql\n(.*?)```", GUIDE, re.DOTALL).group(1)
    with temporary_postgres() as url:
        neon = Database(url, "neondb_owner", "CREATEROLE CREATEDB BYPASSRLS")
        neon.as_owner(*filter(str.strip, statements.split(";")))
        plain = {"DATABASE_URL": neon.url.replace("neondb_owner@", "todo@").replace("/neondb_owner", "/todo")}

        migrated = neon.manage("migrate", **plain)

        assert migrated.returncode == 0, migrated.stderr
        assert neon.start(**plain).returncode == 0


def test_without_the_right_to_make_roles_it_says_what_is_needed(server):
    plain = Database(server, "helpless", "")
    plain.as_superuser("DO $$ BEGIN CREATE ROLE todo_api NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")

    refused = plain.manage("migrate")
    without = plain.manage("migrate", ROW_LEVEL_SECURITY="False")

    assert refused.returncode == 1
    assert "GRANT todo_api TO CURRENT_USER" in refused.stderr
    assert "To run without row-level security, set ROW_LEVEL_SECURITY=False." in refused.stderr
    assert "Traceback" not in refused.stderr
    assert without.returncode == 0
    assert plain.start(ROW_LEVEL_SECURITY="False").returncode == 0


def rows_as_the_api_sees_them(database: Database) -> None:
    """Raises psycopg2.Error where a request would fail."""
    database.as_owner("SET ROLE todo_api", "SELECT FROM todos_task", "SELECT FROM users_session")


def test_where_nobody_may_use_the_schema_migrate_lets_the_api_use_it(server):
    strict = Database(server, "strict", "CREATEROLE SUPERUSER")
    strict.as_owner("REVOKE ALL ON SCHEMA public FROM PUBLIC")

    migrated = strict.manage("migrate")

    assert "GRANT USAGE ON SCHEMA public TO todo_api\n" in migrated.stdout, migrated.stderr
    rows_as_the_api_sees_them(strict)
    assert strict.start().returncode == 0
    assert strict.manage("migrate").stdout.count("GRANT") == 0


def test_what_is_revoked_later_stops_the_process_by_name_until_migrate_grants_it(server, migrated):
    strict = Database(server, "stricter", "CREATEROLE SUPERUSER", migrated)
    strict.as_owner("REVOKE ALL ON SCHEMA public FROM PUBLIC", "REVOKE ALL ON SCHEMA public FROM todo_api")

    stopped = strict.start()
    migrated = strict.manage("migrate")

    assert stopped.returncode == 1
    assert "(ownership.E001) The role of row-level security is not ready." in stopped.stderr
    assert "GRANT USAGE ON SCHEMA public TO todo_api." in stopped.stderr
    assert migrated.returncode == 0
    assert strict.start().returncode == 0


def test_the_tables_may_be_in_another_schema(server):
    other = Database(server, "other_schema", "CREATEROLE SUPERUSER")
    other.as_owner('CREATE SCHEMA "To do"', 'ALTER ROLE other_schema SET search_path = "To do"')

    migrated = other.manage("migrate")

    assert 'GRANT USAGE ON SCHEMA "To do" TO todo_api\n' in migrated.stdout, migrated.stderr
    rows_as_the_api_sees_them(other)
    assert other.start().returncode == 0


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_can_not_hold_every_text_is_refused(server, encoding):
    name = encoding.lower()
    database = Database(server, name, "CREATEROLE SUPERUSER")
    database.as_superuser(
        f"DROP DATABASE {name}",
        f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'",
    )

    for setting in ("DATABASE_URL", "DATABASE_URL_UNPOOLED"):
        refused = database.manage("migrate", **{setting: database.url})
        assert refused.returncode == 1
        assert refused.stderr.splitlines() == [
            f"CommandError: This database's encoding is {encoding}, in which not every text can be kept. Make one in "
            "UTF-8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        ]
    database.as_owner("CREATE TABLE django_migrations ()")  # nothing was made


def test_a_missing_policy_stops_the_process(server, migrated):
    neon = Database(server, "damaged", "CREATEROLE BYPASSRLS SUPERUSER", migrated)
    session = psycopg2.connect(neon.url)
    with session, session.cursor() as cursor:
        cursor.execute("DROP POLICY owner_only ON todos_task")
    session.close()

    stopped = neon.start()

    assert stopped.returncode == 1
    assert "Tables without row-level security: todos_task." in stopped.stderr
    assert neon.start(ROW_LEVEL_SECURITY="False").returncode == 0


def test_one_who_connects_and_sees_nothing_stops_the_process(server, migrated):
    owner = Database(server, "real_owner", "CREATEROLE BYPASSRLS SUPERUSER", migrated)
    owner.as_superuser("CREATE ROLE visitor LOGIN", "GRANT todo_api TO visitor")
    session = psycopg2.connect(owner.url)
    with session, session.cursor() as cursor:
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO visitor")
    session.close()

    stopped = owner.start(DATABASE_URL=owner.url.replace("real_owner@", "visitor@"))

    assert stopped.returncode == 1
    assert re.search(r"The admin and the commands can't see any rows of [\w, ]*\btodos_task\b", stopped.stderr)


def test_with_the_database_away_the_process_starts(tmp_path):
    away = f"postgres://nobody@{str(tmp_path).replace('/', '%2F')}/nothing"
    command = [sys.executable, "-c", "import config.wsgi"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env={**os.environ, "DATABASE_URL": away}, capture_output=True)

    assert done.returncode == 0


def test_migrate_goes_to_the_unpooled_url(server):
    neon = Database(server, "unpooled", "SUPERUSER")

    migrated = neon.manage(
        "migrate", DATABASE_URL="postgres://nobody@127.0.0.1:1/unpooled", DATABASE_URL_UNPOOLED=neon.url
    )

    assert migrated.returncode == 0, migrated.stderr
    assert neon.manage("check", "--database=default").returncode == 0


def test_the_role_gets_its_timeouts(server):
    neon = Database(server, "slow", "")

    said = neon.manage("prepare_role").stdout

    session = psycopg2.connect(neon.url)
    with session, session.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("10s",)
    session.close()
    assert said.splitlines() == [
        "ALTER ROLE CURRENT_USER SET statement_timeout = '10s'",
        "ALTER ROLE CURRENT_USER SET lock_timeout = '5s'",
        "ALTER ROLE CURRENT_USER SET idle_in_transaction_session_timeout = '15s'",
        "ALTER ROLE CURRENT_USER SET timezone = 'UTC'",
        "ALTER ROLE CURRENT_USER SET max_parallel_workers_per_gather = '0'",
    ]

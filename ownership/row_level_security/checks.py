"""What the wall (ownership/row_level_security/__init__.py) needs in the database besides the migrations: a role, and what it may do.

Not in a migration, because a role belongs to the server: a copy of the database on another server has all migrations
behind it, and no role. `manage.py migrate` completes the wall whenever it runs.
"""

from django.core import checks
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from ownership import row_level_security
from ownership.row_level_security import guarded_tables, is_wanted, reached_tables

PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
SWITCH = "ROW_LEVEL_SECURITY=False does without."
HAS_SET_OPTION = 160000  # the version; before it, every member of a role could become it


def fetch(sql: str, *parameters) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def missing() -> list[str]:
    """The statements that would complete the wall; none when it stands, or is not wanted."""
    return [*role_commands(), *grants()] if is_wanted() else []


def complete() -> list[str]:
    """Complete the wall; returns the statements that it took. Raises DatabaseError if this role may not do it."""
    done = []
    for command in missing():
        try:
            with connection.cursor() as cursor:
                cursor.execute(command)
        except DatabaseError:  # another process may have been faster
            if command in missing():
                raise
        else:
            done.append(command)
    return done


def role_commands() -> list[str]:
    found = fetch("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", row_level_security.ROLE)
    if not found:
        return [f"CREATE ROLE {row_level_security.ROLE} NOLOGIN", f"GRANT {row_level_security.ROLE} TO CURRENT_USER"]
    commands = [f"ALTER ROLE {row_level_security.ROLE} NOSUPERUSER NOBYPASSRLS"] if found[0][0] else []
    become = "SET" if connection.pg_version >= HAS_SET_OPTION else "MEMBER"  # type: ignore[attr-defined]
    [[may_become]] = fetch("SELECT pg_has_role(%s, %s)", row_level_security.ROLE, become)
    return commands if may_become else [*commands, f"GRANT {row_level_security.ROLE} TO CURRENT_USER"]


def grants() -> list[str]:
    tables = existing(guarded_tables() | reached_tables())
    role_exists = fetch("SELECT 1 FROM pg_roles WHERE rolname = %s", row_level_security.ROLE)
    schemas = closed_schemas(tables, row_level_security.ROLE if role_exists else "public")
    if role_exists:
        has_all = " AND ".join(
            f"has_table_privilege('{row_level_security.ROLE}', name, '{each}')" for each in PRIVILEGES
        )
        tables = where(tables, f"NOT ({has_all})")
    return [
        *(f"GRANT USAGE ON SCHEMA {schema} TO {row_level_security.ROLE}" for schema in schemas),
        *(f"GRANT {', '.join(PRIVILEGES)} ON {name} TO {row_level_security.ROLE}" for name in tables),
    ]


def closed_schemas(tables: list[str], role: str) -> list[str]:
    """The schemas of these tables in which the role finds nothing. The role "public" stands for every role."""
    sql = (
        "SELECT DISTINCT relnamespace::regnamespace::text FROM pg_class JOIN unnest(%s::text[]) name"
        " ON pg_class.oid = name::regclass WHERE NOT has_schema_privilege(%s, relnamespace, 'USAGE')"
    )
    return [schema for (schema,) in fetch(sql, tables, role)]


def without_policy() -> list[str]:
    has_policy = "SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid AND polname = %s"
    sql = f"SELECT 1 FROM pg_class WHERE oid = name::regclass AND relrowsecurity AND EXISTS ({has_policy})"  # noqa: S608
    return where(existing(guarded_tables()), f"NOT EXISTS ({sql})", row_level_security.POLICY)


def hidden_from_operators() -> list[str]:
    return where(existing(guarded_tables()), "row_security_active(name)")


def existing(tables: set[str]) -> list[str]:
    return sorted(tables.intersection(connection.introspection.table_names()))


def where(tables: list[str], condition: str, *parameters) -> list[str]:
    """Those of the tables for whose `name` Postgres finds the condition true."""
    sql = f"SELECT name FROM unnest(%s::text[]) name WHERE {condition}"  # noqa: S608
    return [name for (name,) in fetch(sql, tables, *parameters)]


@checks.register(checks.Tags.database)
def check_row_level_security(databases=None, **kwargs) -> list[checks.CheckMessage]:
    """Whether Postgres enforces the owner rule too. Asked only when all migrations are applied."""
    if not databases or not is_wanted():
        return []
    executor = MigrationExecutor(connection)
    return [] if executor.migration_plan(executor.loader.graph.leaf_nodes()) else list(faults())


def faults():
    if commands := missing():
        hint = "Run `manage.py migrate`, or have done by someone who may: " + "; ".join(commands)
        yield checks.Error("The role of row-level security is not ready.", f"{hint}. {SWITCH}", id="ownership.E001")
    if tables := without_policy():
        hint = "Call `ownership.row_level_security.guard` in a migration, or find out who dropped the policy."
        yield checks.Error(f"Without row-level security: {', '.join(tables)}.", f"{hint} {SWITCH}", id="ownership.E002")
    if tables := hidden_from_operators():
        hint = f"The role that connects has to own the tables or have BYPASSRLS. {SWITCH}"
        yield checks.Error(f"The admin and commands see nothing of {', '.join(tables)}.", hint, id="ownership.E003")


def verify() -> None:
    """Stop the process if the wall has a fault. With the database away, that is found out at the first request."""
    was_open = connection.connection is not None
    try:
        found = check_row_level_security(databases=["default"])
    except OperationalError:
        row_level_security.to_be_verified = verify
        return
    finally:
        if not was_open:  # the threads that answer requests have connections of their own
            connection.close()
    row_level_security.to_be_verified = None
    if found:
        raise SystemCheckError("\n".join(map(str, found)))

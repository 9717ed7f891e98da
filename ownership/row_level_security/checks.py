"""What row-level security needs besides the migrations: the role `todo_api` and its privileges.

They aren't in a migration, because roles belong to the server: a copy of the database on another server has all
migrations applied, and no role. `manage.py migrate` adds what is missing each time it runs.
"""

from collections.abc import Iterable, Iterator

from django.core import checks
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, OperationalError, connection, models
from django.db.migrations.executor import MigrationExecutor

from ownership import row_level_security
from ownership.row_level_security import is_enabled, owned_keys, protected_tables, shared_tables

PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
OPT_OUT = "To run without row-level security, set ROW_LEVEL_SECURITY=False."
HAS_SET_OPTION = 160000  # the Postgres version; before it, each member of a role could switch to it


def fetch(sql: str, *parameters) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def missing_statements() -> list[str]:
    """The statements that the role and its privileges still need; an empty list when row-level security is off."""
    return [*role_statements(), *grant_statements()] if is_enabled() else []


def prepare() -> list[str]:
    """Create the role and grant its privileges, where missing. Return the statements that were run.

    Raises DatabaseError if the role that connects isn't allowed to.
    """
    done = []
    for statement in missing_statements():
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except DatabaseError:  # another process may have run it in the meantime
            if statement in missing_statements():
                raise
        else:
            done.append(statement)
    return done


def role_statements() -> list[str]:
    found = fetch("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", row_level_security.ROLE)
    if not found:
        return [f"CREATE ROLE {row_level_security.ROLE} NOLOGIN", f"GRANT {row_level_security.ROLE} TO CURRENT_USER"]
    statements = [f"ALTER ROLE {row_level_security.ROLE} NOSUPERUSER NOBYPASSRLS"] if found[0][0] else []
    [[version]] = fetch("SELECT current_setting('server_version_num')::int")
    option = "SET" if version >= HAS_SET_OPTION else "MEMBER"
    [[may_switch]] = fetch("SELECT pg_has_role(%s, %s)", row_level_security.ROLE, option)
    return statements if may_switch else [*statements, f"GRANT {row_level_security.ROLE} TO CURRENT_USER"]


def grant_statements() -> list[str]:
    tables = existing_tables({*protected_tables(), *shared_tables()})
    role_exists = fetch("SELECT 1 FROM pg_roles WHERE rolname = %s", row_level_security.ROLE)
    schemas = closed_schemas(tables, row_level_security.ROLE if role_exists else "public")
    if role_exists:
        has_all = " AND ".join(
            f"has_table_privilege('{row_level_security.ROLE}', name, '{each}')" for each in PRIVILEGES
        )
        tables = tables_where(tables, f"NOT ({has_all})")
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


def policy_statements() -> dict[str, list[str]]:
    """The statements that each table still needs to be protected, by table. They belong into a migration."""
    tables = existing_tables(protected_tables())
    off = tables_where(tables, "NOT (SELECT relrowsecurity FROM pg_class WHERE oid = name::regclass)")
    has_policy = "EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = name::regclass AND polname = %s)"
    without_policy = tables_where(tables, f"NOT {has_policy}", row_level_security.POLICY)
    statements: dict[str, list[str]] = {name: [] for name in sorted({*off, *without_policy})}
    for name in off:
        statements[name].append(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;")
    for name in without_policy:
        owner = "(SELECT NULLIF(current_setting('app.owner', true), '')::uuid)"
        condition = f"{protected_tables()[name]} = {owner}"
        statements[name].append(f"CREATE POLICY {row_level_security.POLICY} ON {name} USING ({condition});")
    return statements


def key_statements() -> dict[str, list[str]]:
    """The statements that each reference still needs to stay within one owner, by the name of its field.

    The key includes the owner. It replaces Django's own: two would be checked at each write.
    """
    sql = (
        "SELECT conname, array(SELECT attname::text FROM unnest(conkey) key JOIN pg_attribute"
        " ON attrelid = conrelid AND attnum = key) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass"
    )
    statements = {}
    for key in owned_keys():
        table, target = key.model._meta.db_table, key.related_model._meta.db_table
        found = [(name, columns) for name, columns in fetch(sql, table) if key.column in columns]
        needed = [f"ALTER TABLE {table} DROP CONSTRAINT {name};" for name, columns in found if len(columns) == 1]
        if not any(len(columns) > 1 for _, columns in found):
            cascade = " ON DELETE CASCADE" if key.remote_field.on_delete is models.CASCADE else ""
            needed.append(
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_{key.name}_same_owner"
                f" FOREIGN KEY (owner_id, {key.column}) REFERENCES {target} (owner_id, id){cascade} NOT DEFERRABLE;"
            )
        if needed:
            statements[str(key)] = needed
    return statements


def hidden_tables() -> list[str]:
    """The tables whose rows the role that connects can't see itself."""
    return tables_where(existing_tables(protected_tables()), "row_security_active(name)")


def existing_tables(names: Iterable[str]) -> list[str]:
    return sorted(set(names).intersection(connection.introspection.table_names()))


def tables_where(tables: list[str], condition: str, *parameters) -> list[str]:
    """Those of the tables that meet the SQL condition on their `name`."""
    sql = f"SELECT name FROM unnest(%s::text[]) name WHERE {condition}"  # noqa: S608 (all conditions are in this file)
    return [name for (name,) in fetch(sql, tables, *parameters)]


@checks.register(checks.Tags.database)
def check_row_level_security(databases=None, **kwargs) -> list[checks.CheckMessage]:
    """Check that Postgres enforces the owner rule. Does nothing while migrations are unapplied."""
    if not databases or not is_enabled():
        return []
    executor = MigrationExecutor(connection)
    return [] if executor.migration_plan(executor.loader.graph.leaf_nodes()) else list(find_faults())


def find_faults() -> Iterator[checks.CheckMessage]:
    if statements := missing_statements():
        hint = f"Run `manage.py migrate`, or ask an administrator to run: {'; '.join(statements)}. {OPT_OUT}"
        yield checks.Error("The role of row-level security is not ready.", hint, id="ownership.E001")
    tables, keys = policy_statements(), key_statements()
    if tables:
        message = f"Tables without row-level security: {', '.join(tables)}."
        yield checks.Error(message, hint_for_migration({**tables, **keys}), id="ownership.E002")
    if keys:
        message = f"References that another owner's row could be in: {', '.join(keys)}."
        hint = "The hint of ownership.E002 includes them." if tables else hint_for_migration(keys)
        yield checks.Error(message, hint, id="ownership.E004")
    if hidden := hidden_tables():
        hint = f"Connect as the role that owns the tables, or as one with BYPASSRLS. {OPT_OUT}"
        message = f"The admin and the commands can't see any rows of {', '.join(hidden)}."
        yield checks.Error(message, hint, id="ownership.E003")


# Deferred, because Django adds its own keys to a new table at the end of the migration.
OPERATION = '''
POSTGRES = """
{}
"""


def run_on_postgres(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.deferred_sql.append(POSTGRES)


class Migration(migrations.Migration):
    operations = [
        ...,
        migrations.RunPython(run_on_postgres, migrations.RunPython.noop),
    ]
'''


def hint_for_migration(statements: dict[str, list[str]]) -> str:
    sql = "\n".join(statement for each in statements.values() for statement in each)
    return f"Add this to the migration that creates the table, or to a new one:\n{OPERATION.format(sql)}\n{OPT_OUT}"


def verify() -> None:
    """Raise SystemCheckError if the check fails. While the database can't be reached, leave it to the next request."""
    was_open = connection.connection is not None
    try:
        found = check_row_level_security(databases=["default"])
    except OperationalError:
        row_level_security.pending_verification = verify
        return
    finally:
        if not was_open:  # the threads that serve requests have their own connections
            connection.close()
    row_level_security.pending_verification = None
    if found:
        raise SystemCheckError("\n".join(map(str, found)))

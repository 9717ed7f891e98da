"""On Postgres alone: references stay within one owner, and each owner's rows are visible to that owner only.

As in todos/migrations/0002_postgres.py. What clients stored goes with the task or the project, so all keys cascade.
"""

from django.db import migrations

KEYS = [
    ("dav_collection", "project", "todos_project"),
    ("dav_resource", "task", "todos_task"),
    ("dav_removal", "task", "todos_task"),
    ("dav_removal", "project", "todos_project"),
    ("dav_otherobject", "project", "todos_project"),
]
TABLES = ["dav_collection", "dav_resource", "dav_removal", "dav_otherobject"]

POSTGRES = "\n".join(
    [
        "DO $$ DECLARE own record; BEGIN",
        "  FOR own IN SELECT conrelid::regclass AS name, conname FROM pg_constraint",
        "    WHERE contype = 'f' AND cardinality(conkey) = 1",
        "      AND conrelid IN (" + ", ".join(f"'{table}'::regclass" for table in TABLES) + ")",
        "      AND confrelid IN ('todos_task'::regclass, 'todos_project'::regclass)",
        "  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', own.name, own.conname); END LOOP;",
        "END $$;",
        *(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_{name}_same_owner FOREIGN KEY (owner_id, {name}_id)"
            f" REFERENCES {target} (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE;"
            for table, name, target in KEYS
        ),
        *(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; CREATE POLICY owner_only ON {table}"
            " USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));"
            for table in TABLES
        ),
    ]
)

REVERSE = "\n".join(
    [
        *(f"DROP POLICY owner_only ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;" for table in TABLES),
        *(
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_{name}_same_owner,"
            f" ADD FOREIGN KEY ({name}_id) REFERENCES {target} (id) DEFERRABLE INITIALLY DEFERRED;"
            for table, name, target in KEYS
        ),
    ]
)


def run(sql: str):
    def on_postgres(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.deferred_sql.append(sql)  # after Django's own keys, which it creates last

    return on_postgres


class Migration(migrations.Migration):
    dependencies = [("dav", "0001_initial"), ("todos", "0002_postgres")]

    operations = [migrations.RunPython(run(POSTGRES), run(REVERSE))]

"""On Postgres: a reference can't tie two owners together, whatever code writes it.

Composite foreign keys, checked at once and not at COMMIT. SQLite rebuilds its tables in later migrations and would lose
them; there the model's own check has to do.
"""

from django.db import migrations

REFERENCES = [
    ("todos_task", "project_id", "todos_project"),
    ("todos_task", "parent_id", "todos_task"),
    ("todos_tasktag", "task_id", "todos_task"),
    ("todos_tasktag", "tag_id", "todos_tag"),
]


def name(table: str, column: str) -> str:
    return f"{table}_{column.removesuffix('_id')}_same_owner"


def add(apps, schema_editor) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, column, target in REFERENCES:
        schema_editor.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {name(table, column)} FOREIGN KEY (owner_id, {column}) "
            f"REFERENCES {target} (owner_id, id) NOT DEFERRABLE"
        )


def remove(apps, schema_editor) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, column, _ in REFERENCES:
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name(table, column)}")


class Migration(migrations.Migration):
    dependencies = [("todos", "0001_tasks_projects_tags")]

    operations = [migrations.RunPython(add, remove)]

"""On Postgres: what is in a project, and below a task, goes with it in the same statement.

Django deletes in an order, and in portions, that need their references to be checked at COMMIT. Those of 0002 are
checked at once: a project could not go before its tasks, nor a parent in a portion before its subtask's.
"""

from django.db import migrations

REFERENCES = [("project", "todos_project"), ("parent", "todos_task")]


def add(schema_editor, on_delete: str) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, target in REFERENCES:
        constraint = f"todos_task_{name}_same_owner"
        schema_editor.execute(
            f"ALTER TABLE todos_task DROP CONSTRAINT {constraint}, ADD CONSTRAINT {constraint} "
            f"FOREIGN KEY (owner_id, {name}_id) REFERENCES {target} (owner_id, id) {on_delete} NOT DEFERRABLE"
        )


class Migration(migrations.Migration):
    dependencies = [("todos", "0008_references_are_checked_once")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: add(schema_editor, "ON DELETE CASCADE"),
            lambda apps, schema_editor: add(schema_editor, ""),
        )
    ]

"""On Postgres: each owner's rows are shown to that owner alone; see users/wall.py."""

from django.db import migrations

from users import wall

TABLES = ("todos_task", "todos_project", "todos_tag", "todos_tasktag")


def add(apps, schema_editor) -> None:
    for table in TABLES:
        wall.guard(schema_editor, table)


def remove(apps, schema_editor) -> None:
    for table in TABLES:
        wall.unguard(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [("todos", "0002_references_stay_with_one_owner")]

    operations = [migrations.RunPython(add, remove)]

"""On Postgres: each owner's rows are shown to that owner alone; see users/wall.py."""

from django.db import migrations

from users import wall

TABLES = {
    "users_user": "id",
    "users_apitoken": "owner_id",
    "users_storedanswer": "owner_id",
    "users_identity": "owner_id",
}


def add(apps, schema_editor) -> None:
    for table, column in TABLES.items():
        wall.guard(schema_editor, table, column)


def remove(apps, schema_editor) -> None:
    for table in TABLES:
        wall.unguard(schema_editor, table)


class Migration(migrations.Migration):
    dependencies = [("users", "0003_identities")]

    operations = [migrations.RunPython(add, remove)]

"""On Postgres alone: each owner's rows are visible to that owner only. See ownership/row_level_security."""

from django.db import migrations

POSTGRES = """
ALTER TABLE assistants_toolcall ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON assistants_toolcall
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
"""

REVERSE = """
DROP POLICY owner_only ON assistants_toolcall;
ALTER TABLE assistants_toolcall DISABLE ROW LEVEL SECURITY;
"""


def run(sql: str):
    def on_postgres(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return on_postgres


class Migration(migrations.Migration):
    dependencies = [("assistants", "0001_initial")]

    operations = [migrations.RunPython(run(POSTGRES), run(REVERSE))]

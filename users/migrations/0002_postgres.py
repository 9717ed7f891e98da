"""On Postgres alone: each owner's rows are visible to that owner only. See ownership/row_level_security."""

from django.db import migrations

POSTGRES = """
ALTER TABLE users_user ENABLE ROW LEVEL SECURITY;
ALTER TABLE users_apitoken ENABLE ROW LEVEL SECURITY;
ALTER TABLE users_identity ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON users_user
  USING (id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
CREATE POLICY owner_only ON users_apitoken
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
CREATE POLICY owner_only ON users_identity
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
"""

REVERSE = """
DROP POLICY owner_only ON users_user;
ALTER TABLE users_user DISABLE ROW LEVEL SECURITY;
DROP POLICY owner_only ON users_apitoken;
ALTER TABLE users_apitoken DISABLE ROW LEVEL SECURITY;
DROP POLICY owner_only ON users_identity;
ALTER TABLE users_identity DISABLE ROW LEVEL SECURITY;
"""


def run(sql: str):
    def on_postgres(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return on_postgres


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]

    operations = [migrations.RunPython(run(POSTGRES), run(REVERSE))]

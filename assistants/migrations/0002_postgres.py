"""On Postgres alone: references stay within one owner, and each owner's rows are visible to that owner only.

As in todos/migrations/0002_postgres.py.
"""

from django.db import migrations

POSTGRES = """
DO $$ DECLARE own record; BEGIN
  FOR own IN SELECT conname FROM pg_constraint
    WHERE contype = 'f' AND cardinality(conkey) = 1
      AND conrelid = 'assistants_toolcall'::regclass AND confrelid = 'users_apitoken'::regclass
  LOOP EXECUTE format('ALTER TABLE assistants_toolcall DROP CONSTRAINT %I', own.conname); END LOOP;
END $$;

ALTER TABLE assistants_toolcall
  ADD CONSTRAINT assistants_toolcall_token_same_owner FOREIGN KEY (owner_id, token_id)
    REFERENCES users_apitoken (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE;

ALTER TABLE assistants_toolcall ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON assistants_toolcall
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
"""

REVERSE = """
DROP POLICY owner_only ON assistants_toolcall;
ALTER TABLE assistants_toolcall DISABLE ROW LEVEL SECURITY;

ALTER TABLE assistants_toolcall
  DROP CONSTRAINT assistants_toolcall_token_same_owner,
  ADD FOREIGN KEY (token_id) REFERENCES users_apitoken (id) DEFERRABLE INITIALLY DEFERRED;
"""


def run(sql: str):
    def on_postgres(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return on_postgres


class Migration(migrations.Migration):
    dependencies = [("assistants", "0001_initial")]

    operations = [migrations.RunPython(run(POSTGRES), run(REVERSE))]

"""On Postgres alone: references stay within one owner, and each owner's rows are visible to that owner only.

As in todos/migrations/0002_postgres.py.
"""

from django.db import migrations

TABLES = ("live_hook", "live_outbox", "live_delivery", "live_outgoingmail", "live_streamticket")

KEY = """
DO $$ DECLARE own record; BEGIN
  FOR own IN SELECT conname FROM pg_constraint
    WHERE contype = 'f' AND conrelid = 'live_delivery'::regclass AND confrelid = 'live_hook'::regclass
  LOOP EXECUTE format('ALTER TABLE live_delivery DROP CONSTRAINT %I', own.conname); END LOOP;
END $$;
ALTER TABLE live_delivery
  ADD CONSTRAINT live_delivery_hook_same_owner FOREIGN KEY (owner_id, hook_id)
    REFERENCES live_hook (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE;
"""

REVERSE_KEY = """
ALTER TABLE live_delivery
  DROP CONSTRAINT live_delivery_hook_same_owner,
  ADD FOREIGN KEY (hook_id) REFERENCES live_hook (id) DEFERRABLE INITIALLY DEFERRED;
"""

POLICY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON {table}
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
"""

REVERSE_POLICY = """
DROP POLICY owner_only ON {table};
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""

POSTGRES = KEY + "".join(POLICY.format(table=table) for table in TABLES)
REVERSE = REVERSE_KEY + "".join(REVERSE_POLICY.format(table=table) for table in TABLES)


def run(sql: str):
    def on_postgres(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return on_postgres


class Migration(migrations.Migration):
    dependencies = [("live", "0001_initial")]

    operations = [migrations.RunPython(run(POSTGRES), run(REVERSE))]

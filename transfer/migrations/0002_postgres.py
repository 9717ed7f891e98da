"""On Postgres alone: references stay within one owner, and each owner's rows are visible to that owner only.

As in todos/migrations/0002_postgres.py. What was imported and purged since is imported again, so both keys cascade.
"""

from django.db import migrations

POSTGRES = """
DO $$ DECLARE own record; BEGIN
  FOR own IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
    WHERE contype = 'f' AND cardinality(conkey) = 1
      AND conrelid IN ('transfer_feed'::regclass, 'transfer_importeditem'::regclass)
      AND confrelid IN ('todos_task'::regclass, 'todos_project'::regclass)
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', own.name, own.conname); END LOOP;
END $$;

ALTER TABLE transfer_feed
  ADD CONSTRAINT transfer_feed_project_same_owner FOREIGN KEY (owner_id, project_id)
    REFERENCES todos_project (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE;
ALTER TABLE transfer_importeditem
  ADD CONSTRAINT transfer_importeditem_project_same_owner FOREIGN KEY (owner_id, project_id)
    REFERENCES todos_project (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE,
  ADD CONSTRAINT transfer_importeditem_task_same_owner FOREIGN KEY (owner_id, task_id)
    REFERENCES todos_task (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE;

ALTER TABLE transfer_feed ENABLE ROW LEVEL SECURITY;
ALTER TABLE transfer_importeditem ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON transfer_feed
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
CREATE POLICY owner_only ON transfer_importeditem
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
"""

REVERSE = """
DROP POLICY owner_only ON transfer_feed;
DROP POLICY owner_only ON transfer_importeditem;
ALTER TABLE transfer_feed DISABLE ROW LEVEL SECURITY;
ALTER TABLE transfer_importeditem DISABLE ROW LEVEL SECURITY;

ALTER TABLE transfer_feed
  DROP CONSTRAINT transfer_feed_project_same_owner,
  ADD FOREIGN KEY (project_id) REFERENCES todos_project (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE transfer_importeditem
  DROP CONSTRAINT transfer_importeditem_project_same_owner,
  DROP CONSTRAINT transfer_importeditem_task_same_owner,
  ADD FOREIGN KEY (project_id) REFERENCES todos_project (id) DEFERRABLE INITIALLY DEFERRED,
  ADD FOREIGN KEY (task_id) REFERENCES todos_task (id) DEFERRABLE INITIALLY DEFERRED;
"""


def run(sql: str):
    def on_postgres(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return on_postgres


class Migration(migrations.Migration):
    dependencies = [("transfer", "0001_initial"), ("todos", "0002_postgres")]

    operations = [migrations.RunPython(run(POSTGRES), run(REVERSE))]

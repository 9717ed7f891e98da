"""On Postgres alone: references stay within one owner, and each owner's rows are visible to that owner only.

A composite foreign key, (owner_id, project_id) → (owner_id, id), refuses a reference to another owner's row, whatever
code writes it. It replaces Django's own foreign key: two would be checked at each write, and the planner would estimate
by the shorter one. The keys are checked at once and not at COMMIT, so those of a task cascade: Django deletes in an
order that relies on checks at COMMIT. SQLite rebuilds tables and would lose such keys; there the model's rules hold.
"""

from django.db import migrations

POSTGRES = """
DO $$ DECLARE own record; BEGIN
  FOR own IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
    WHERE contype = 'f' AND cardinality(conkey) = 1
      AND conrelid IN ('todos_task'::regclass, 'todos_tasktag'::regclass)
      AND confrelid IN ('todos_task'::regclass, 'todos_project'::regclass, 'todos_tag'::regclass)
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', own.name, own.conname); END LOOP;
END $$;

ALTER TABLE todos_task
  ADD CONSTRAINT todos_task_project_same_owner FOREIGN KEY (owner_id, project_id)
    REFERENCES todos_project (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE,
  ADD CONSTRAINT todos_task_parent_same_owner FOREIGN KEY (owner_id, parent_id)
    REFERENCES todos_task (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE;
ALTER TABLE todos_tasktag
  ADD CONSTRAINT todos_tasktag_task_same_owner FOREIGN KEY (owner_id, task_id)
    REFERENCES todos_task (owner_id, id) NOT DEFERRABLE,
  ADD CONSTRAINT todos_tasktag_tag_same_owner FOREIGN KEY (owner_id, tag_id)
    REFERENCES todos_tag (owner_id, id) NOT DEFERRABLE;

ALTER TABLE todos_task ENABLE ROW LEVEL SECURITY;
ALTER TABLE todos_project ENABLE ROW LEVEL SECURITY;
ALTER TABLE todos_tag ENABLE ROW LEVEL SECURITY;
ALTER TABLE todos_tasktag ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON todos_task
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
CREATE POLICY owner_only ON todos_project
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
CREATE POLICY owner_only ON todos_tag
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
CREATE POLICY owner_only ON todos_tasktag
  USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));
"""

REVERSE = """
DROP POLICY owner_only ON todos_task;
DROP POLICY owner_only ON todos_project;
DROP POLICY owner_only ON todos_tag;
DROP POLICY owner_only ON todos_tasktag;
ALTER TABLE todos_task DISABLE ROW LEVEL SECURITY;
ALTER TABLE todos_project DISABLE ROW LEVEL SECURITY;
ALTER TABLE todos_tag DISABLE ROW LEVEL SECURITY;
ALTER TABLE todos_tasktag DISABLE ROW LEVEL SECURITY;

ALTER TABLE todos_task
  DROP CONSTRAINT todos_task_project_same_owner,
  DROP CONSTRAINT todos_task_parent_same_owner,
  ADD FOREIGN KEY (project_id) REFERENCES todos_project (id) DEFERRABLE INITIALLY DEFERRED,
  ADD FOREIGN KEY (parent_id) REFERENCES todos_task (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE todos_tasktag
  DROP CONSTRAINT todos_tasktag_task_same_owner,
  DROP CONSTRAINT todos_tasktag_tag_same_owner,
  ADD FOREIGN KEY (task_id) REFERENCES todos_task (id) DEFERRABLE INITIALLY DEFERRED,
  ADD FOREIGN KEY (tag_id) REFERENCES todos_tag (id) DEFERRABLE INITIALLY DEFERRED;
"""


def run(sql: str):
    def on_postgres(apps, schema_editor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.deferred_sql.append(sql)  # after Django's own keys, which it creates last

    return on_postgres


class Migration(migrations.Migration):
    dependencies = [("todos", "0001_initial")]

    operations = [migrations.RunPython(run(POSTGRES), run(REVERSE))]

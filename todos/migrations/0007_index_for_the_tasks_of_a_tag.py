"""A tag's tasks in the order in which they were made, and what this index makes superfluous.

It begins with the tag, in the place of the foreign key's own, for the cascade too.
"""

import django.db.models.deletion
from django.db import migrations, models

IN_ORDER = models.Index(fields=["tag", "owner", "created_at", "task"], name="task_tag_in_order")


class AddIndex(migrations.AddIndex):
    """Without holding up the writes meanwhile, where the database can. What an interrupted one left is made anew."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.execute(f"DROP INDEX IF EXISTS {self.index.name}")
        schema_editor.execute(self.index.create_sql(model, schema_editor, concurrently=True))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("todos", "0006_fill_when_tagged_tasks_were_made")]

    operations = [
        AddIndex(model_name="tasktag", index=IN_ORDER),
        migrations.RemoveIndex(model_name="tasktag", name="task_tag_by_tag"),
        migrations.AlterField(
            model_name="tasktag",
            name="tag",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="task_links",
                to="todos.tag",
            ),
        ),
    ]

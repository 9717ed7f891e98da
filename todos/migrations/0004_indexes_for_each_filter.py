"""Each filter finds its rows in order by an index; see the comments beside them in todos/models/task.py."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Postgres takes "this tag" and "of this owner" for independent, and their product for next to no rows. Row-level
# security adds the second to each query; so it has to be told that a tag's owner follows from the tag.
TOLD = "CREATE STATISTICS task_tag_owner (dependencies) ON owner_id, tag_id FROM todos_tasktag"


def tell(apps, schema_editor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(TOLD)


def forget(apps, schema_editor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP STATISTICS task_tag_owner")


class Migration(migrations.Migration):
    dependencies = [
        ("todos", "0003_row_level_security"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="task",
            name="task_owner_priority",
        ),
        migrations.RemoveIndex(
            model_name="task",
            name="task_owner_due",
        ),
        migrations.AlterField(
            model_name="task",
            name="owner",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="task",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="subtasks",
                to="todos.task",
            ),
        ),
        migrations.AlterField(
            model_name="task",
            name="project",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tasks",
                to="todos.project",
            ),
        ),
        migrations.AlterField(
            model_name="tasktag",
            name="owner",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="tasktag",
            name="task",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="tag_links", to="todos.task"
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("owner"),
                models.F("priority"),
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(("deleted_at", None)),
                name="task_by_priority",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("owner"),
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(("deleted_at", None), ("completed_at", None)),
                name="task_open",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("owner"),
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(("deleted_at", None), models.Q(("completed_at", None), _negated=True)),
                name="task_completed",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("owner"),
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(("deleted_at", None), _negated=True),
                name="task_in_trash",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("owner"),
                models.F("due_date"),
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(("deleted_at", None), models.Q(("due_date", None), _negated=True)),
                name="task_by_due_date",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("owner"),
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(("deleted_at", None), ("due_date", None)),
                name="task_undated",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("owner"),
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(("deleted_at", None), ("project", None)),
                name="task_in_inbox",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("project"),
                models.F("owner"),
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(("project", None), _negated=True),
                name="task_by_project",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                models.F("parent"),
                models.F("owner"),
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(("parent", None), _negated=True),
                name="task_by_parent",
            ),
        ),
        migrations.RunPython(tell, forget),
    ]

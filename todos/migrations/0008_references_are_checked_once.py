"""On Postgres: the references that 0002 ties to one owner aren't checked a second time without the owner.

(owner_id, task_id) → (owner_id, id) says all that task_id → id does: each write paid for both. And the planner took the
shorter one for its estimates. So it believed that of a tag's tasks few are the owner's, and read them all for a page.
"""

from django.db import migrations

REFERENCES = [("Task", "project"), ("Task", "parent"), ("TaskTag", "task"), ("TaskTag", "tag")]


def drop(apps, schema_editor) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for model_name, name in REFERENCES:
        model = apps.get_model("todos", model_name)
        columns = [model._meta.get_field(name).column]
        for constraint in schema_editor._constraint_names(model, columns, foreign_key=True):
            schema_editor.execute(schema_editor._delete_fk_sql(model, constraint))


def add(apps, schema_editor) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for model_name, name in REFERENCES:
        model = apps.get_model("todos", model_name)
        field = model._meta.get_field(name)
        schema_editor.execute(schema_editor._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s"))


class Migration(migrations.Migration):
    dependencies = [("todos", "0007_index_for_the_tasks_of_a_tag")]

    operations = [migrations.RunPython(drop, add)]

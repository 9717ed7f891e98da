"""The links to the tags take over their tasks' `created_at`: owner by owner, so that no write waits for all of them."""

from django.db import migrations
from django.db.models import F, OuterRef, Subquery


def fill(apps, schema_editor) -> None:
    TaskTag, Task = apps.get_model("todos", "TaskTag"), apps.get_model("todos", "Task")
    made = Subquery(Task.objects.filter(pk=OuterRef("task")).values("created_at"))
    for owner_id in apps.get_model("users", "User").objects.values_list("pk", flat=True).order_by("pk"):
        links = TaskTag.objects.filter(owner=owner_id)
        # Those that are right already aren't written again: this may be run once more after it was interrupted.
        links.filter(pk__in=links.exclude(created_at=F("task__created_at")).values("pk")).update(created_at=made)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("todos", "0005_tag_links_know_when_tasks_were_made"), ("users", "0001_users_and_tokens")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]

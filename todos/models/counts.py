from django.apps import apps
from django.db.models import Count, Expression, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce


def count_of(rows: QuerySet, group: str) -> Expression:
    """The number of `rows` that belong to the outer row, in the same query."""
    counted = rows.order_by().values(group).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def open_tasks(of: str) -> Expression:
    """The number of open tasks of the outer project or tag."""
    Task, TaskTag = apps.get_model("todos.Task"), apps.get_model("todos.TaskTag")
    if of == "project":
        tasks = Task.objects.present().open().filter(owner=OuterRef("owner"), project=OuterRef("pk"))
        return count_of(tasks, "project")
    links = TaskTag.objects.filter(owner=OuterRef("owner"), tag=OuterRef("pk"))
    return count_of(links.filter(task__completed_at=None, task__deleted_at=None), "tag")

"""Responses that aren't the representation of one object."""

from collections import Counter
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from todos.serializers.task import TaskSerializer
from todos.sync import kinds


class BulkResultSerializer(serializers.Serializer):
    count = serializers.IntegerField(help_text="The number of tasks.")
    revision = serializers.IntegerField(help_text="Your revision after the action.")
    results = TaskSerializer(many=True, help_text="The tasks after the action, in the order of `ids`.")


class ProjectCountSerializer(serializers.Serializer):
    project = serializers.UUIDField(allow_null=True, help_text="Null for the inbox.")
    open = serializers.IntegerField()
    completed = serializers.IntegerField()


class SummarySerializer(serializers.Serializer):
    total = serializers.IntegerField()
    open = serializers.IntegerField()
    completed = serializers.IntegerField()
    overdue = serializers.IntegerField(help_text="Open tasks past their due date and time.")
    due_today = serializers.IntegerField(help_text="Open tasks due today.")
    by_priority = serializers.DictField(child=serializers.IntegerField(), help_text="Open tasks by priority, 0 to 4.")
    by_project = ProjectCountSerializer(many=True)

    @staticmethod
    def of(rows: list[dict]) -> dict:
        """The response, from the rows of `TaskQuerySet.summary`."""
        names = ("open", "completed", "overdue", "due_today")
        sums: Counter = Counter()
        priorities = Counter({str(priority): 0 for priority in range(5)})
        projects: dict = {}
        for row in rows:
            sums.update({name: row[name] for name in names})
            priorities[str(row["priority"])] += row["open"]
            project = projects.setdefault(row["project"], {"project": row["project"], "open": 0, "completed": 0})
            project["open"] += row["open"]
            project["completed"] += row["completed"]
        return {
            "total": sums["open"] + sums["completed"],
            **{name: sums[name] for name in names},
            "by_priority": dict(priorities),
            "by_project": sorted(projects.values(), key=lambda project: str(project["project"] or "")),
        }


class ChangeSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    revision = serializers.IntegerField()
    deleted = serializers.BooleanField(
        help_text="The object was deleted or is in the trash. Remove it from the replica."
    )


def change_serializers() -> dict[str, Any]:
    """The serializer of a change of each kind."""
    return {
        kind: type(
            f"{model.__name__}ChangeSerializer",
            (ChangeSerializer,),
            {"type": serializers.ChoiceField([kind]), "object": serializer_class(allow_null=True)},
        )
        for kind, (model, serializer_class) in kinds().items()
    }


ANY_CHANGE = PolymorphicProxySerializer(
    component_name="Change",
    serializers=change_serializers,  # called when the document is made: the URLs are loaded then
    resource_type_field_name="type",
    many=True,
)


@extend_schema_field(ANY_CHANGE)
class ChangesField(serializers.ListField):
    pass


class SyncSerializer(serializers.Serializer):
    results = ChangesField()
    token = serializers.CharField(help_text="Send it as `since` in the next call.")
    has_more = serializers.BooleanField()

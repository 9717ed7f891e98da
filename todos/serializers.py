from django.db.models import F, Q
from django.db.models.functions import Lower
from rest_framework import serializers

from api import fields
from api.parameters import PageParameters
from api.serializers import ModelSerializer
from todos.models import Task, TaskQuerySet


class TaskListSerializer(serializers.ListSerializer):
    """Several new tasks in one body: all or none."""

    def create(self, validated_data: list[dict]) -> list[Task]:
        return Task.objects.bulk_create(Task(**attributes) for attributes in validated_data)


class TaskSerializer(ModelSerializer):
    """Something to do."""

    MAX_LIST = 200

    completed = fields.BooleanField(default=False, help_text="Setting it is the same as complete or reopen.")

    class Meta:
        model = Task
        fields = ["id", "title", "description", "completed", "completed_at", "created_at", "updated_at", "revision"]
        read_only_fields = ["completed_at", "revision"]
        extra_kwargs = {"description": {"trim_whitespace": False}}
        computed = {"completed": Q(completed_at__isnull=False)}
        list_serializer_class = TaskListSerializer

    @classmethod
    def many_init(cls, *args, **kwargs):
        return super().many_init(*args, max_length=cls.MAX_LIST, allow_empty=False, **kwargs)


class TaskParameters(PageParameters):
    orderings = {"created_at": F("created_at"), "updated_at": F("updated_at"), "title": Lower("title")}
    default_ordering = "-created_at"

    completed = fields.BooleanField(required=False, help_text="Only completed, or only open tasks.")
    q = fields.StringField(
        required=False, max_length=200, help_text="Text in the title or the description, without regard to case."
    )
    ordering = serializers.ChoiceField([f"{sign}{name}" for name in orderings for sign in ("", "-")], required=False)

    @staticmethod
    def apply(queryset: TaskQuerySet, values: dict) -> TaskQuerySet:
        if "completed" in values:
            queryset = queryset.completed() if values["completed"] else queryset.open()
        if "q" in values:
            queryset = queryset.containing(values["q"])
        return queryset

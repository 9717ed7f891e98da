"""The query parameters of the lists: filters and orders."""

from datetime import date

from django.db.models import F
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api import fields
from api.pagination import NullsLast
from api.parameters import PageParameters, ordering_field
from todos.models import Task
from todos.models.task_queryset import TaskQuerySet


@extend_schema_field({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "const": "none"}]})
class IdOrNone(fields.UUIDField):
    """An id, or the word `none`."""

    def to_internal_value(self, data):
        return None if data == "none" else super().to_internal_value(data)


class TaskParameters(PageParameters):
    orderings = {
        "created_at": F("created_at"),
        "updated_at": F("updated_at"),
        "due_date": NullsLast("due_date", date.min, date.max),
        "priority": F("priority"),
        "title": F("title_folded"),
        "position": F("position"),
    }
    default_ordering = "-created_at"

    completed = fields.BooleanField(required=False, help_text="Only completed, or only open tasks.")
    priority = serializers.ListField(
        child=fields.IntegerField(min_value=0, max_value=4),
        required=False,
        max_length=5,
        help_text="Any of these priorities.",
    )
    priority_min = fields.IntegerField(min_value=0, max_value=4, required=False, help_text="This priority or higher.")
    due_before = fields.DateField(required=False, help_text="Due on this day or earlier.")
    due_after = fields.DateField(required=False, help_text="Due on this day or later.")
    due = serializers.ChoiceField(
        ["overdue", "today", "upcoming", "none"],
        required=False,
        help_text="In the owner's time zone. `overdue`: open and past its date and time; `upcoming`: after today.",
    )
    project = IdOrNone(required=False, help_text="In this project; `none`: in the inbox.")
    parent = IdOrNone(required=False, help_text="Right under this task; `none`: on top.")  # type: ignore[assignment]
    tag = serializers.ListField(
        child=fields.FoldedField(max_length=50),
        required=False,
        max_length=Task.MAX_TAGS,  # more no task has, and a thousand are too many for one query
        help_text="With all of these tags.",
    )
    q = fields.FoldedField(
        required=False, max_length=200, help_text="Text in the title or the description, without regard to case."
    )
    ordering = ordering_field(orderings)

    FILTERS = {
        "completed": lambda tasks, value, user: tasks.completed() if value else tasks.open(),
        "priority": lambda tasks, value, user: tasks.filter(priority__in=value),
        "priority_min": lambda tasks, value, user: tasks.filter(priority__gte=value),
        "due_before": lambda tasks, value, user: tasks.filter(due_date__lte=value),
        "due_after": lambda tasks, value, user: tasks.filter(due_date__gte=value),
        "due": lambda tasks, value, user: tasks.due(value, user.now()),
        "project": lambda tasks, value, user: tasks.filter(project=value),
        "parent": lambda tasks, value, user: tasks.filter(parent=value),
        "tag": lambda tasks, value, user: tasks.tagged(value),
        "q": lambda tasks, value, user: tasks.containing(value),
    }

    @classmethod
    def depends_on_clock(cls, values: dict) -> bool:
        return values.get("due", "none") != "none"

    @classmethod
    def apply(cls, queryset: TaskQuerySet, values: dict, user) -> TaskQuerySet:
        for name, value in values.items():
            if name in cls.FILTERS:
                queryset = cls.FILTERS[name](queryset, value, user)
        return queryset


class ProjectParameters(PageParameters):
    orderings = {"position": F("position"), "name": F("name_folded"), "created_at": F("created_at")}
    default_ordering = "position"

    ordering = ordering_field(orderings)


class TagParameters(PageParameters):
    orderings = {"name": F("name_folded")}
    default_ordering = "name"

    ordering = ordering_field(orderings)

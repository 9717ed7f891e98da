"""The filters and orders of the lists."""

from collections.abc import Iterable

from django.db.models import UUIDField
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api import fields
from api.compiled import Param
from api.filters import FilterSet, ordering_field
from api.pagination import Order
from todos.models import Tag, Task


# One pattern, because generated clients can't send a choice of two strings.
@extend_schema_field({"type": "string", "pattern": "^(none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"})
class IdOrNone(fields.UUIDField):
    """An id, or the word `none`."""

    def to_internal_value(self, data):
        return None if data == "none" else super().to_internal_value(data)


def tag_param(index: int) -> Param:
    """The id of the n-th tag that a call filters by."""
    return Param(lambda view: view.tag_ids[index], UUIDField())


# The tasks of one tag, in the order of creation. The links store it too, and their index ends with the task's id.
BY_LINK = Order("tag_links__created_at", "tag_links__task_id")


class TaskFilters(FilterSet):
    orderings = {
        "created_at": Order("created_at"),
        "updated_at": Order("updated_at"),
        "due_date": Order("due_date", "created_at", nulls_last=True),
        "priority": Order("priority", "created_at"),
        "title": Order("title_folded"),
        "position": Order("position"),
    }
    default_ordering = "-created_at"

    completed = fields.BooleanField(required=False, help_text="`true` for completed tasks, `false` for open ones.")
    priority = fields.ListField(
        child=fields.IntegerField(min_value=0, max_value=4),
        required=False,
        max_length=5,
        help_text="Tasks with any of these priorities.",
    )
    priority_min = fields.IntegerField(
        min_value=0, max_value=4, required=False, help_text="Tasks with this priority or a higher one."
    )
    due_before = fields.DateField(required=False, help_text="Tasks due on this date or earlier.")
    due_after = fields.DateField(required=False, help_text="Tasks due on this date or later.")
    due = serializers.ChoiceField(
        ["overdue", "today", "upcoming", "none"],
        required=False,
        help_text=(
            "In your time zone. `overdue`: open tasks past their due date and time; `today`: due today; `upcoming`: "
            "due after today; `none`: without a due date."
        ),
    )
    project = IdOrNone(required=False, help_text="Tasks in this project; `none`: in the inbox.")
    parent = IdOrNone(required=False, help_text="Direct subtasks of this task; `none`: top-level tasks.")  # type: ignore[assignment]
    tag = fields.ListField(
        child=fields.FoldedField(max_length=50),
        required=False,
        max_length=Task.MAX_TAGS,  # no task has more, and a thousand are too many for one query
        help_text="Tasks with all of these tags.",
    )
    q = fields.FoldedField(
        required=False, max_length=200, help_text="Text in the title or the description. Case doesn't matter."
    )
    ordering = ordering_field(orderings)

    lookups = {
        "priority": "priority__in",
        "priority_min": "priority__gte",
        "due_before": "due_date__lte",
        "due_after": "due_date__gte",
        "project": "project",
        "parent": "parent",
    }
    compiled = frozenset({"completed", "due", "tag", "q"})

    @staticmethod
    def filter_completed(tasks, completed: bool, user):
        return tasks.completed() if completed else tasks.open()

    @staticmethod
    def filter_due(tasks, due: str, user):
        return tasks.due(due, user.now())

    @staticmethod
    def filter_tag(tasks, names: list, user):
        if isinstance(names[0], Param):
            return tasks.tagged([tag_param(index) for index in range(len(names))])
        return tasks.tagged(Tag.objects.owned_by(user).ids_of(names))

    @staticmethod
    def filter_q(tasks, text, user):
        return tasks.containing(text)

    @classmethod
    def depends_on_clock(cls, values: dict) -> bool:
        return values.get("due", "none") != "none" or super().depends_on_clock(values)

    @classmethod
    def null_or_not(cls, values: dict) -> Iterable[bool]:
        if values.get("due") == "none":
            return [True]
        return [False] if values.keys() & {"due", "due_before", "due_after"} else [False, True]

    @classmethod
    def order(cls, name: str, values: dict) -> Order:
        # With other filters, the database chooses: another index may find fewer tasks.
        if name == "created_at" and values.keys() - cls.PAGING == {"tag"}:
            return BY_LINK
        return super().order(name, values)


class ProjectFilters(FilterSet):
    orderings = {"position": Order("position"), "name": Order("name_folded"), "created_at": Order("created_at")}
    default_ordering = "position"

    ordering = ordering_field(orderings)


class TagFilters(FilterSet):
    orderings = {"name": Order("name_folded")}
    default_ordering = "name"

    ordering = ordering_field(orderings)

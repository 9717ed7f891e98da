"""The filters and orders of the lists."""

from collections.abc import Iterable

from django.db.models import UUIDField
from drf_spectacular.utils import extend_schema_field

from api import fields
from api.compiled import Param
from api.filters import FilterSet, ordering_field
from api.pagination import Order
from todos.models import Tag, Task
from todos.models.task import TIME, TIMED, UNTIMED
from todos.serializers.task import MAX_TAG


# One pattern, because generated clients can't send a choice of two strings.
@extend_schema_field({"type": "string", "pattern": "^(none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"})
class IdOrNone(fields.UUIDField):
    """An id, or the word `none`."""

    def to_internal_value(self, data):
        return None if data == "none" else super().to_internal_value(data)


def ids_of(tags: list, name: str, user) -> list:
    """The ids of the tags that the filter of this name names; None for a name that no tag has."""
    if not isinstance(tags[0], Param):
        return Tag.objects.owned_by(user).ids_of(tags)
    return [tag_param(name, index) for index in range(len(tags))]


def tag_param(name: str, index: int) -> Param:
    return Param(lambda view: view.tag_ids.get(view.parameters[name][index]), UUIDField())


def tags_field(help_text: str) -> fields.ListField:
    # More no task has, and a thousand are too many for one query.
    child = fields.FoldedField(max_length=MAX_TAG)
    return fields.ListField(child=child, required=False, max_length=Task.MAX_TAGS, help_text=help_text)


# The tasks of one tag, in the order of creation. The links store it too, and their index ends with the task's id.
BY_LINK = Order("tag_links__created_at", "tag_links__task_id")


class TaskFilters(FilterSet):
    orderings = {
        "created_at": Order("created_at"),
        "updated_at": Order("updated_at"),
        "due_date": Order("due_date", UNTIMED, TIME, "created_at", nulls_last=3),
        "-due_date": Order("due_date", TIMED, TIME, "created_at", nulls_last=3),
        "completed_at": Order("completed_at", "created_at", nulls_last=1),
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
    due = fields.ChoiceField(
        ["overdue", "today", "upcoming", "none"],
        required=False,
        help_text=(
            "In your time zone. `overdue`: open tasks past their due date and time; `today`: due today; `upcoming`: "
            "due after today; `none`: without a due date."
        ),
    )
    project = IdOrNone(required=False, help_text="Tasks in this project; `none`: in the inbox.")
    parent = IdOrNone(required=False, help_text="Direct subtasks of this task; `none`: top-level tasks.")  # type: ignore[assignment]
    completed_after = fields.DateField(required=False, help_text="Completed on this day or later, in your time zone.")
    completed_before = fields.DateField(
        required=False, help_text="Completed on this day or earlier, in your time zone."
    )
    tag = tags_field("Tasks with all of these tags.")
    tag_any = tags_field("Tasks with at least one of these tags.")
    tag_none = tags_field("Tasks with none of these tags.")
    untagged = fields.BooleanField(required=False, help_text="Only tasks without tags, or only tasks with tags.")
    q = fields.WordsField(
        required=False,
        max_length=200,
        help_text="Words that are all in the title or the description, in any order. Case, accents, width and kinds of "
        "apostrophes don't matter.",
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
    compiled = frozenset(
        {
            *("completed", "due", "q", "completed_after", "completed_before"),
            *("tag", "tag_any", "tag_none", "untagged"),
        }
    )
    TAG_FILTERS = ("tag", "tag_any", "tag_none")

    @staticmethod
    def filter_completed(tasks, completed: bool, user):
        return tasks.completed() if completed else tasks.open()

    @staticmethod
    def filter_due(tasks, due: str, user):
        return tasks.due(due, user.now())

    @staticmethod
    def filter_tag(tasks, names: list, user):
        return tasks.tagged(ids_of(names, "tag", user))

    @staticmethod
    def filter_tag_any(tasks, names: list, user):
        return tasks.tagged_any(ids_of(names, "tag_any", user))

    @staticmethod
    def filter_tag_none(tasks, names: list, user):
        return tasks.tagged_none(ids_of(names, "tag_none", user))

    @staticmethod
    def filter_untagged(tasks, untagged: bool, user):
        return tasks.filter(is_tagged=not untagged)

    @staticmethod
    def filter_completed_after(tasks, day, user):
        return tasks.filter(completed_at__gte=user.start_of(day))

    @staticmethod
    def filter_completed_before(tasks, day, user):
        return tasks.filter(completed_at__lte=user.end_of(day))

    @staticmethod
    def filter_q(tasks, words: list, user):
        return tasks.containing(words)

    @classmethod
    def depends_on_clock(cls, values: dict) -> bool:
        return values.get("due", "none") != "none" or super().depends_on_clock(values)

    @classmethod
    def null_or_not(cls, name: str, values: dict) -> Iterable[bool]:
        if name.endswith("completed_at"):
            is_completed = bool(values.keys() & {"completed_after", "completed_before"}) or values.get("completed")
            return [False, True] if is_completed is None else [not is_completed]
        if not name.endswith("due_date"):
            return super().null_or_not(name, values)
        if values.get("due") == "none":
            return [True]
        return [False] if values.keys() & {"due", "due_before", "due_after"} else [False, True]

    @classmethod
    def order(cls, name: str, values: dict) -> Order:
        # With other filters, the database chooses: another index may find fewer tasks.
        if name.endswith("created_at") and values.keys() - cls.PAGING == {"tag"}:
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

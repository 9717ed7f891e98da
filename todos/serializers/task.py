from django.db.models import Q
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.utils import html

from api import fields
from ownership.references import OwnedRelatedField, load_references
from ownership.serializers import RevisedSerializer
from ownership.validation import RefusedError, invalid
from todos.models import Project, Task
from todos.models.tag import TagNames
from todos.models.task import NOT_THE_PARENTS

RECURRENCE = (
    "A recurrence rule (RFC 5545) without times of day, such as `FREQ=MONTHLY;BYMONTHDAY=31`. Requires `due_date`, "
    "which is the first date of the series. Supported parts: `FREQ` (`DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`), "
    "`INTERVAL` (1 to 999), `BYMONTH`, `BYWEEKNO`, `BYYEARDAY`, `BYMONTHDAY`, `BYDAY`, `BYSETPOS`, `WKST`, and either "
    "`COUNT` (1 to 999) or `UNTIL` (the last date, such as `20261231`). In a month that is too short, the task is due "
    "on its last day: 31 January, 28 February, 31 March. Changing `due_date` or `recurrence` starts the series and its "
    "`COUNT` again."
)


class TagsField(fields.ListField):
    """A list of names; in a form, names separated by commas."""

    is_in_row = True

    def __init__(self, **kwargs):
        super().__init__(style={"template": "rest_framework/horizontal/names.html"}, **kwargs)

    def get_value(self, dictionary):
        if not html.is_html_input(dictionary) or self.field_name not in dictionary:
            return super().get_value(dictionary)
        return [name for name in dictionary[self.field_name].split(",") if name.strip()]


class TaskListSerializer(serializers.ListSerializer):
    """A list of new tasks. If one is invalid, none is created."""

    child: "TaskSerializer"

    def to_internal_value(self, data):
        if isinstance(data, list) and len(data) <= TaskSerializer.MAX_LIST:
            load_references(self.child, data)
        return super().to_internal_value(data)

    def create(self, validated_data: list[dict]) -> list[Task]:
        tasks = [Task(**values) for values in validated_data]
        try:
            return Task.objects.bulk_create(tasks)
        except RefusedError as error:
            refusals: dict = {tasks.index(task): serializers.as_serializer_error(why) for task, why in error.refusals}
            raise serializers.ValidationError(refusals) from None


@extend_schema_serializer(
    examples=[
        OpenApiExample("A title is enough", {"title": "Buy milk"}, request_only=True),
        OpenApiExample(
            "Every month, on its last day",
            {
                "title": "Pay the rent",
                "priority": 3,
                "due_date": "2027-01-31",
                "due_time": "09:00",
                "recurrence": "FREQ=MONTHLY",
                "tags": ["money"],
            },
            request_only=True,
        ),
    ]
)
class TaskSerializer(RevisedSerializer):
    """A task."""

    MAX_LIST = 200

    completed = fields.BooleanField(
        default=False, help_text="Setting it has the same effect as `complete` or `reopen`."
    )
    priority = fields.IntegerField(
        min_value=0, max_value=4, default=0, initial=0, help_text="0: none, 1: low, 2: medium, 3: high, 4: urgent."
    )
    project = OwnedRelatedField(
        queryset=Project.objects.present(),
        allow_null=True,
        default=None,
        help_text="Null for the inbox. A subtask is always in its parent's project.",
    )
    parent = OwnedRelatedField(  # type: ignore[assignment]
        queryset=Task.objects.present().select_related("project"),
        allow_null=True,
        default=None,
        help_text="The task that this is a subtask of. Subtasks can be nested at most 5 levels deep.",
    )
    tags = TagsField(
        child=fields.StringField(max_length=50),
        max_length=Task.MAX_TAGS,
        default=list,
        help_text="Names of tags. Missing tags are created. Case doesn't matter for comparing and sorting.",
    )

    class Meta:
        model = Task
        fields = [
            "id",
            "title",
            "description",
            "completed",
            "completed_at",
            "priority",
            "due_date",
            "due_time",
            "recurrence",
            "series",
            "next_occurrence",
            "project",
            "parent",
            "tags",
            "position",
            "created_at",
            "updated_at",
            "revision",
        ]
        read_only_fields = ["completed_at", "series", "next_occurrence", "position", "revision"]
        extra_kwargs = {
            "description": {"trim_whitespace": False},
            "due_date": {"help_text": "A date in your time zone. It doesn't shift when the time zone changes."},
            "due_time": {"help_text": "A local time in your time zone. Requires `due_date`."},
            "recurrence": {"help_text": RECURRENCE},
            "series": {"help_text": "An id that all occurrences of a recurring task share."},
            "next_occurrence": {"help_text": "The task that was created by completing this one."},
        }
        computed = {"completed": Q(completed_at__isnull=False), "tags": TagNames()}
        list_serializer_class = TaskListSerializer

    def validate(self, attrs):
        if self.partial and self.instance and "project" in attrs and attrs["project"] is None:
            self.check_inbox(attrs.get("parent", self.instance.parent))
        return super().validate(attrs)

    @staticmethod
    def check_inbox(parent: Task | None) -> None:
        """Refuse null for a subtask in PATCH, where it means the inbox. In PUT and POST, it is the default."""
        if parent and parent.project_id:
            raise invalid("project", NOT_THE_PARENTS, "not_the_parents")

    @classmethod
    def many_init(cls, *args, **kwargs):
        return super().many_init(*args, max_length=cls.MAX_LIST, allow_empty=False, **kwargs)

from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from api import fields
from api.serializers import EmptySerializer
from ownership.references import OwnedRelatedField, load_references
from ownership.serializers import RevisedSerializer
from ownership.validation import RefusedError, invalid
from todos.models import Project, Tag, Task
from todos.models.tag import TagNames
from todos.reminders import MAX_MINUTES_BEFORE, MAX_REMINDERS, reminder_at

MAX_TAG: int = Tag._meta.get_field("name").max_length  # type: ignore[assignment]
RECURRENCE = (
    "An RRULE (RFC 5545), such as `FREQ=MONTHLY;BYMONTHDAY=31`. Needs `due_date`. All parts but those below a day: "
    "`FREQ` (`DAILY`, `WEEKLY`, `MONTHLY`, `YEARLY`), `INTERVAL` and `COUNT` (1 to 999), `UNTIL`, `BYDAY`, "
    "`BYMONTHDAY`, `BYYEARDAY`, `BYWEEKNO`, `BYMONTH`, `BYSETPOS`, `WKST`. A month that is too short uses its last "
    "day, and the next one goes back: 31 January, 28 February, 31 March. Another `due_date` postpones this occurrence "
    "alone; another `recurrence` changes the rule from here; both, or `restart_series`, begin a series at the due date."
)


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "minutes_before": {"type": "integer", "minimum": 0, "maximum": MAX_MINUTES_BEFORE},
            "at": {"type": "string", "format": "date-time"},
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
)
class ReminderField(serializers.Field):
    """`{"minutes_before": 30}` or `{"at": "2027-01-31T12:00:00Z"}`."""

    default_error_messages = {"invalid": "Enter an object with either `minutes_before` or `at`."}
    kinds: dict[str, serializers.Field] = {
        "minutes_before": fields.IntegerField(min_value=0, max_value=MAX_MINUTES_BEFORE),
        "at": fields.DateTimeField(),
    }

    def to_internal_value(self, data):
        if not isinstance(data, dict) or len(data) != 1 or not data.keys() <= self.kinds.keys():
            self.fail("invalid")
        [(name, value)] = data.items()
        value = self.kinds[name].run_validation(value)
        return reminder_at(value) if name == "at" else {name: value}

    def to_representation(self, value):
        return value


class RemindersField(fields.ListField):
    is_in_row = True

    def __init__(self, **kwargs):
        super().__init__(child=ReminderField(), max_length=MAX_REMINDERS, default=list, **kwargs)


def not_in_future(moment: datetime | None) -> None:
    if moment and moment > timezone.now():
        raise serializers.ValidationError("This is in the future: give a moment that has passed.", code="in_future")


class CompletionSerializer(EmptySerializer):
    """When it was completed; now, by default."""

    completed_at = fields.DateTimeField(required=False, validators=[not_in_future], help_text="Never in the future.")


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

    completed = fields.BooleanField(default=False, help_text="Setting it is the same as complete or reopen.")
    completed_at = fields.DateTimeField(
        allow_null=True,
        required=False,
        validators=[not_in_future],
        help_text="When it was completed. May be given with `completed: true`, for what was done offline; never in the "
        "future. A task that is done already keeps its date.",
    )
    reminders = RemindersField(
        help_text=f'Up to {MAX_REMINDERS} of `{{"minutes_before": minutes}}` (0 to {MAX_MINUTES_BEFORE}) before due, '
        'or `{"at": instant}`.'
    )
    restart_series = fields.BooleanField(
        write_only=True, required=False, help_text="True restarts the series at the due date."
    )
    priority = fields.IntegerField(
        min_value=0, max_value=4, default=0, initial=0, help_text="0: none, 1: low, 2: medium, 3: high, 4: urgent."
    )
    project = OwnedRelatedField(
        queryset=Project.objects.all(),
        allow_null=True,
        default=None,
        help_text="Null for the inbox. A subtask is always in its parent's project.",
    )
    parent = OwnedRelatedField(  # type: ignore[assignment]
        queryset=Task.objects.select_related("project"),
        allow_null=True,
        default=None,
        help_text="The task that this is a subtask of. Subtasks can be nested at most 5 levels deep.",
    )
    tags = fields.ListField(
        child=fields.StringField(max_length=MAX_TAG),
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
            "start_date",
            "start_time",
            "due_date",
            "due_time",
            "reminders",
            "recurrence",
            "repeat_from",
            "restart_series",
            "occurrence_date",
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
        read_only_fields = ["occurrence_date", "series", "next_occurrence", "position", "revision"]
        extra_kwargs = {
            "description": {"trim_whitespace": False},
            "start_date": {"help_text": "A calendar day in the owner's time zone, not after `due_date`."},
            "start_time": {"help_text": "On the wall clock in the owner's time zone. Needs `start_date`."},
            "repeat_from": {"help_text": "Whether the next date is counted from the due date or from completion."},
            "occurrence_date": {"help_text": "The date of its series that this task stands for."},
            "due_date": {"help_text": "A calendar day in the owner's time zone: it never shifts."},
            "due_time": {"help_text": "On the wall clock in the owner's time zone. Needs `due_date`."},
            "recurrence": {"help_text": RECURRENCE},
            "series": {"help_text": "An id that all occurrences of a recurring task share."},
            "next_occurrence": {"help_text": "The task that was created by completing this one."},
        }
        computed = {"completed": Q(completed_at__isnull=False), "tags": TagNames()}
        list_serializer_class = TaskListSerializer

    def validate(self, attrs):
        attrs = self.with_completion(attrs)
        if self.instance is None and not self.partial:
            attrs.pop("restart_series", None)  # a new task begins one anyway
        to_inbox = attrs.get("project", ...) is None and self.partial  # in PUT and POST, it is the default
        if to_inbox and self.instance and (parent := attrs.get("parent", self.instance.parent)):
            parent.check_inbox()
        return super().validate(attrs)

    def with_completion(self, attrs: dict) -> dict:
        """Turn `completed: true` with a `completed_at` into the moment that the model takes for `completed`."""
        if "completed_at" not in attrs:
            return attrs
        moment = attrs.pop("completed_at")
        completed = attrs.get("completed", bool(self.instance and self.instance.completed))
        if moment is None:
            if "completed" not in attrs and (completed or self.instance is None):
                raise invalid("completed_at", "To reopen a task, set `completed: false`.", "needs_completed")
            return attrs
        if not completed:
            raise invalid("completed_at", "A moment of completion needs `completed: true`.", "needs_completed")
        return {**attrs, "completed": moment}

    @classmethod
    def many_init(cls, *args, **kwargs):
        return super().many_init(*args, max_length=cls.MAX_LIST, allow_empty=False, **kwargs)

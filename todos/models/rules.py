"""What must always hold of a task: for the database, the API, forms and the admin alike."""

from django.db.models import F, Q

from ownership.constraints import CheckConstraint

MAX_LEVEL = 5
LEVEL_RANGE = CheckConstraint(
    condition=Q(level__range=(1, MAX_LEVEL)),
    name="task_level_range",
    field="parent",
    violation_error_code="too_deep",
    violation_error_message=f"Subtasks can be nested at most {MAX_LEVEL} levels deep.",
)
NOT_BELOW_ITSELF = CheckConstraint(
    condition=Q(parent=None) | ~Q(parent=F("id")),
    name="task_not_its_own_parent",
    field="parent",
    violation_error_code="circular",
    violation_error_message="A task can't be a subtask of itself.",
)
RULES = [
    LEVEL_RANGE,
    NOT_BELOW_ITSELF,
    CheckConstraint(
        condition=~Q(title_folded=""),  # something to see
        name="task_title_not_blank",
        field="title",
        violation_error_code="blank",
        violation_error_message="A task needs a title.",
    ),
    CheckConstraint(
        condition=Q(priority__range=(0, 4)),
        name="task_priority_range",
        field="priority",
        violation_error_code="invalid",
        violation_error_message="The priority is a number from 0 to 4.",
    ),
    CheckConstraint(
        condition=Q(due_time=None) | Q(due_date__isnull=False),
        name="task_due_time_needs_date",
        field="due_time",
        violation_error_code="needs_due_date",
        violation_error_message="A due time needs a due date.",
    ),
    CheckConstraint(
        condition=Q(recurrence="") | Q(due_date__isnull=False),
        name="task_recurrence_needs_date",
        field="recurrence",
        violation_error_code="needs_due_date",
        violation_error_message="A recurrence needs a due date.",
    ),
    CheckConstraint(
        condition=Q(start_time=None) | Q(start_date__isnull=False),
        name="task_start_time_needs_date",
        field="start_time",
        violation_error_code="needs_start_date",
        violation_error_message="A start time needs a start date.",
    ),
    CheckConstraint(
        condition=Q(start_date=None) | Q(due_date=None) | Q(start_date__lte=F("due_date")),
        name="task_starts_before_due",
        field="start_date",
        violation_error_code="after_due",
        violation_error_message="A task can't start after it is due.",
    ),
    CheckConstraint(
        condition=Q(start_time=None)
        | Q(due_time=None)
        | Q(start_date__lt=F("due_date"))
        | Q(start_time__lte=F("due_time")),
        name="task_starts_before_due_time",
        field="start_time",
        violation_error_code="after_due",
        violation_error_message="A task can't start after it is due.",
    ),
]

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import IsNull
from django.utils import timezone

from api.text import FoldedField, LineField, fold, fold_for_search
from ownership import constraints
from ownership.transactions import revision_transaction
from ownership.validation import invalid
from todos.actions import reminders, series
from todos.actions.moving import move
from todos.actions.tree import update_descendants
from todos.models.position import PositionModel
from todos.models.project import Project
from todos.models.rules import MAX_LEVEL, NOT_BELOW_ITSELF, RULES
from todos.models.task_queryset import TaskQuerySet
from todos.recurrence import MAX_LENGTH, Recurrence, RecurrenceError
from todos.recurrence.parse import strip


def validate_recurrence(text: str) -> None:
    try:
        Recurrence.parse(text)
    except RecurrenceError as error:
        raise ValidationError(str(error), code="invalid") from None


NOT_THE_PARENTS = "A subtask is always in its parent's project. Move the parent, or set `parent` to null."
PRESENT, OPEN, DATED = Q(deleted_at=None), Q(completed_at=None), ~Q(due_date=None)
# On its day, what has no time comes last in both directions. An index has it at one end only: there are two.
UNTIMED, TIMED = IsNull(F("due_time"), True), IsNull(F("due_time"), False)
# Written out, since a compiled query takes no time for a literal. Not with COALESCE: with row-level security, Postgres
# doesn't look up rows of an index by it, because it could leak values.
TIME = Func(
    F("due_time"),
    template="CASE WHEN %(expressions)s IS NULL THEN '00:00:00' ELSE %(expressions)s END",
    output_field=models.TimeField(),
)


class Task(PositionModel):
    """Something to do."""

    FOLLOWING = frozenset(
        {
            *("project_id", "level", "position", "is_tagged", "completed_in_revision", "automatic_revision"),
            *("series", "series_start", "series_day", "series_passed", "series_time", "occurrence_date"),
            *("next_occurrence", "carried_from", "remind_at"),
        }
    )
    MAX_TAGS = 20

    class Priority(models.IntegerChoices):
        NONE, LOW, MEDIUM, HIGH, URGENT = range(5)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    title = LineField(max_length=500, validators=[MinLengthValidator(1)])
    title_folded = FoldedField("title", max_length=500)  # some grow: a key of an index has room for 2,700 bytes
    description = models.TextField(blank=True, default="", max_length=20_000)
    search_text = FoldedField("title", "description", folding=fold_for_search)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)
    priority = models.SmallIntegerField(
        default=Priority.NONE, choices=Priority, validators=[MinValueValidator(0), MaxValueValidator(4)]
    )
    # Calendar days and a wall clock where the owner is. As instants they would shift with the time zone.
    start_date = models.DateField(null=True, blank=True)
    start_time = models.TimeField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    due_time = models.TimeField(null=True, blank=True)
    reminders = models.JSONField(default=list, blank=True)
    # The next of them, and the last one that went out. The worker moves them on: that is no counted write.
    remind_at = models.DateTimeField(null=True, editable=False)
    reminded_at = models.DateTimeField(null=True, editable=False)
    recurrence = models.CharField(max_length=MAX_LENGTH, blank=True, default="", validators=[validate_recurrence])
    repeat_from = models.CharField(max_length=10, default="due", choices=[("due", "due"), ("completion", "completion")])
    # The series: what todos.recurrence.Series takes, and the time of its dates.
    series = models.UUIDField(null=True, editable=False)
    series_start = models.DateField(null=True, editable=False)
    series_day = models.SmallIntegerField(null=True, editable=False)
    series_passed = models.IntegerField(default=0, editable=False)
    series_time = models.TimeField(null=True, editable=False)
    occurrence_date = models.DateField(null=True, editable=False)  # the date of the series that this stands for
    next_occurrence = models.UUIDField(null=True, editable=False)
    carried_from = models.UUIDField(null=True, editable=False)  # the parent whose next occurrence it moved to
    # Up to here only the server itself changed it: as the next occurrence of another task, or together with one.
    automatic_revision = models.BigIntegerField(null=True, editable=False)
    completed_in_revision = models.BigIntegerField(null=True, editable=False)  # tells what was completed together
    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks", null=True, blank=True, db_index=False)
    parent = models.ForeignKey("self", models.CASCADE, related_name="subtasks", null=True, blank=True, db_index=False)
    level = models.SmallIntegerField(default=1, editable=False)
    is_tagged = models.BooleanField(default=False, editable=False)

    objects: ClassVar = TaskQuerySet.as_manager()

    new_tags: list[str] | None = None  # what `tags` was set to, until it is saved
    restart_series = False  # set to begin the series anew at the due date, when it is saved

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "id"], name="task_owner_id"),
            *RULES,
        ]
        indexes = [
            models.Index("owner", "created_at", "id", name="task_owner_created"),
            models.Index("owner", "updated_at", "id", name="task_owner_updated"),
            models.Index("owner", "title_folded", "id", name="task_owner_title"),
            models.Index("owner", "priority", "created_at", "id", condition=PRESENT, name="task_by_priority"),
            models.Index("owner", "position", "id", name="task_owner_position"),
            models.Index("owner", "revision", "id", name="task_owner_revision"),
            # A filter's rows in the default order, to find three open tasks among a million completed ones. Each write
            # has to update the indexes that contain its row; these are partial, so that it is in few of them.
            models.Index("owner", "created_at", "id", condition=PRESENT & OPEN, name="task_open"),
            models.Index("owner", "created_at", "id", condition=PRESENT & ~OPEN, name="task_completed"),
            models.Index("owner", "created_at", "id", condition=~PRESENT, name="task_in_trash"),
            models.Index(
                *("owner", "completed_at", "created_at", "id"),
                condition=PRESENT & ~OPEN,
                name="task_by_completed_at",
            ),
            models.Index(
                *("owner", "due_date", UNTIMED, TIME, "created_at", "id"),
                condition=PRESENT & DATED,
                name="task_by_due_date",
            ),
            models.Index(
                *("owner", "due_date", TIMED, TIME, "created_at", "id"),
                condition=PRESENT & DATED,
                name="task_by_due_date_desc",
            ),
            models.Index("owner", "created_at", "id", condition=PRESENT & Q(due_date=None), name="task_undated"),
            models.Index("owner", "created_at", "id", condition=PRESENT & Q(project=None), name="task_in_inbox"),
            models.Index("owner", "created_at", "id", condition=PRESENT & Q(is_tagged=False), name="task_untagged"),
            models.Index("remind_at", "owner", condition=~Q(remind_at=None), name="task_remind_at"),
            # Replace the foreign keys' own indexes, also for cascades.
            models.Index("project", "owner", "created_at", "id", condition=~Q(project=None), name="task_by_project"),
            models.Index("parent", "owner", "created_at", "id", condition=~Q(parent=None), name="task_by_parent"),
        ]

    def __str__(self) -> str:
        return self.title

    # Completion

    @property
    def completed(self) -> bool:
        return self.completed_at is not None

    @completed.setter
    def completed(self, completed: bool | datetime) -> None:
        """True, False, or when it was completed. A task that is done already keeps its date."""
        if bool(completed) != self.completed:
            moment = completed if isinstance(completed, datetime) else timezone.now()
            self.completed_at = moment if completed else None

    def complete(self, at: datetime | None = None) -> Self:
        """Mark as done (at this moment), with what is below. A task that is done already keeps its date."""
        self.completed = at or True
        self.save()
        return self

    def reopen(self) -> Self:
        """Mark as not done, with what is above, and what was completed along with it."""
        self.completed = False
        self.save()
        return self

    def toggle(self) -> Self:
        return self.reopen() if self.completed else self.complete()

    def skip(self) -> Self:
        """Go on to the next date of the series without completing. Raises ValidationError."""
        series.skip(self)
        self.save()
        return self

    # Tags

    @property
    def tags(self) -> list[str]:
        """The names of the tags, sorted without regard to case."""
        return self.tags_in_database if self.new_tags is None else sorted(self.new_tags, key=fold)

    @tags.setter
    def tags(self, names: list[str]) -> None:
        if self._state.adding or {fold(name) for name in names} != {fold(name) for name in self.tags}:
            self.new_tags = names
            self.is_tagged = bool(names)

    def retag(self, add: Iterable[str], remove: Iterable[str]) -> None:
        """Add some tags, and take others off. Nothing happens for those that it bears, or doesn't bear, already."""
        removed = {fold(name) for name in remove}
        self.tags = [name for name in self.tags if fold(name) not in removed] + list(add)

    @property
    def tags_in_database(self) -> list[str]:
        if not hasattr(self, "tag_names"):
            names = self.tag_links.order_by("tag__name_folded").values_list("tag__name", flat=True)
            self.tag_names = list(names)
        return self.tag_names

    # Location in the tree

    @property
    def may_have_subtasks(self) -> bool:
        return getattr(self, "has_subtasks", True)

    @property
    def is_moved(self) -> bool:
        """Whether its location changed since it was loaded."""
        return self.loaded_values is not None and bool({"parent_id", "project_id", "level"} & super().changed_fields())

    @property
    def location(self) -> tuple[UUID | None, UUID | None]:
        """The parent and the project, which it shares with its siblings."""
        return self.parent_id, self.project_id

    def follow_rules(self) -> None:
        """Set what follows from what was changed: the series, the level, the project. Raises ValidationError."""
        if self.automatic_revision is not None and self.loaded_values is None:
            return  # a copy of what was checked already
        changed = super().changed_fields()
        if "title" in changed:
            folded: Any = self._meta.get_field("title_folded")
            folded.pre_save(self, self._state.adding)
        if self.new_tags and len({fold(name) for name in self.new_tags}) > self.MAX_TAGS:
            raise invalid("tags", f"A task can have at most {self.MAX_TAGS} tags.", "max_length")
        if self.due_date is None and any("minutes_before" in each for each in self.reminders):
            raise invalid("reminders", "A reminder before the due date needs a due date.", "needs_due_date")
        if "recurrence" in changed:
            self.recurrence = strip(self.recurrence)
            if series.is_same_rule(self):
                changed.remove("recurrence")
        if self.restart_series or changed & series.RULED_BY:
            series.follow(self, changed)
        if {"parent_id", "project_id"} & changed:
            self.check_location(changed)

    def check_location(self, changed: set[str]) -> None:
        constraints.check_references(self, changed)
        for name in ("project", "parent"):
            other = getattr(self, name) if f"{name}_id" in changed else None
            if other is not None and other.deleted_at is not None and self.deleted_at is None:
                raise invalid(name, f"This {name} is in the trash. Restore it first.", "in_trash")
        if self.parent:
            self.follow_parent(self.parent, changed)
        else:
            self.level = 1
        if not self.position_is_set and {"parent_id", "project_id"} & super().changed_fields():
            self.position = None  # last among its new siblings

    def follow_parent(self, parent: "Task", changed: set[str]) -> None:
        if self.project_id is None or "project_id" not in changed:
            self.project = parent.project
        if self.project_id != parent.project_id:
            raise invalid("project", NOT_THE_PARENTS, "not_the_parents")
        if "parent_id" in changed and parent.completed and not self.completed:
            raise invalid("parent", "This task is completed. Reopen it first.", "parent_completed")
        self.set_parent(parent)

    def check_inbox(self) -> None:
        """Raise ValidationError if it is in a project: a subtask goes into the inbox only with its parent."""
        if self.project_id:
            raise invalid("project", NOT_THE_PARENTS, "not_the_parents")

    def set_parent(self, parent: "Task") -> None:
        self.level = parent.level + 1
        self.project_id = parent.project_id
        if self.level > MAX_LEVEL and self.deleted_at is not None:
            self.parent, self.level = None, 1  # a task in the trash must not prevent the move
        constraints.check(self, {"level"})

    def check_circle(self, family: dict[UUID, "Task"]) -> None:
        above, passed = self.parent_id, set()
        while above in family and above not in passed:  # there may be a circle above that doesn't include this task
            if above == self.pk:
                raise constraints.refusal(NOT_BELOW_ITSELF)
            passed.add(above)
            above = family[above].parent_id

    def restore_location(self) -> None:
        """After a restore: keep the location if it is still valid, or move to the top level."""
        if self.project and self.project.deleted_at is not None:
            self.project = None
        if self.parent is None:
            return
        if self.parent.deleted_at is not None or (self.parent.completed and not self.completed):
            self.parent = None
        else:
            self.project = self.parent.project

    def clean(self) -> None:
        """Check the rules of this task and those below it. Forms call this."""
        self.follow_rules()
        if self.is_moved:
            update_descendants([self], [self])

    # Writing

    def check_rules(self) -> None:
        self.follow_rules()
        self.validate_constraints()

    def changed_fields(self) -> set[str]:
        changed = super().changed_fields()
        if (self.new_tags is not None or self.restart_series) and self.loaded_values is not None:
            changed |= {"updated_at"}
        return changed

    def stamp(self, revision: int, share: float = 0.0) -> None:
        super().stamp(revision, share)
        reminders.follow(self)
        self.restart_series = False
        if self._state.adding:
            self.tag_names = []
            return
        if self.completed_at is None or self.was("completed_at") is None:
            self.completed_in_revision = revision if self.completed_at and self.was("completed_at") is None else None
        if self.is_carried and not self.is_touched:
            self.automatic_revision = revision
        self.is_carried = False

    @property
    def is_touched(self) -> bool:
        """Whether somebody changed this since it was made as, or carried along to, a next occurrence."""
        return self.automatic_revision is None or self.automatic_revision != self.was("revision")

    def event(self) -> str:
        event = super().event()
        if event != "updated" or self.was("completed_at") == self.completed_at:
            return event
        return "reopened" if self.completed_at is None else "completed"

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        """Move the task and those below it to the trash."""
        self.deleted_at = self.deleted_at or timezone.now()
        self.save()
        return 1, {self._meta.label: 1}

    def restore(self) -> Self:
        """Restore from the trash, with the tasks that were deleted together with it."""
        self.deleted_at = None
        self.restore_location()
        self.save()
        return self

    def move(self, **location) -> Self:
        """Move the task. `location`: any of project, parent, before and after."""
        with revision_transaction(self.owner_id):
            move([self], location)
        return self

    def siblings(self) -> TaskQuerySet:
        """The tasks at the same location, including this one, without the trash."""
        siblings = Task.objects.present().filter(owner_id=self.owner_id, parent_id=self.parent_id)
        return siblings if self.parent_id else siblings.filter(project_id=self.project_id)

    @property
    def makes_next_occurrence(self) -> bool:
        """Whether completing it creates the next occurrence: not twice, and not below a completed task."""
        return bool(self.recurrence) and self.next_occurrence is None and not (self.parent and self.parent.completed)

from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from api.ids import uuid7
from api.text import FoldedField, fold
from ownership.revised import revision_transaction
from todos.models.errors import invalid
from todos.models.position import PositionModel
from todos.models.project import Project
from todos.models.task_queryset import TaskQuerySet
from todos.models.tree import update_descendants
from todos.recurrence import Recurrence, RecurrenceError


def validate_recurrence(text: str) -> None:
    try:
        Recurrence.parse(text)
    except RecurrenceError as error:
        raise ValidationError(str(error), code="invalid") from None


PRESENT, OPEN, DATED = Q(deleted_at=None), Q(completed_at=None), ~Q(due_date=None)


class Task(PositionModel):
    """Something to do."""

    MAX_LEVEL = 5
    FOLLOWING = frozenset({"project", "level", "position", "series", "series_start"})  # set by check_rules
    MAX_TAGS = 20

    class Priority(models.IntegerChoices):
        NONE, LOW, MEDIUM, HIGH, URGENT = range(5)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    title = models.CharField(max_length=255, validators=[MinLengthValidator(1)])
    title_folded = FoldedField(source="title")
    description = models.TextField(blank=True, default="", max_length=10_000)
    description_folded = FoldedField(source="description")
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)
    priority = models.SmallIntegerField(
        default=Priority.NONE, choices=Priority, validators=[MinValueValidator(0), MaxValueValidator(4)]
    )
    # A calendar day and a wall clock where the owner is. As an instant they would shift with the time zone.
    due_date = models.DateField(null=True, blank=True)
    due_time = models.TimeField(null=True, blank=True)
    recurrence = models.CharField(max_length=200, blank=True, default="", validators=[validate_recurrence])
    series = models.UUIDField(null=True, editable=False)
    series_start = models.DateField(null=True, editable=False)  # the rule counts from here
    next_occurrence = models.UUIDField(null=True, editable=False)
    created_in_revision = models.BigIntegerField(
        null=True, editable=False
    )  # the revision that made this as a next occurrence
    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks", null=True, blank=True, db_index=False)
    parent = models.ForeignKey("self", models.CASCADE, related_name="subtasks", null=True, blank=True, db_index=False)
    level = models.SmallIntegerField(default=1, editable=False)

    objects: ClassVar = TaskQuerySet.as_manager()

    wanted: bool | None = None  # what `completed` was set to, until it is saved
    new_tags: list[str] | None = None  # what `tags` was set to, until it is saved

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "id"], name="task_owner_id"),
            models.CheckConstraint(
                condition=~Q(title=""), name="task_title_not_blank", violation_error_message="A task needs a title."
            ),
            models.CheckConstraint(
                condition=Q(priority__range=(0, 4)),
                name="task_priority_range",
                violation_error_message="The priority is a number from 0 to 4.",
            ),
            models.CheckConstraint(
                condition=Q(due_time=None) | Q(due_date__isnull=False),
                name="task_due_time_needs_date",
                violation_error_message="A due time needs a due date.",
            ),
            models.CheckConstraint(
                condition=Q(recurrence="") | Q(due_date__isnull=False),
                name="task_recurrence_needs_date",
                violation_error_message="A recurrence needs a due date.",
            ),
            models.CheckConstraint(
                condition=Q(level__range=(1, 5)),
                name="task_level_range",
                violation_error_message="Tasks hang at most 5 levels deep.",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")),
                name="task_not_its_own_parent",
                violation_error_message="A task can't be its own parent.",
            ),
        ]
        indexes = [
            models.Index("owner", "created_at", "id", name="task_owner_created"),
            models.Index("owner", "updated_at", "id", name="task_owner_updated"),
            models.Index("owner", "title_folded", "id", name="task_owner_title"),
            models.Index("owner", "priority", "created_at", "id", condition=PRESENT, name="task_by_priority"),
            models.Index("owner", "position", "id", name="task_owner_position"),
            models.Index("owner", "revision", "id", name="task_owner_revision"),
            # A filter's rows in the default order: three open tasks are found among a million done ones. A write pays
            # for each index that its row is in; these share the rows out among them.
            models.Index("owner", "created_at", "id", condition=PRESENT & OPEN, name="task_open"),
            models.Index("owner", "created_at", "id", condition=PRESENT & ~OPEN, name="task_completed"),
            models.Index("owner", "created_at", "id", condition=~PRESENT, name="task_in_trash"),
            models.Index("owner", "due_date", "created_at", "id", condition=PRESENT & DATED, name="task_by_due_date"),
            models.Index("owner", "created_at", "id", condition=PRESENT & Q(due_date=None), name="task_undated"),
            models.Index("owner", "created_at", "id", condition=PRESENT & Q(project=None), name="task_in_inbox"),
            # In the place of the foreign keys' own, for the cascades too.
            models.Index("project", "owner", "created_at", "id", condition=~Q(project=None), name="task_by_project"),
            models.Index("parent", "owner", "created_at", "id", condition=~Q(parent=None), name="task_by_parent"),
        ]

    def __str__(self) -> str:
        return self.title

    # Completion

    @property
    def completed(self) -> bool:
        return self.completed_at is not None if self.wanted is None else self.wanted

    @completed.setter
    def completed(self, completed: bool) -> None:
        if self._state.adding:
            self.completed_at = timezone.now() if completed else None
        else:
            self.wanted = completed

    def complete(self) -> Self:
        """Mark as done, with what is below. A task that is done already keeps its date."""
        Task.objects.complete_all([self])
        return self

    def reopen(self) -> Self:
        """Mark as not done, with what is above."""
        Task.objects.reopen_all([self])
        return self

    def toggle(self) -> Self:
        return self.reopen() if self.completed else self.complete()

    # Tags

    @property
    def tags(self) -> list[str]:
        """The names of the tags, sorted without regard to case."""
        return self.tags_in_database if self.new_tags is None else sorted(self.new_tags, key=fold)

    @tags.setter
    def tags(self, names: list[str]) -> None:
        if self._state.adding or {fold(name) for name in names} != {fold(name) for name in self.tags}:
            self.new_tags = names

    @property
    def tags_in_database(self) -> list[str]:
        if not hasattr(self, "tag_names"):
            names = self.tag_links.order_by("tag__name_folded").values_list("tag__name", flat=True)
            self.tag_names = list(names)
        return self.tag_names

    # Place in the tree

    @property
    def may_have_subtasks(self) -> bool:
        return getattr(self, "has_subtasks", True)

    @property
    def is_moved(self) -> bool:
        """Whether it was put elsewhere since it was loaded."""
        return self.loaded is not None and bool({"parent_id", "project_id", "level"} & super().changed())

    @property
    def place(self) -> tuple[UUID | None, UUID | None]:
        """Whose neighbours are its siblings."""
        return self.parent_id, self.project_id

    def check_rules(self) -> None:
        """Refuse, with a ValidationError, what must not be, whoever writes; take project and level from the parent."""
        if self.created_in_revision is not None and self.loaded is None:
            return  # a copy of what has been checked already
        if self.due_date is None and self.due_time is not None:
            raise invalid("due_time", "A due time needs a due date.", "needs_due_date")
        if self.due_date is None and self.recurrence:
            raise invalid("recurrence", "A recurrence needs a due date.", "needs_due_date")
        changed = super().changed()
        if {"recurrence", "due_date"} & changed:
            self.begin_series()
        if {"parent_id", "project_id"} & changed:
            self.check_place(changed)

    def begin_series(self) -> None:
        """A rule counts from the due date that it was set for; a new day or a new rule begins anew."""
        self.series_start = self.due_date if self.recurrence else None
        if self.recurrence and self.series is None:
            self.series = uuid7()

    def check_place(self, changed: set[str]) -> None:
        if not self.placed:
            self.position = None  # last among its new siblings
        for name in ("project", "parent"):
            if f"{name}_id" in changed and (other := getattr(self, name)) is not None:
                if other.owner_id != self.owner_id:
                    raise invalid(name, "There is no such object.", "does_not_exist")
                if other.deleted_at is not None and self.deleted_at is None:
                    raise invalid(name, "This is in the trash.", "in_trash")
        if self.parent is None:
            self.level = 1
            return
        if self.project_id is None or "project_id" not in changed:
            self.project = self.parent.project
        if self.project_id != self.parent.project_id:
            raise invalid("project", "A subtask is always in its parent's project.", "not_the_parents")
        if "parent_id" in changed and self.parent.completed and not self.completed:
            raise invalid("parent", "This parent is completed: reopen it first.", "parent_completed")
        self.set_parent(self.parent)

    def set_parent(self, parent: "Task") -> None:
        self.level = parent.level + 1
        self.project_id = parent.project_id
        if self.level <= self.MAX_LEVEL:
            return
        if self.deleted_at is None:
            raise invalid("parent", f"Tasks hang at most {self.MAX_LEVEL} levels deep.", "too_deep")
        self.parent, self.level = None, 1  # what nobody sees must not stand in the way

    def check_circle(self, family: dict[UUID, "Task"]) -> None:
        above, passed = self.parent_id, set()
        while above in family and above not in passed:  # there may be a circle above that this one is no part of
            if above == self.pk:
                raise invalid("parent", "A task can't be a part of itself.", "circular")
            passed.add(above)
            above = family[above].parent_id

    def restore_location(self) -> None:
        """After a restore: keep the place if it is still there, else come back on top."""
        if self.project and self.project.deleted_at is not None:
            self.project = None
        if self.parent is None:
            return
        if self.parent.deleted_at is not None or (self.parent.completed and not self.completed):
            self.parent = None
        else:
            self.project = self.parent.project

    def clean(self) -> None:
        self.check_rules()
        if self.is_moved:
            update_descendants([self], [self])

    # Writing

    def changed(self, among: set[str] | None = None) -> set[str]:
        changed = super().changed(among)
        if self.new_tags is not None and self.loaded is not None:
            changed |= {"updated_at"}
        return changed

    def save(self, *args, **kwargs) -> None:
        with revision_transaction(self.owner_id):
            super().save(*args, **kwargs)
            if self.wanted is not None:
                Task.objects.settle([self])

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        """Move to the trash, with what is below, whoever deletes."""
        return Task.objects.trash_all([self]), {self._meta.label: 1}

    def restore(self) -> Self:
        Task.objects.restore_all([self])
        return self

    def move(self, **place) -> Self:
        """Put it elsewhere; `place` has any of project, parent, before and after."""
        Task.objects.move_all([self], place)
        return self

    def siblings(self) -> TaskQuerySet:
        """The present tasks in the same place, this one among them."""
        siblings = Task.objects.present().filter(owner_id=self.owner_id, parent_id=self.parent_id)
        return siblings if self.parent_id else siblings.filter(project_id=self.project_id)

    @property
    def makes_next_occurrence(self) -> bool:
        """Whether completing it makes one: not twice, and not under a completed task."""
        return bool(self.recurrence) and self.next_occurrence is None and not (self.parent and self.parent.completed)

    def next_date(self, today: date) -> date | None:
        """When the next occurrence is due, seen from `today`; None when there is none."""
        if not self.recurrence or self.due_date is None or self.series_start is None:
            return None
        return Recurrence.parse(self.recurrence).next_date(self.series_start, self.due_date, today)

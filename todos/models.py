from typing import ClassVar, Self

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from users.revisions import RevisedModel, RevisedQuerySet


class TaskQuerySet(RevisedQuerySet):
    def present(self) -> Self:
        """Without the trash."""
        return self.filter(deleted_at=None)

    def open(self) -> Self:
        return self.filter(completed_at=None)

    def completed(self) -> Self:
        return self.exclude(completed_at=None)

    def containing(self, text: str) -> Self:
        """With `text` in the title or the description, without regard to case."""
        return self.filter(models.Q(title__icontains=text) | models.Q(description__icontains=text))

    def delete(self) -> tuple[int, dict[str, int]]:
        """Move to the trash, whoever deletes."""
        moved = self._update_as("deleted", {"deleted_at": timezone.now()})
        return moved, {self.model._meta.label: moved}

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class Task(RevisedModel):
    """Something to do."""

    title = models.CharField(max_length=255, validators=[MinLengthValidator(1)])
    description = models.TextField(blank=True, default="", max_length=10_000)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(title=""),
                name="task_title_not_blank",
                violation_error_message="A task needs a title.",
            )
        ]
        indexes = [
            models.Index("owner", "created_at", "id", name="task_owner_created"),
            models.Index("owner", "updated_at", "id", name="task_owner_updated"),
            models.Index("owner", Lower("title"), "id", name="task_owner_title"),
            models.Index("owner", "revision", name="task_owner_revision"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def completed(self) -> bool:
        return self.completed_at is not None

    @completed.setter
    def completed(self, completed: bool) -> None:
        if completed == self.completed:
            return
        self.completed_at = timezone.now() if completed else None
        if not self._state.adding:
            self.event = "completed" if completed else "reopened"

    def complete(self) -> Self:
        """Mark as done; a task that is done already keeps its date."""
        return self._set_completed(True)

    def reopen(self) -> Self:
        return self._set_completed(False)

    def toggle(self) -> Self:
        return self._set_completed(not self.completed)

    def _set_completed(self, completed: bool) -> Self:
        if completed != self.completed:
            self.completed = completed
            self.save(update_fields=["completed_at"])
        return self

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        """Move to the trash, whoever deletes."""
        self.deleted_at = timezone.now()
        self.event = "deleted"
        self.save(update_fields=["deleted_at"])
        return 1, {self._meta.label: 1}

from typing import ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models

from ownership.revised import revision_transaction, revision_transactions
from todos.models.counts import open_tasks
from todos.models.errors import invalid
from todos.models.naming import UniqueNameModel, unique_name
from todos.models.position import PositionModel, PositionQuerySet


class ProjectQuerySet(PositionQuerySet):
    def with_counts(self) -> Self:
        """With `open_tasks`, counted in the same query."""
        return self.annotate(open_tasks=open_tasks("project"))

    def purge(self) -> int:
        """Delete for good, with the tasks in them."""
        with revision_transactions(self.owner_ids()):
            self.model._meta.get_field("tasks").related_model.objects.filter(project__in=self).purge()
            return super().purge()


class Project(UniqueNameModel, PositionModel):
    """A list of tasks that belong together."""

    name = models.CharField(max_length=100)
    color = models.CharField(
        max_length=7,
        blank=True,
        default="",
        validators=[RegexValidator(r"^#[0-9a-f]{6}\Z", "A color is # and six hexadecimal digits in lower case.")],
    )

    objects: ClassVar = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "id"], name="project_owner_id"),
            unique_name("project_name_unique"),
        ]
        indexes = [models.Index(fields=["owner", "revision", "id"], name="project_owner_revision")]

    def __str__(self) -> str:
        return self.name

    def move(self, before: "Project | None" = None, after: "Project | None" = None) -> None:
        """Put it right before or after another project; without either, last."""
        if self in (before, after):
            raise invalid("before" if before else "after", "A project can't be put beside itself.", "not_a_sibling")
        if before or after:
            self.siblings().place([self], before, after)
        else:
            self.position = None
        self.save()

    def siblings(self) -> ProjectQuerySet:
        return Project.objects.present().filter(owner_id=self.owner_id)

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        """Move to the trash, with its tasks."""
        with revision_transaction(self.owner_id):
            deleted = super().delete()
            self.tasks.present().update_as("deleted", deleted_at=self.deleted_at)
        return deleted

    def restore(self) -> Self:
        """Bring back from the trash, with the tasks that went there along with it."""
        with revision_transaction(self.owner_id):
            moment, self.deleted_at = self.deleted_at, None
            self.clean()
            Project.objects.save_all([self], event="restored")
            self.tasks.filter(deleted_at=moment).update_as("restored", deleted_at=None)
        return self

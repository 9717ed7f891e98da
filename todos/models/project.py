from typing import ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models

from ownership.transactions import revision_transaction, revision_transactions
from ownership.validation import invalid
from todos.models.counts import open_tasks
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
            unique_name("project_name_unique", "There is a project with this name already."),
        ]
        indexes = [models.Index(fields=["owner", "revision", "id"], name="project_owner_revision")]

    def __str__(self) -> str:
        return self.name

    def siblings(self) -> ProjectQuerySet:
        return Project.objects.present().filter(owner_id=self.owner_id)

    def move(self, before: "Project | None" = None, after: "Project | None" = None) -> None:
        """Put it right before or after another project; without either, last. Raises ValidationError."""
        if self in (before, after):
            raise invalid("before" if before else "after", "A project can't be put next to itself.", "not_a_sibling")
        with revision_transaction(self.owner_id):
            self.position = None
            if before or after:
                self.siblings().insert([self], before, after)
            self.save()

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
        """Delete the projects and their tasks permanently."""
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
        validators=[RegexValidator(r"^#[0-9a-f]{6}\Z", "Enter a color as # and six lowercase hexadecimal digits.")],
    )

    objects: ClassVar = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "id"], name="project_owner_id"),
            unique_name("project_name_unique", "A project with this name already exists. Choose another name."),
        ]
        indexes = [
            models.Index(fields=["owner", "revision", "id"], name="project_owner_revision"),
            models.Index(fields=["owner", "position", "id"], name="project_owner_position"),
        ]

    def __str__(self) -> str:
        return self.name

    def siblings(self) -> ProjectQuerySet:
        return Project.objects.present().filter(owner_id=self.owner_id)

    def move(self, before: "Project | None" = None, after: "Project | None" = None) -> None:
        """Move it before or after another project, or to the end. Raises ValidationError if that is itself."""
        if self in (before, after):
            message = "A project can't be moved next to itself. Choose another one."
            raise invalid("before" if before else "after", message, "not_a_sibling")
        with revision_transaction(self.owner_id):
            self.position = None
            if before or after:
                self.siblings().insert([self], before, after)
            self.save()

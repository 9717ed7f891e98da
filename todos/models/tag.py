from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, JSONField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from api.text import fold
from ownership.transactions import revision_transaction
from todos.models.counts import open_tasks
from todos.models.naming import UniqueNameModel, unique_name
from todos.models.trash import TrashQuerySet


class TagQuerySet(TrashQuerySet):
    def with_counts(self) -> Self:
        """With `open_tasks`, counted in the same query."""
        return self.annotate(open_tasks=open_tasks("tag"))

    def touch_dependents(self, ids: Sequence[UUID], values: Mapping[str, Any]) -> None:
        """Tasks show the names of their tags: a new name gives them a new revision."""
        if "name" in values:
            tasks: Any = TaskTag._meta.get_field("task").related_model
            tasks.objects.present().filter(pk__in=TaskTag.objects.filter(tag__in=ids).values("task")).touch()

    def ids_of(self, names: Sequence[str]) -> list[UUID | None]:
        """The ids of the tags with these folded names; None for a name without a tag."""
        ids = dict(self.present().filter(name_folded__in=names).values_list("name_folded", "pk"))
        return [ids.get(name) for name in names]

    def named(self, owner_id, names: Iterable[str]) -> dict[str, "Tag"]:
        """The owner's tags with these names, by folded name. Missing tags are created in one query.

        If a new name has several spellings, the first one is used.
        """
        spellings: dict[str, str] = {}
        for name in names:
            spellings.setdefault(fold(name), name)
        found = {tag.name_folded: tag for tag in self.present().filter(owner_id=owner_id, name_folded__in=spellings)}
        missing = [Tag(owner_id=owner_id, name=name) for key, name in spellings.items() if key not in found]
        if missing:
            self.bulk_create(missing)
        return {**found, **{tag.name_folded: tag for tag in missing}}


class Tag(UniqueNameModel):
    """A label for tasks. Using a new name creates it."""

    name = models.CharField(max_length=50)

    objects: ClassVar = TagQuerySet.as_manager()

    class Meta:
        ordering = ["name_folded", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "id"], name="tag_owner_id"),
            unique_name("tag_name_unique", "A tag with this name already exists. Choose another name."),
        ]
        indexes = [models.Index(fields=["owner", "revision", "id"], name="tag_owner_revision")]

    def __str__(self) -> str:
        return self.name

    def only_on(self) -> QuerySet:
        """The tasks that bear this tag and no other."""
        others = TaskTag.objects.filter(task=OuterRef("pk")).exclude(tag=self)
        tasks: Any = TaskTag._meta.get_field("task").related_model
        return QuerySet(tasks).filter(~Exists(others), pk__in=self.task_links.values("task"))

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        """Remove the tag from all tasks. Restoring the tag doesn't bring it back there."""
        with revision_transaction(self.owner_id):
            Tag.objects.touch_dependents([self.pk], {"name": self.name})
            self.only_on().update(is_tagged=False)  # not counted again: what isn't in the trash was touched just now
            self.task_links.all().delete()
            return super().delete()


class TaskTag(models.Model):
    """A tag of a task."""

    # The constraint and the index below start with these keys.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    task = models.ForeignKey("todos.Task", on_delete=models.CASCADE, related_name="tag_links", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="task_links", db_index=False)
    # A copy of the task's, so that the index has a tag's tasks in order.
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "tag"], name="task_tag_once")]
        indexes = [models.Index(fields=["tag", "owner", "created_at", "task"], name="task_tag_in_order")]

    def __str__(self) -> str:
        return str(self.tag)


class TagNames(Subquery):
    """The names of a task's tags as a JSON list, sorted without regard to case."""

    def __init__(self) -> None:
        links = TaskTag.objects.filter(task=OuterRef("pk")).order_by("tag__name_folded")
        super().__init__(links.values(name=F("tag__name")), output_field=JSONField())

    def as_sqlite(self, compiler, connection):
        template = "(SELECT json_group_array(name) FROM (%(subquery)s) names)"
        return self.as_sql(compiler, connection, template)

    def as_postgresql(self, compiler, connection):
        template = "(SELECT coalesce(jsonb_agg(name), '[]') FROM (%(subquery)s) names)"
        return self.as_sql(compiler, connection, template)

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, Self

from django.apps import apps
from django.db import models
from django.db.models import F
from django.utils import timezone

from ownership.owned import queryset_only
from ownership.revised import RevisedModel, RevisedQuerySet
from ownership.transactions import forget_deletions, revision_transaction, revision_transactions
from ownership.validation import check_each
from users.erasure import erase_entries


class TrashQuerySet(RevisedQuerySet):
    def present(self) -> Self:
        """Not in the trash."""
        return self.filter(deleted_at=None)

    def referable(self) -> Self:
        return self.present()

    def in_trash(self) -> Self:
        return self.exclude(deleted_at=None)

    def event_of(self, values: dict) -> str:
        if "deleted_at" not in values:
            return super().event_of(values)
        return "restored" if values["deleted_at"] is None else "deleted"

    @queryset_only
    def delete(self) -> tuple[int, dict[str, int]]:
        """Move the rows to the trash, each with the objects that depend on it."""
        with revision_transactions(self.owner_ids()):
            moved = sum(each.delete()[0] for each in self.present())
        return moved, {self.model._meta.label: moved}

    def restore(self) -> int:
        """Restore the rows from the trash: all or none. Return how many there were. Raises RefusedError."""
        with revision_transactions(self.owner_ids()):
            rows = list(self.in_trash())
            check_each(rows, lambda row: row.restore())
        return len(rows)

    restore.alters_data = True  # type: ignore[attr-defined]

    def purge(self) -> int:
        """Delete permanently. Clients that haven't synced the deletion yet will have to start their sync again."""
        purged = 0
        with revision_transactions(self.owner_ids()) as transactions:
            for owner_id, current in transactions.items():
                gone = dict(self.filter(owner_id=owner_id).order_by().values_list("pk", "revision"))
                if not gone:
                    continue  # another process has purged them
                current.record(self.model, "purged", list(gone))
                forget_deletions(owner_id, max(gone.values()))
                models.QuerySet(self.model, using=self.db).filter(pk__in=gone).delete()
                erase_entries(self.model, [str(pk) for pk in gone])
                purged += len(gone)
        return purged

    purge.alters_data = True  # type: ignore[attr-defined]


class TrashModel(RevisedModel):
    """An object that is moved to the trash when it is deleted, with those that refer to it with CASCADE.

    The row stays until it is purged, so that clients can sync the deletion.
    """

    # Objects that were deleted together have the same time, and are restored together.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = TrashQuerySet.as_manager()

    class Meta(RevisedModel.Meta):
        abstract = True
        constraints = [models.UniqueConstraint(fields=["owner", "id"], name="%(class)s_owner_id")]  # for references
        indexes = [
            models.Index(fields=["owner", "revision", "id"], name="%(class)s_owner_revision"),  # for sync
            models.Index(fields=["owner", "created_at", "id"], name="%(class)s_owner_created"),  # for lists
        ]

    def stamp(self, revision: int, share: float = 0.0) -> None:
        """What stays in the trash keeps the revision of its deletion: clients that know of it need not start again."""
        if self.deleted_at is None or self.was("deleted_at") != self.deleted_at:
            super().stamp(revision, share)

    def event(self) -> str:
        if self.was("deleted_at") == self.deleted_at:
            return super().event()
        return "restored" if self.deleted_at is None else "deleted"

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        """Move to the trash, with the objects that depend on it."""
        with revision_transaction(self.owner_id):
            self.deleted_at = self.deleted_at or timezone.now()
            self.save()
            self.trash_dependents([self.pk], self.deleted_at)
        return 1, {self._meta.label: 1}

    def restore(self) -> Self:
        """Restore from the trash, with the objects that were deleted together with it."""
        with revision_transaction(self.owner_id):
            self.restore_dependents([self.pk])
            self.deleted_at = None
            self.save()
        return self

    @classmethod
    def dependents(cls) -> Iterator[tuple[Any, str]]:
        """The other models that are deleted with this one, each with the name of its foreign key."""
        for model in apps.get_models():
            for field in model._meta.concrete_fields if issubclass(model, TrashModel) and model is not cls else ():
                relation: Any = field.remote_field
                if relation and relation.model is cls and relation.on_delete is models.CASCADE:
                    yield model, field.name

    @classmethod
    def trash_dependents(cls, ids: list, moment: datetime) -> None:
        """Move the objects that refer to these rows to the trash, with the same time."""
        for model, name in cls.dependents():
            found = list(model.objects.present().filter(**{f"{name}__in": ids}).values_list("pk", flat=True))
            if found:
                model.objects.filter(pk__in=found).update(deleted_at=moment)
                model.trash_dependents(found, moment)

    @classmethod
    def restore_dependents(cls, ids: list) -> None:
        """Restore the objects that were deleted together with these rows. Call it before restoring the rows."""
        for model, name in cls.dependents():
            rows = model.objects.filter(**{f"{name}__in": ids, "deleted_at": F(f"{name}__deleted_at")})
            if found := list(rows.values_list("pk", flat=True)):
                model.restore_dependents(found)
                model.objects.filter(pk__in=found).update(deleted_at=None)

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from ownership.revised import RevisedModel, RevisedQuerySet, forget_deletions, revision_transactions


class TrashQuerySet(RevisedQuerySet):
    def present(self) -> Self:
        """Without the trash."""
        return self.filter(deleted_at=None)

    def in_trash(self) -> Self:
        return self.exclude(deleted_at=None)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Move to the trash, each with what goes along with it, whoever deletes."""
        with revision_transactions(self.owner_ids()):
            moved = sum(thing.delete()[0] for thing in self.present())
        return moved, {self.model._meta.label: moved}

    def purge(self) -> int:
        """Delete for good. A client that hasn't heard of the deletion yet will have to start its sync again."""
        purged = 0
        with revision_transactions(self.owner_ids()) as writes:
            for owner_id, current in writes.items():
                gone = dict(self.filter(owner_id=owner_id).order_by().values_list("pk", "revision"))
                if not gone:
                    continue  # another purge was faster
                current.record(self.model, "purged", list(gone))
                forget_deletions(owner_id, max(gone.values()))
                models.QuerySet(self.model, using=self.db).filter(pk__in=gone).delete()
                purged += len(gone)
        return purged

    purge.alters_data = True  # type: ignore[attr-defined]

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class TrashModel(RevisedModel):
    """Something that is moved to the trash when it is deleted."""

    # What was deleted together has the same moment here, and comes back together.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = TrashQuerySet.as_manager()

    class Meta(RevisedModel.Meta):
        abstract = True

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        """Move to the trash, whoever deletes."""
        self.deleted_at = self.deleted_at or timezone.now()
        type(self).objects.save_all([self], event="deleted")
        return 1, {self._meta.label: 1}

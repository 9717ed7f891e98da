from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, Self

from django.apps import apps
from django.db import models
from django.db.models import F
from django.utils import timezone

from ownership.revised import RevisedModel, RevisedQuerySet
from ownership.transactions import forget_deletions, revision_transaction, revision_transactions


class TrashQuerySet(RevisedQuerySet):
    def present(self) -> Self:
        """Without the trash."""
        return self.filter(deleted_at=None)

    def in_trash(self) -> Self:
        return self.exclude(deleted_at=None)

    def event_of(self, values: dict) -> str:
        if "deleted_at" not in values:
            return super().event_of(values)
        return "restored" if values["deleted_at"] is None else "deleted"

    def delete(self) -> tuple[int, dict[str, int]]:
        """Move to the trash, each with what goes along with it."""
        with revision_transactions(self.owner_ids()):
            moved = sum(each.delete()[0] for each in self.present())
        return moved, {self.model._meta.label: moved}

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def purge(self) -> int:
        """Delete for good. A client that hasn't heard of the deletion yet will have to start its sync again."""
        purged = 0
        with revision_transactions(self.owner_ids()) as transactions:
            for owner_id, current in transactions.items():
                gone = dict(self.filter(owner_id=owner_id).order_by().values_list("pk", "revision"))
                if not gone:
                    continue  # another purge was faster
                current.record(self.model, "purged", list(gone))
                forget_deletions(owner_id, max(gone.values()))
                models.QuerySet(self.model, using=self.db).filter(pk__in=gone).delete()
                purged += len(gone)
        return purged

    purge.alters_data = True  # type: ignore[attr-defined]


class TrashModel(RevisedModel):
    """Something that is moved to the trash when it is deleted, with what refers to it by a cascading foreign key.

    The row stays until it is purged, so that clients hear of the deletion when they sync.
    """

    # What was deleted together has the same moment here, and comes back together.
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = TrashQuerySet.as_manager()

    class Meta(RevisedModel.Meta):
        abstract = True

    def event(self) -> str:
        if self.was("deleted_at") == self.deleted_at:
            return super().event()
        return "restored" if self.deleted_at is None else "deleted"

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        """Move to the trash."""
        with revision_transaction(self.owner_id):
            self.deleted_at = self.deleted_at or timezone.now()
            self.save()
            self.trash_dependents([self.pk], self.deleted_at)
        return 1, {self._meta.label: 1}

    def restore(self) -> Self:
        """Bring back from the trash, with what went there along with it."""
        with revision_transaction(self.owner_id):
            self.restore_dependents([self.pk])
            self.deleted_at = None
            self.save()
        return self

    @classmethod
    def dependents(cls) -> Iterator[tuple[Any, str]]:
        """The other models that go to the trash along with this one, each with the name of its foreign key to it."""
        for model in apps.get_models():
            for field in model._meta.concrete_fields if issubclass(model, TrashModel) and model is not cls else ():
                if field.related_model is cls and field.remote_field.on_delete is models.CASCADE:
                    yield model, field.name

    @classmethod
    def trash_dependents(cls, ids: list, moment: datetime) -> None:
        """Move what refers to these rows to the trash, as of the same moment."""
        for model, name in cls.dependents():
            found = list(model.objects.present().filter(**{f"{name}__in": ids}).values_list("pk", flat=True))
            if found:
                model.objects.filter(pk__in=found).update(deleted_at=moment)
                model.trash_dependents(found, moment)

    @classmethod
    def restore_dependents(cls, ids: list) -> None:
        """Bring back what went to the trash along with these rows. Call it while they are still there."""
        for model, name in cls.dependents():
            rows = model.objects.filter(**{f"{name}__in": ids, "deleted_at": F(f"{name}__deleted_at")})
            if found := list(rows.values_list("pk", flat=True)):
                model.restore_dependents(found)
                model.objects.filter(pk__in=found).update(deleted_at=None)

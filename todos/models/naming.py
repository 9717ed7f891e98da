from django.db import models

from api.text import FoldedField, fold
from todos.models.errors import invalid
from todos.models.trash import TrashModel


class UniqueNameModel(TrashModel):
    """Something that its owner calls by a name, unique without regard to case among what is not in the trash."""

    name: models.CharField
    name_folded = FoldedField(source="name")

    class Meta(TrashModel.Meta):
        abstract = True

    def clean(self) -> None:
        if self.deleted_at is not None or not {"name", "deleted_at"} & self.changed():
            return
        others = type(self).objects.present().filter(owner_id=self.owner_id).exclude(pk=self.pk)
        if others.filter(name_folded=fold(self.name)).exists():
            raise invalid("name", f"There is a {self._meta.verbose_name} with this name already.", "unique")


def unique_name(name: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["owner", "name_folded"],
        condition=models.Q(deleted_at=None),
        name=name,
        violation_error_message="There is one with this name already.",
    )

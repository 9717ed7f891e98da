from django.db import models

from api.text import FoldedField, fold
from ownership.constraints import UniqueConstraint
from ownership.validation import invalid
from todos.models.trash import TrashModel


class UniqueNameModel(TrashModel):
    """An object with a name that is unique for its owner. Case and objects in the trash don't count."""

    name: models.CharField
    name_folded = FoldedField("name")

    class Meta(TrashModel.Meta):
        abstract = True

    def clean(self) -> None:
        self.name_folded = fold(self.name)
        if not self.name_folded:
            raise invalid("name", "A name needs at least one visible character.", "blank")


def unique_name(name: str, message: str) -> UniqueConstraint:
    return UniqueConstraint(
        fields=["owner", "name_folded"],
        condition=models.Q(deleted_at=None),
        name=name,
        field="name",
        violation_error_code="unique",
        violation_error_message=message,
    )

from typing import Self

from django.core.exceptions import ValidationError
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

    def restore(self) -> Self:
        """Restore from the trash. Raises ValidationError if another one has the name by now."""
        try:
            return super().restore()
        except ValidationError:  # nothing else can be in the way
            kind = self._meta.verbose_name
            message = f"A {kind} with this name already exists. Rename that {kind} first, then restore this one."
            raise invalid("name", message, "unique") from None


def unique_name(name: str, message: str) -> UniqueConstraint:
    return UniqueConstraint(
        fields=["owner", "name_folded"],
        condition=models.Q(deleted_at=None),
        name=name,
        field="name",
        violation_error_code="unique",
        violation_error_message=message,
    )

"""What other apps keep in the archive. They register an ArchivePart when they are ready: `transfer` knows none.

Revised models need none: transfer/parts.py has one for all that have no other.
"""

from typing import TYPE_CHECKING

from django.db.models import Model, QuerySet

if TYPE_CHECKING:
    from transfer.importer import Importer
    from transfer.records import Contents
    from transfer.sources.fields import Members


class ArchivePart:
    """Rows of another app. `name`: of their member of the archive, in which older servers find nothing to read."""

    name: str
    model: type[Model]

    def rows(self, owner) -> QuerySet:
        """The rows to write (dicts with an `id`)."""
        raise NotImplementedError

    def read(self, members: "Members", contents: "Contents") -> None:
        """Add a record of one row to `contents.others[self.name]`, or name it as lost. Raises BadFileError."""
        raise NotImplementedError

    def write(self, importer: "Importer") -> None:
        """Insert the rows of these records, in the revision transaction, after the parts that they refer to."""
        raise NotImplementedError


ARCHIVE_PARTS: list[ArchivePart] = []

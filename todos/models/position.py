"""Manual order: each row has a number, and moving it sets a number between those of its new neighbors.

A new row's position is the revision that creates it. Revisions only increase, so the row comes last, without a query
for the last one. Rows of one revision share the numbers up to the next revision.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar, Self

from django.db import models

from ownership.revised import save_together
from todos.models.trash import TrashModel, TrashQuerySet


class PositionQuerySet(TrashQuerySet):
    def insert(self, moved: Sequence["PositionModel"], before=None, after=None) -> None:
        """Set the positions of the `moved` objects, in their order, next to one of these rows.

        Exactly one of `before` and `after` must be given. It is one of these rows, and not one of the moved ones.
        If there is no number left between the two neighbors, all these rows get new positions.
        """
        others = self.exclude(pk__in=[row.pk for row in moved]).order_by("position", "id")
        edge = before or after
        tied = others.tied_with(edge)  # these are sorted by id, with no number between them
        if before:
            low, high = (others.filter(position__lt=edge.position) | tied.filter(pk__lt=edge.pk)).last(), before
        else:
            low, high = after, (others.filter(position__gt=edge.position) | tied.filter(pk__gt=edge.pk)).first()
        if not spread(moved, low and low.position, high and high.position):
            self._renumber(moved, list(others), before, after)
        for row in moved:
            row.position_is_set = True

    def tied_with(self, row: "PositionModel") -> Self:
        return self.filter(position=row.position)

    def _renumber(self, moved, others: list, before, after) -> None:
        at = others.index(before) if before else others.index(after) + 1
        rows = [*others[:at], *moved, *others[at:]]
        # From 0 up to the latest revision, so that the next new row still comes last.
        spread(rows, 0.0, max(row.revision for row in rows) + 1.0)
        for row in others:
            row.is_carried = True
        save_together(others)


def spread(rows: Sequence["PositionModel"], low: float | None, high: float | None) -> bool:
    """Set the rows' positions between `low` and `high` (None: no neighbor). Return False if there is no number left."""
    if low is None:
        low = (0.0 if high is None else high) - len(rows) - 1.0
    if high is None:
        high = low + 1.0
    positions = [low + (high - low) * (index + 1) / (len(rows) + 1) for index in range(len(rows))]
    steps = [low, *positions, high]
    if any(left >= right for left, right in pairwise(steps)):
        return False
    for row, position in zip(rows, positions, strict=True):
        row.position = position
    return True


class PositionModel(TrashModel):
    """An object with a position in a manual order."""

    position: Any = models.FloatField(editable=False, default=None)  # None puts it last when it is saved

    is_carried = False  # whether what is about to be written only follows from another object
    position_is_set = False  # set by `insert`: until it is saved, a new parent or project doesn't put it last

    objects: ClassVar = PositionQuerySet.as_manager()

    class Meta(TrashModel.Meta):
        abstract = True

    def snapshot(self, names=None) -> None:
        super().snapshot(names)
        self.position_is_set = False

    def stamp(self, revision: int, share: float = 0.0) -> None:
        super().stamp(revision, share)
        if self.position is None:
            self.position = revision + share

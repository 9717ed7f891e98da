"""What is done for one owner after the other: none of them holds up the others, nor stops them by an error."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from users.models import User

logger = logging.getLogger("live.turns")

PAUSE = timedelta(seconds=20)  # of an owner whose turn failed


class Turns:
    """In a round, each owner with rows that are due gets one turn: a transaction that takes a limited number."""

    def __init__(self) -> None:
        self.paused: dict[UUID, datetime] = {}  # until when

    def due(self) -> QuerySet:
        raise NotImplementedError

    def take(self, owner_id: UUID) -> bool:
        """Take the owner's turn. Whether there may be rows for another one."""
        raise NotImplementedError

    def round(self, is_stopping: Callable[[], bool] = lambda: False) -> bool:
        """Give turns, until `is_stopping`. Whether there may be something left for another round."""
        now = timezone.now()
        self.paused = {owner_id: until for owner_id, until in self.paused.items() if until > now}
        rows = self.due().exclude(owner_id__in=list(self.paused)).order_by()
        owner_ids = list(rows.values_list("owner_id", flat=True).distinct())
        return bool([owner_id for owner_id in owner_ids if not is_stopping() and self.take_or_pause(owner_id)])

    def take_or_pause(self, owner_id: UUID) -> bool:
        try:
            with transaction.atomic():
                return self.take(owner_id)
        except Exception:  # whatever is wrong with one owner's rows, the others get their turns
            self.paused[owner_id] = timezone.now() + PAUSE
            logger.exception("A turn failed.", extra={"fields": {"owner": owner_id, "turn": type(self).__name__}})
            if not connection.is_usable():
                raise  # perhaps the database is away: then nobody has a turn
            return False


def lock_unless_busy(owner_id: UUID) -> User | None:
    """Lock the owner until the transaction ends; None if it is locked: there is a write, or another worker."""
    skips = connection.features.has_select_for_update_skip_locked
    return User.objects.filter(pk=owner_id).select_for_update(skip_locked=skips, no_key=True).first()

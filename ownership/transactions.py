"""The owner's revision: a number that puts all writes of one owner in order.

Every write of an owner's data runs inside `revision_transaction(owner_id)`. It opens a transaction, increments the
owner's revision, and so locks the owner's row. Writes of one owner run one after the other; writes of different owners
don't wait for each other. `RevisedModel` and `RevisedQuerySet` open it themselves, so that no code can forget it.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import partial
from types import MappingProxyType
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection, models, transaction

logger = logging.getLogger("api.changes")

SHOWN_IDS = 500  # in one line of the log


class RevisionCounter(models.Model):
    """The fields of the user model that count the writes of a user's data."""

    revision = models.BigIntegerField(default=0, editable=False, help_text="Counts the writes of this user's data.")
    purged_revision = models.BigIntegerField(
        default=0,
        editable=False,
        help_text="Deletions up to this revision have been purged. Clients that synced earlier must start again.",
    )
    is_watched = models.BooleanField(
        default=False, editable=False, help_text="Whether each write of this user's data is recorded for webhooks."
    )

    class Meta:
        abstract = True


class RevisionTransaction:
    """An open revision transaction: its revision, and what it changed.

    is_watched: whether `recorders` are called. wakes_worker: whether the worker has to know of it, too.
    timezone: the owner's, read under the lock: an object of the owner may be from before it.
    """

    def __init__(self, owner_id: UUID, revision: int, is_watched: bool, timezone: str):
        self.owner_id = owner_id
        self.revision = revision
        self.timezone = timezone
        self.is_watched = self.wakes_worker = is_watched
        self.changes: dict[str, list[UUID]] = defaultdict(list)

    def record(self, model: type[models.Model], event: str, ids: list[UUID]) -> None:
        """Record that these rows were `created`, `updated`, `deleted` and so on. It is logged after the commit."""
        if ids:
            self.changes[f"{model._meta.model_name}.{event}"] += ids

    @property
    def final_revision(self) -> int:
        """The owner's revision after the commit. Without a change, it doesn't increase."""
        return self.revision if self.changes else self.revision - 1

    def log(self) -> None:
        for change, ids in self.changes.items():
            fields = {"owner": self.owner_id, "revision": self.revision, "count": len(ids), "ids": ids[:SHOWN_IDS]}
            logger.info(change, extra={"fields": fields})


# Apps above this one add to these when they are ready. A recorder is called at the end of each transaction of a watched
# owner that changed something, inside of it; a listener after the commit of each transaction of any owner.
recorders: list[Callable[[RevisionTransaction], None]] = []
listeners: list[Callable[[RevisionTransaction], None]] = []

# By owner. The dict itself never changes.
open_transactions: ContextVar[Mapping[UUID, RevisionTransaction]] = ContextVar(
    "open_transactions", default=MappingProxyType({})
)


def move_revision(owner_id: UUID, step: int) -> tuple[int, bool, str]:
    """Add `step` to the owner's revision. Return it, whether the owner is watched, and the owner's time zone.

    Locks the owner's row until the transaction ends.

    Raises User.DoesNotExist, and ValueError without an owner.
    """
    if owner_id is None:
        raise ValueError("This has no owner: name one, as in `serializer.save(owner=self.request.user)`.")
    User = get_user_model()
    table, key = User._meta.db_table, User._meta.pk.get_db_prep_value(owner_id, connection)
    with connection.cursor() as cursor:
        # Raw SQL, because Django doesn't support UPDATE ... RETURNING: each write would need a second query.
        columns = "revision, is_watched, timezone"
        sql = f"UPDATE {table} SET revision = revision + %s WHERE id = %s RETURNING {columns}"  # noqa: S608
        cursor.execute(sql, [step, key])
        if row := cursor.fetchone():
            return row[0], bool(row[1]), row[2]
    raise User.DoesNotExist


def forget_deletions(owner_id: UUID, revision: int) -> None:
    """Record that deletions up to this revision were purged. Call it inside `revision_transaction`."""
    owner = get_user_model().objects.filter(pk=owner_id, purged_revision__lt=revision)
    owner.update(purged_revision=revision)


@contextmanager
def revision_transaction(owner_id: UUID) -> Iterator[RevisionTransaction]:
    """Run the block as one write of the owner's data: one transaction, one revision.

    Inside another one of the same owner, it joins that one. A block that changes nothing doesn't increase the revision.
    """
    outer = open_transactions.get()
    if owner_id in outer:
        yield outer[owner_id]
        return
    with transaction.atomic():
        current = RevisionTransaction(owner_id, *move_revision(owner_id, 1))
        token = open_transactions.set({**outer, owner_id: current})
        try:
            yield current
        finally:
            open_transactions.reset(token)
        if transaction.get_rollback():
            return  # all of it is undone: a dry run
        if current.changes:
            for record in recorders if current.is_watched else ():
                record(current)
            transaction.on_commit(current.log)
            for listen in listeners:
                transaction.on_commit(partial(listen, current), robust=True)  # what is committed can't fail any more
        else:
            move_revision(owner_id, -1)  # nobody has seen it: the owner's row is locked


@contextmanager
def revision_transactions(owner_ids: Iterable[UUID]) -> Iterator[dict[UUID, RevisionTransaction]]:
    """Open one for each of these owners. They are sorted to avoid deadlocks."""
    with ExitStack() as stack:
        yield {owner_id: stack.enter_context(revision_transaction(owner_id)) for owner_id in sorted(owner_ids)}


@contextmanager
def no_waiting() -> Iterator[None]:
    """On SQLite, a write in here fails at once where it would wait for another one."""
    if connection.vendor != "sqlite":
        yield
        return
    [[milliseconds]] = connection.connection.execute("PRAGMA busy_timeout")
    connection.connection.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        connection.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")

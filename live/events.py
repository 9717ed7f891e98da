"""Events: what the writes of an owner with a webhook are recorded as, in their own transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q

from api.renderers import dumps
from live.models import Delivery, Outbox
from ownership.row_level_security import acting_as
from ownership.transactions import RevisionTransaction
from todos.sync import as_changes, kinds

# An object that is recorded several times in one transaction has one event: the first of these.
VERBS = ("created", "deleted", "restored", "completed", "reopened", "updated")
REMINDER, TEST = "reminder.due", "hook.test"


def names() -> list[str]:
    """All events that a hook can ask for."""
    return [*(f"{kind}.{verb}" for kind in kinds() for verb in VERBS), REMINDER]


def events_of(changes: Mapping[str, list[UUID]]) -> list[tuple[str, str]]:
    """The names of the events, each with the id of its object: one for each object."""
    found: dict[tuple[str, UUID], int] = {}
    for change, ids in changes.items():
        kind, _, verb = change.partition(".")
        if kind in kinds() and verb in VERBS:
            for pk in ids:
                found[kind, pk] = min(VERBS.index(verb), found.get((kind, pk), len(VERBS)))
    return [(f"{kind}.{VERBS[rank]}", str(pk)) for (kind, pk), rank in found.items()]


def record(current: RevisionTransaction) -> None:
    """Record the events of this write. Called inside its transaction, for owners with a hook alone."""
    if events := events_of(current.changes):
        Outbox.add(current.owner_id, current.revision, events)


def body_of(delivery: Delivery) -> bytes:
    """What the receiver gets: the object as it is now, or null if it is deleted."""
    data: dict[str, Any] = {"id": delivery.object_id, "revision": delivery.revision, "object": state_of(delivery)}
    if delivery.remind_at:
        data["remind_at"] = delivery.remind_at
    return dumps({"type": delivery.type, "timestamp": delivery.occurred_at, "data": data})


def state_of(delivery: Delivery) -> dict | None:
    kind = "task" if delivery.type == REMINDER else delivery.type.partition(".")[0]
    if kind not in kinds() or delivery.object_id is None:
        return None
    model, serializer_class = kinds()[kind]
    with acting_as(delivery.owner_id):
        rows = model.objects.filter(owner_id=delivery.owner_id, pk=delivery.object_id)
        rows = rows.annotate(deleted=Q(deleted_at__isnull=False))
        [found] = as_changes(kind, rows, serializer_class, 1, {}) or [{"object": None}]
    return found["object"]

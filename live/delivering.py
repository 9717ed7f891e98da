"""Delivers events: from the outbox into the queue of each hook, and from there to its receiver, one after the other."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from live import sending, signatures
from live.events import TEST, body_of
from live.models import Delivery, Hook, Outbox, OutgoingMail
from live.turns import Turns, lock_unless_busy
from users.models import User

logger = logging.getLogger("live.delivering")

# A killed worker's hooks are taken over when their lease ends. A request takes SECONDS at most, so that one that began
# within WORK_SECONDS is over by then, and a hook never has two senders.
WORK_SECONDS = 8
LEASE = timedelta(seconds=WORK_SECONDS + sending.SECONDS + 2)
AT_ONCE = 20  # events that are looked up together
ROWS_AT_ONCE = 20  # of the outbox, in one turn of an owner: with 20 hooks, it takes about a second
BATCH = 1000  # deliveries in one statement
RETRY_SECONDS = (5, 30, 300)
HOURLY = 3600
GIVE_UP_AFTER = timedelta(days=3)


class FanOut(Turns):
    """Puts what was written into the queues of the hooks that want it."""

    def due(self) -> QuerySet:
        return Outbox.objects.all()

    def take(self, owner_id: UUID) -> bool:
        # Two workers get the same rows one after the other, the second one those that the first one left. And an
        # owner's writes are committed in the order of their revisions: so each queue is in that order.
        rows = list(Outbox.objects.filter(owner_id=owner_id).order_by("id").select_for_update()[:ROWS_AT_ONCE])
        hooks = list(Hook.objects.enabled().filter(owner_id=owner_id).order_by("id").select_for_update())
        filled = set()
        deliveries = (delivery for row in rows for hook in hooks for delivery in deliveries_of(row, hook))
        while batch := list(islice(deliveries, BATCH)):
            Delivery.objects.bulk_create(batch)
            filled |= {each.hook_id for each in batch}
        Outbox.objects.filter(pk__in=[row.pk for row in rows]).delete()
        Hook.objects.filter(pk__in=filled, next_attempt_at=None).update(next_attempt_at=timezone.now())
        if not hooks and lock_unless_busy(owner_id):  # else the next write is recorded, and ends it
            Hook.objects.watch(owner_id)
        return len(rows) == ROWS_AT_ONCE


def deliveries_of(row: Outbox, hook: Hook) -> Iterator[Delivery]:
    for event, pk, *moment in row.events:
        if hook.wants(event):
            yield Delivery(
                owner_id=row.owner_id,
                hook=hook,
                type=event,
                object_id=pk,
                revision=row.revision,
                remind_at=moment[0] if moment else None,
                occurred_at=row.created_at,
            )


def queue_test(hook: Hook, revision: int) -> Delivery:
    """Queue an event that says nothing, to try a receiver. Call it under the owner's lock."""
    Hook.objects.select_for_update().get(pk=hook.pk)  # as release() does
    found = Delivery.objects.create(
        owner_id=hook.owner_id, hook=hook, type=TEST, revision=revision, occurred_at=timezone.now()
    )
    Hook.objects.filter(pk=hook.pk, next_attempt_at=None).update(next_attempt_at=found.occurred_at)
    return found


def claim_hooks(limit: int) -> list[Hook]:
    return Hook.objects.in_turn(timezone.now()).claim(limit, LEASE)


class Sender:
    """Sends what waits for a claimed hook, until nothing does, one fails, or its time is over."""

    def __init__(self, hook: Hook, is_stopping: Callable[[], bool] = lambda: False):
        self.hook, self.is_stopping = hook, is_stopping
        self.end = time.monotonic() + WORK_SECONDS

    def run(self) -> None:
        while waiting := list(self.hook.deliveries.pending()[:AT_ONCE]):
            for delivery in waiting:
                if self.is_stopping() or time.monotonic() > self.end:
                    return self.release(timezone.now())
                if not self.send(delivery):
                    return None
        return self.release(None)

    def send(self, delivery: Delivery) -> bool:
        """Whether it was delivered, and the next one may follow."""
        body, timestamp = body_of(delivery), int(time.time())
        signature = signatures.sign(self.hook.keys(), delivery.key, timestamp, body)
        headers = {"webhook-id": delivery.key, "webhook-timestamp": str(timestamp), "webhook-signature": signature}
        outcome = sending.post(self.hook.url, body, headers)
        now = timezone.now()
        result = {"attempts": delivery.attempts + 1, "attempted_at": now, "status": outcome.status}
        result |= {"error": outcome.error, "delivered_at": now if outcome.succeeded else None}
        known = Delivery.objects.filter(pk=delivery.pk).update(**result)
        if not outcome.succeeded:
            logger.info("not delivered", extra={"fields": {"hook": self.hook.pk, "error": outcome.error}})
            self.retry(delivery.attempts, now)
        elif self.hook.failing_since:
            self.hook.failing_since = None
            Hook.objects.filter(pk=self.hook.pk).update(failing_since=None)
        return outcome.succeeded and bool(known)

    def retry(self, failures: int, now: datetime) -> None:
        """Try again later, or switch the hook off: it has failed for days."""
        since = self.hook.failing_since or now
        if now - since >= GIVE_UP_AFTER:
            self.switch_off()
            return
        seconds = RETRY_SECONDS[failures] if failures < len(RETRY_SECONDS) else HOURLY
        self.mine().update(next_attempt_at=now + timedelta(seconds=seconds), failing_since=since, claimed_until=None)

    def switch_off(self) -> None:
        with transaction.atomic():
            User.objects.select_for_update().filter(pk=self.hook.owner_id).first()
            if not (hook := self.mine().select_for_update().first()):
                return
            content = {"url": hook.url, "since": hook.failing_since.isoformat()}
            hook.change(enabled=False, claimed_until=None)
            OutgoingMail.objects.create(
                owner_id=hook.owner_id, kind=OutgoingMail.HOOK_OFF, content=content, send_at=timezone.now()
            )

    def release(self, next_attempt_at: datetime | None) -> None:
        with transaction.atomic():
            # Under the lock that putting something into the queue takes: what came meanwhile must not be left lying.
            if self.mine().select_for_update().first():
                if next_attempt_at is None and self.hook.deliveries.pending().exists():
                    next_attempt_at = timezone.now()
                self.mine().update(next_attempt_at=next_attempt_at, claimed_until=None)

    def mine(self):
        """The hook, unless the lease ended and another worker has it, or it was deleted."""
        return Hook.objects.filter(pk=self.hook.pk, claimed_until=self.hook.claimed_until)

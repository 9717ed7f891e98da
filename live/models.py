import secrets
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from live import signatures
from ownership.owned import OwnedModel, OwnedQuerySet
from users.models import ApiToken, User, digest

if TYPE_CHECKING:
    from live.streams import Credential


def every_event() -> list[str]:
    return ["*"]


def message_id() -> str:
    return f"msg_{secrets.token_urlsafe(18)}"


class ClaimedQuerySet(OwnedQuerySet):
    """Rows that one worker at a time works on, until `claimed_until`: if it is killed, another one goes on then."""

    def free(self, now) -> Self:
        return self.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))

    @transaction.atomic
    def claim(self, limit: int, lease: timedelta) -> list:
        """Claim some of these rows for this long."""
        now = timezone.now()
        skips = connection.features.has_select_for_update_skip_locked
        found = list(self.free(now).select_for_update(skip_locked=skips)[:limit])
        for row in found:
            row.claimed_until = now + lease
        self.model.objects.filter(pk__in=[row.pk for row in found]).update(claimed_until=now + lease)
        return found


class HookQuerySet(ClaimedQuerySet):
    def enabled(self) -> Self:
        return self.filter(enabled=True)

    def due(self, now) -> Self:
        return self.enabled().filter(next_attempt_at__lte=now).order_by("next_attempt_at")

    def in_turn(self, now) -> Self:
        """Of those that are due, as many of each owner as are delivered to at once. They come with the claimed ones."""
        order = [F("claimed_until").desc(nulls_last=True), F("next_attempt_at").asc()]
        nth = Window(RowNumber(), partition_by="owner", order_by=order)
        found = self.due(now).order_by().alias(nth=nth).filter(nth__lte=Hook.AT_ONCE_OF_AN_OWNER)
        return self.due(now).filter(pk__in=found.values("pk"))

    def watch(self, owner_id) -> None:
        """Have the owner's writes recorded exactly if a hook needs them. Call it under the owner's lock."""
        needed = Exists(self.enabled().filter(owner=OuterRef("pk")))
        User.objects.filter(pk=owner_id).update(is_watched=needed)


class Hook(OwnedModel):
    """A webhook: the address that events are sent to."""

    MAX_OF_AN_OWNER = 20
    AT_ONCE_OF_AN_OWNER = 10  # of the worker's 20 threads: slow receivers of one owner leave some for the others
    BOTH_SIGN_FOR = timedelta(hours=24)

    url = models.CharField(max_length=2000)
    events = models.JSONField(default=every_event)
    enabled = models.BooleanField(default=True)
    generation = models.PositiveIntegerField(default=1, editable=False)  # of the secret
    rotated_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    next_attempt_at = models.DateTimeField(null=True, editable=False)  # null: there is nothing to send
    claimed_until = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = HookQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook"
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["owner", "id"], name="hook_owner_id")]
        indexes = [
            models.Index("owner", "created_at", "id", name="hook_owner_created"),
            models.Index("next_attempt_at", condition=~Q(next_attempt_at=None), name="hook_next_attempt"),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def secret(self) -> str:
        return signatures.secret(self.pk, self.generation)

    def keys(self) -> list[bytes]:
        """What signs now: the secret, and for a day after rotating the one before."""
        is_new = self.rotated_at is not None and timezone.now() < self.rotated_at + self.BOTH_SIGN_FOR
        return [signatures.key(self.pk, self.generation - back) for back in range(1 + is_new)]

    def rotate(self) -> None:
        self.generation += 1
        self.rotated_at = timezone.now()
        self.save(update_fields=["generation", "rotated_at"])

    def wants(self, event: str) -> bool:
        return "*" in self.events or event in self.events

    def change(self, **fields) -> None:
        """Change url, events or enabled. Call it under the owner's lock.

        What waits for a hook that is switched off is dropped. One that is switched on is tried at once.
        """
        if "enabled" in fields:
            fields |= {"failing_since": None, "next_attempt_at": timezone.now()}
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=fields)  # the worker may have changed the others since
        if not self.enabled:
            self.deliveries.pending().delete()
        Hook.objects.watch(self.owner_id)

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        Hook.objects.watch(self.owner_id)
        return deleted


class Outbox(models.Model):
    """Events of one write, until they are in the queue of each hook that wants them. A large write has several rows."""

    MAX_EVENTS = 20  # in one row, so that the worker can go on in small steps

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    revision = models.BigIntegerField()
    events = models.JSONField()  # lists of a name, the id of the object, and of a reminder its moment
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "outbox"
        indexes = [models.Index("owner", "id", name="outbox_owner_id")]

    def __str__(self) -> str:
        return f"revision {self.revision}"

    @classmethod
    def add(cls, owner_id: UUID, revision: int, events: list) -> None:
        """Write down the events of one write. Call it under the owner's lock."""
        parts = (events[start : start + cls.MAX_EVENTS] for start in range(0, len(events), cls.MAX_EVENTS))
        cls.objects.bulk_create(cls(owner_id=owner_id, revision=revision, events=part) for part in parts)


class DeliveryQuerySet(OwnedQuerySet):
    def pending(self) -> Self:
        return self.filter(delivered_at=None).order_by("id")


class Delivery(models.Model):
    """An event for one hook. Its key stays the same each time it is sent. They are sent in the order of their ids."""

    KEPT_FOR = timedelta(days=7)

    id = models.BigAutoField(primary_key=True)
    # Without a constraint, which would lock the owner; that of the hook implies it.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    key = models.CharField(max_length=40, unique=True, default=message_id)
    type = models.CharField(max_length=60)
    object_id = models.UUIDField(null=True)
    revision = models.BigIntegerField()
    remind_at = models.DateTimeField(null=True)
    occurred_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)  # of the last response
    error = models.CharField(max_length=100, default="")
    delivered_at = models.DateTimeField(null=True)

    objects: ClassVar = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        indexes = [
            models.Index("hook", "id", name="delivery_of_hook"),
            models.Index("hook", "id", condition=Q(delivered_at=None), name="delivery_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


class MailQuerySet(ClaimedQuerySet):
    def due(self, now) -> Self:
        return self.filter(send_at__lte=now).order_by("send_at")


class OutgoingMail(models.Model):
    """An email that is still to be sent. Its Message-ID stays the same, should it be sent twice."""

    REMINDERS, HOOK_OFF = "reminders", "hook_off"

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=[(REMINDERS, "reminders"), (HOOK_OFF, "webhook switched off")])
    key = models.CharField(max_length=40, unique=True, default=message_id)  # of the Message-ID
    content = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    send_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)

    objects: ClassVar = MailQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class TicketQuerySet(OwnedQuerySet):
    def expired(self) -> Self:
        return self.filter(created_at__lte=timezone.now() - StreamTicket.LIFETIME)

    def take(self, secret: str) -> "StreamTicket | None":
        """The ticket with this secret, with its active owner. It is gone then: it works once."""
        fresh = self.filter(created_at__gt=timezone.now() - StreamTicket.LIFETIME)
        ticket: StreamTicket | None = fresh.filter(digest=digest(secret)).select_related("owner").first()
        if ticket is None or not ticket.owner.is_active or not self.filter(pk=ticket.pk).delete()[0]:
            return None
        return ticket if ticket.is_good else None


class StreamTicket(models.Model):
    """Opens the stream of events once, for browsers, whose EventSource sends no headers. Only its digest is stored."""

    LIFETIME = timedelta(minutes=1)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    credential = models.JSONField()  # of the call that made it: the stream ends with it
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects: ClassVar = TicketQuerySet.as_manager()

    def __str__(self) -> str:
        return self.digest[:8]

    @classmethod
    def issue(cls, owner: User, credential: "Credential") -> tuple[str, "StreamTicket"]:
        """Create a ticket. Return its secret: `ticket_` and 256 random bits in 43 URL-safe characters."""
        cls.objects.owned_by(owner).expired().delete()
        secret = f"ticket_{secrets.token_urlsafe(32)}"
        return secret, cls.objects.create(owner=owner, digest=digest(secret), credential=asdict(credential))

    @property
    def scopes(self) -> list[str]:
        return [ApiToken.READ]

    @property
    def is_good(self) -> bool:
        """Whether what it was made with is still good."""
        token = self.credential["token"]
        return token is None or ApiToken.objects.filter(pk=token).exists()

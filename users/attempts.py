"""Counts sign-in attempts, to stop password guessing. The counts are in the database, which all processes share."""

import math
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from rest_framework.exceptions import Throttled

COUNT = """
INSERT INTO {table} (subject, address, count, ends_at) VALUES (%s, %s, 1, %s)
ON CONFLICT (subject, address) DO UPDATE SET
  count = CASE WHEN {table}.ends_at <= %s THEN 1 ELSE {table}.count + 1 END,
  ends_at = CASE WHEN {table}.ends_at <= %s THEN excluded.ends_at ELSE {table}.ends_at END
RETURNING count
"""


class SignInAttemptQuerySet(models.QuerySet[Any, Any]):
    def past(self) -> Self:
        return self.filter(ends_at__lte=timezone.now())

    def add(self, subject: str, address: str, period: timedelta) -> int:
        """Count one attempt. Return the number of attempts in the period, which starts with the first one."""
        now = timezone.now()
        start, end = (self.moment(moment) for moment in (now, now + period))
        with connection.cursor() as cursor:
            # Raw SQL, because Django has no such upsert: two attempts at the same time must get different numbers.
            cursor.execute(COUNT.format(table=self.model._meta.db_table), [subject, address, end, start, start])
            return cursor.fetchone()[0]

    def moment(self, moment: datetime):
        return self.model._meta.get_field("ends_at").get_db_prep_value(moment, connection)

    def refuse(self, subject: str, address: str, limit: int, why: str) -> None:
        """Raise Throttled with the reason `why` if the limit is reached."""
        full = self.filter(subject=subject, address=address, count__gte=limit, ends_at__gt=timezone.now()).first()
        if full:
            raise Throttled(math.ceil((full.ends_at - timezone.now()).total_seconds()) or 1, why)


class SignInAttempt(models.Model):
    """The number of attempts from a network address: of all with credentials, or of failed ones with one email."""

    subject = models.CharField("email address", max_length=254, blank=True)  # "" for all
    address = models.GenericIPAddressField()
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField()  # then the count starts again

    objects: ClassVar = SignInAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = "sign-in attempt"
        constraints = [models.UniqueConstraint(fields=["subject", "address"], name="sign_in_attempt_once")]
        indexes = [models.Index(fields=["ends_at"], name="sign_in_attempt_end")]

    def __str__(self) -> str:
        return f"{self.subject or 'all'} from {self.address}"


def count_credentials(address: str) -> None:
    """Count a call with credentials from this address. Raises Throttled if there are too many."""
    if rate := settings.THROTTLE_CREDENTIALS:
        count = SignInAttempt.objects.add("", address, timedelta(seconds=rate.seconds))
        if count > rate.calls:
            why = "Too many attempts to sign in or to register from your address."
            SignInAttempt.objects.refuse("", address, rate.calls, why)


class Failures:
    """Failed sign-ins with one email address from one network address."""

    LIMIT = 10
    PERIOD = timedelta(minutes=15)
    WHY = "Too many failed sign-ins with this email address from your network address."

    def __init__(self, email: str, address: str):
        self.key = (email.lower()[:254], address)

    def check(self) -> None:
        """Raise Throttled if there were too many in the current period."""
        SignInAttempt.objects.refuse(*self.key, self.LIMIT, self.WHY)

    def add(self) -> None:
        """Count one more. Raises Throttled if parallel attempts have reached the limit in the meantime."""
        if SignInAttempt.objects.add(*self.key, self.PERIOD) > self.LIMIT:
            self.check()

    def forget(self) -> None:
        subject, address = self.key
        SignInAttempt.objects.filter(subject=subject, address=address).delete()

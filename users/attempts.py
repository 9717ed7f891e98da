"""Counts what somebody who guesses does often: in the database, so that all processes count together, and exactly."""

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
        """Count one more; returns how many there were since the first one, which began a period of this length."""
        now = timezone.now()
        start, end = (self.moment(moment) for moment in (now, now + period))
        with connection.cursor() as cursor:
            # Raw, because Django can't yet say this: of two at once, each has to get a number of its own.
            cursor.execute(COUNT.format(table=self.model._meta.db_table), [subject, address, end, start, start])
            return cursor.fetchone()[0]

    def moment(self, moment: datetime):
        return self.model._meta.get_field("ends_at").get_db_prep_value(moment, connection)

    def refuse(self, subject: str, address: str, limit: int, why: str) -> None:
        """Raise Throttled for `why` when there are as many as `limit` already."""
        full = self.filter(subject=subject, address=address, count__gte=limit, ends_at__gt=timezone.now()).first()
        if full:
            raise Throttled(math.ceil((full.ends_at - timezone.now()).total_seconds()) or 1, why)


class SignInAttempt(models.Model):
    """How often an address called with a secret, or failed to sign in with somebody's e-mail address."""

    subject = models.CharField("e-mail address", max_length=254, blank=True)  # "": whosever it was
    address = models.GenericIPAddressField()
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField()  # the next one is the first again

    objects: ClassVar = SignInAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = "sign-in attempt"
        constraints = [models.UniqueConstraint(fields=["subject", "address"], name="sign_in_attempt_once")]
        indexes = [models.Index(fields=["ends_at"], name="sign_in_attempt_end")]

    def __str__(self) -> str:
        return f"{self.subject or 'anybody'} from {self.address}"


def count_credentials(address: str) -> None:
    """Count a call with credentials from this address. Raises Throttled when they are too many."""
    if rate := settings.THROTTLE_CREDENTIALS:
        count = SignInAttempt.objects.add("", address, timedelta(seconds=rate.seconds))
        if count > rate.calls:
            SignInAttempt.objects.refuse("", address, rate.calls, "Too many calls that sign in or up from here.")


class Failures:
    """Failed sign-ins with one e-mail address from one network address."""

    LIMIT = 10
    PERIOD = timedelta(minutes=15)
    WHY = "Too many failed sign-ins with this e-mail address from here."

    def __init__(self, email: str, address: str):
        self.key = (email.lower()[:254], address)

    def check(self) -> None:
        """Raises Throttled when there were too many lately."""
        SignInAttempt.objects.refuse(*self.key, self.LIMIT, self.WHY)

    def add(self) -> None:
        """Count one more. Raises Throttled when others had reached the limit meanwhile."""
        if SignInAttempt.objects.add(*self.key, self.PERIOD) > self.LIMIT:
            self.check()

    def forget(self) -> None:
        subject, address = self.key
        SignInAttempt.objects.filter(subject=subject, address=address).delete()

"""Takes the reminders that are due: each once, however many workers there are."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from live.events import REMINDER
from live.models import Outbox, OutgoingMail
from live.turns import Turns, lock_unless_busy
from todos.actions.reminders import moments
from todos.models import Task
from users.models import User

LATE_UP_TO = timedelta(days=1)  # after that, a reminder is of no use
AT_ONCE = 500  # tasks of an owner in one transaction


class Reminding(Turns):
    """What goes out is written down, and the next reminders are set. That is no counted write."""

    def due(self) -> QuerySet:
        return Task.objects.filter(remind_at__lte=timezone.now(), owner__is_active=True)

    def take(self, owner_id: UUID) -> bool:
        # As each write does it: first the owner, then the tasks.
        owner, now = lock_unless_busy(owner_id), timezone.now()
        if owner is None:
            return False
        tasks = list(Task.objects.filter(owner_id=owner_id, remind_at__lte=now).order_by("remind_at", "id")[:AT_ONCE])
        found = [(task, moment) for task in tasks for moment in take_moments(task, owner, now)]
        QuerySet(Task).bulk_update(tasks, ["remind_at", "reminded_at"])
        if found and owner.is_watched:
            events = [[REMINDER, str(task.pk), moment.isoformat()] for task, moment in found]
            Outbox.add(owner_id, owner.revision, events)
        if found and settings.SENDS_MAIL and owner.reminders_by_email:
            mail_of(owner, [[str(task.pk), moment.isoformat()] for task, moment in found], now)
        return len(tasks) == AT_ONCE


def take_moments(task: Task, owner: User, now: datetime) -> list[datetime]:
    """The moments of the task that are due. It gets its next one."""
    first: Any = task.remind_at
    later = [moment for moment in moments(task, owner.timezone) if moment >= first]
    due = [moment for moment in later if moment <= now]
    task.remind_at = min((moment for moment in later if moment > now), default=None)
    task.reminded_at = now
    return [moment for moment in due if moment >= now - LATE_UP_TO]


def mail_of(owner: User, items: list, now: datetime) -> None:
    """Put these into an email, which waits for those that are due in the same minute."""
    waiting = OutgoingMail.objects.owned_by(owner).filter(kind=OutgoingMail.REMINDERS, attempts=0, claimed_until=None)
    mail = waiting.select_for_update().first() or OutgoingMail(owner=owner, kind=OutgoingMail.REMINDERS, content=[])
    mail.content += items
    mail.send_at = max(now, last_of_this_minute(owner, now))
    mail.save()


def last_of_this_minute(owner: User, now: datetime) -> datetime:
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    tasks = Task.objects.filter(owner_id=owner.pk, remind_at__lt=end).order_by("-remind_at")
    return tasks.values_list("remind_at", flat=True).first() or now


def next_moments(paused: Iterable[UUID] = ()) -> Iterable[datetime]:
    """When the next reminder is due, except for these owners."""
    tasks = Task.objects.filter(owner__is_active=True).exclude(owner_id__in=list(paused)).exclude(remind_at=None)
    return tasks.order_by("remind_at").values_list("remind_at", flat=True)[:1]

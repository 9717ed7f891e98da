"""Takes the reminders that are due: each once, however many workers there are."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from live.events import REMINDER
from live.models import Outbox, OutgoingMail
from todos.actions.reminders import moments
from todos.models import Task
from users.models import User

LATE_UP_TO = timedelta(days=1)  # after that, a reminder is of no use
AT_ONCE = 500  # tasks of an owner in one transaction


def remind() -> None:
    due = Task.objects.filter(remind_at__lte=timezone.now(), owner__is_active=True)
    for owner_id in list(due.order_by().values_list("owner_id", flat=True).distinct()):
        with transaction.atomic():
            remind_owner(owner_id)


def remind_owner(owner_id: UUID) -> None:
    """In one transaction: what goes out is written down, and the next reminders are set. That is no counted write."""
    skips = connection.features.has_select_for_update_skip_locked
    # As each write does it: first the owner, then the tasks. Another worker passes on to the next owner.
    owner = User.objects.filter(pk=owner_id).select_for_update(skip_locked=skips, no_key=True).first()
    now = timezone.now()
    if owner is None:
        return
    tasks = list(Task.objects.filter(owner_id=owner_id, remind_at__lte=now).order_by("remind_at", "id")[:AT_ONCE])
    found = [(task, moment) for task in tasks for moment in take(task, owner, now)]
    QuerySet(Task).bulk_update(tasks, ["remind_at", "reminded_at"])
    if not found:
        return
    if owner.is_watched:
        events = [[REMINDER, str(task.pk), moment.isoformat()] for task, moment in found]
        Outbox.objects.create(owner_id=owner_id, revision=owner.revision, events=events)
    if settings.SENDS_MAIL and owner.reminders_by_email:
        mail_of(owner, [[str(task.pk), moment.isoformat()] for task, moment in found], now)


def take(task: Task, owner: User, now: datetime) -> list[datetime]:
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


def next_moments() -> Iterable[datetime]:
    """When the next reminder is due."""
    tasks = Task.objects.filter(owner__is_active=True).exclude(remind_at=None).order_by("remind_at")
    return tasks.values_list("remind_at", flat=True)[:1]

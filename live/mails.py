"""Sends the emails that are written down, until each was taken by the mail server or is of no use any more.

An email is deleted when the mail server has taken it. Should the worker be killed in between, it is sent again with the
same Message-ID, by which mailboxes know it: SMTP offers nothing better, and the other order could lose it.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from live.models import OutgoingMail
from todos.models import Task
from users.models import User

logger = logging.getLogger("live.mails")

LEASE = timedelta(minutes=1)  # longer than EMAIL_TIMEOUT for each step of SMTP that waits
RETRY_AFTER = timedelta(minutes=5)
LATE_UP_TO = timedelta(days=1)
SIGNER = signing.Signer(salt="live.unsubscribe")


def send_mails(is_stopping: Callable[[], bool]) -> None:
    while not is_stopping() and (claimed := OutgoingMail.objects.due(timezone.now()).claim(1, LEASE)):
        send(claimed[0])


def send(mail: OutgoingMail) -> None:
    message = message_of(mail) if timezone.now() - mail.created_at < LATE_UP_TO else None
    mine = OutgoingMail.objects.filter(pk=mail.pk, claimed_until=mail.claimed_until)
    try:
        if message:
            message.send()
    except (OSError, SMTPException) as error:
        # Only the type: the text of a mail server's error can contain addresses.
        logger.error("An email could not be sent.", extra={"fields": {"error": type(error).__name__}})
        later = timezone.now() + RETRY_AFTER
        mine.update(attempts=mail.attempts + 1, send_at=later, claimed_until=None)
    else:
        mine.delete()


def message_of(mail: OutgoingMail) -> EmailMessage | None:
    """The email; None if there is nothing left to say."""
    owner = User.objects.get(pk=mail.owner_id)
    context = {"owner": owner, "root": root()}
    headers = {}
    if mail.kind == OutgoingMail.REMINDERS:
        tasks = list(tasks_of(mail, owner))
        if not (owner.reminders_by_email and owner.is_active and tasks):
            return None
        link = unsubscribe_link(owner)
        context |= {"tasks": tasks, "unsubscribe": link}
        headers = {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    else:
        context |= mail.content
    names = (f"{mail.kind}_subject", mail.kind)
    subject, body = (render_to_string(f"live/{name}.txt", context).strip() for name in names)
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers |= {
        "Message-ID": f"<{mail.key}@{host}>",
        "Date": format_datetime(mail.created_at),
        "Auto-Submitted": "auto-generated",  # so that no holiday notice comes back
    }
    return EmailMessage(" ".join(subject.split()), f"{body}\n", to=[owner.email], headers=headers)


def tasks_of(mail: OutgoingMail, owner: User) -> Iterator[dict[str, Any]]:
    """What the email says of each task, as it is now: without what is done or in the trash by now."""
    ids = list(dict.fromkeys(UUID(pk) for pk, _ in mail.content))
    tasks = Task.objects.present().open().filter(owner_id=owner.pk).in_bulk(ids)
    for task in [tasks[pk] for pk in ids if pk in tasks]:
        link = root() + reverse("task-detail", args=[task.pk])
        yield {"title": task.title, "due": due_text(task), "link": link}


def due_text(task: Task) -> str:
    """The day and the time as the owner's clock says them."""
    if task.due_date is None:
        return ""
    clock = f", {task.due_time:%H:%M}" if task.due_time else ""
    return f"{task.due_date:%A}, {task.due_date.day} {task.due_date:%B %Y}{clock}"


def root() -> str:
    return settings.PUBLIC_URL or "http://localhost:8000"


def unsubscribe_link(owner: User) -> str:
    return root() + reverse("unsubscribe", args=[SIGNER.sign(owner.pk.hex)])

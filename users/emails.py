"""Emails with a link to set a password, which proves that the mailbox belongs to the user.

Neither the response nor its time may reveal whether there is an account. So the email is rendered in any case and
discarded if there is no recipient. A thread sends it: the response never waits for the mail server.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from users.models import User

logger = logging.getLogger("api.emails")

# One thread per process. When the process stops gracefully, it first sends the emails that are left.
mail_executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="emails")


def email_link(request, email: str, user: User | None, template: str) -> None:
    """Email `user` a link to set a password, with the templates emails/{template}.txt and {template}_subject.txt.

    `user`: None if there is no account with this `email`. Then this does the same work, but sends nothing.
    """
    recipient = user or User(email=email)
    uid = urlsafe_base64_encode(force_bytes(recipient.pk))
    token = default_token_generator.make_token(recipient)
    root = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    context = {
        "link": root + reverse("set-password", args=[uid, token]),
        "root": root,
        "uid": uid,
        "token": token,
        "email": recipient.email,
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    subject, body = (
        render_to_string(f"emails/{name}.txt", context).strip() for name in (f"{template}_subject", template)
    )
    message = EmailMessage(subject, f"{body}\n", to=[recipient.email])
    mail_executor.submit(copy_context().run, send, message if user else None)


def send(message: EmailMessage | None) -> None:
    try:
        if message:
            message.send()
    except Exception as error:  # nothing else would log it, since nobody waits for the result
        # Only the type: the text of a mail server's error can contain addresses.
        logger.error("An email could not be sent.", extra={"fields": {"error": type(error).__name__}})

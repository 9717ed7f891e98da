"""Mails with a link by which somebody sets a password, and so proves that the mailbox is theirs.

Whether there is an account mustn't show, neither in the answer nor in its time. So the mail is made in either case,
thrown away when nobody is to get it, and sent by a thread: the answer never waits for a mail server.
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

logger = logging.getLogger("api.mails")

# One thread for each process. When the process ends in peace, it sends what is left first.
mail_executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mails")


def mail_link(request, email: str, user: User | None, template: str) -> None:
    """Mail `user` a link to set a password, by the templates mails/{template}.txt and mails/{template}_subject.txt.

    user: None where there is no account with this `email`: as much work, and no mail.
    """
    addressee = user or User(email=email)
    uid = urlsafe_base64_encode(force_bytes(addressee.pk))
    token = default_token_generator.make_token(addressee)
    root = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    context = {
        "link": root + reverse("set-password", args=[uid, token]),
        "root": root,
        "uid": uid,
        "token": token,
        "email": addressee.email,
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    subject, body = (
        render_to_string(f"emails/{name}.txt", context).strip() for name in (f"{template}_subject", template)
    )
    mail = EmailMessage(subject, f"{body}\n", to=[addressee.email])
    mail_executor.submit(copy_context().run, send, mail if user else None)


def send(mail: EmailMessage | None) -> None:
    try:
        if mail:
            mail.send()
    except Exception as error:  # whatever it is: nobody waits for this, and what isn't logged here is never seen
        # Not its text: a mail server repeats addresses there.
        logger.error("A mail could not be sent.", extra={"fields": {"error": type(error).__name__}})

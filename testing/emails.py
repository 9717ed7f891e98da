"""The emails that were sent, and their links."""

import re
from dataclasses import dataclass

from django.core import mail
from django.core.mail import EmailMessage

from users.emails import mail_executor


def wait_until_sent() -> None:
    mail_executor.submit(int).result(timeout=10)  # there is one thread: when this job is done, so are the earlier ones


def sent() -> list[EmailMessage]:
    wait_until_sent()
    return mail.outbox


@dataclass
class Link:
    root: str
    path: str
    uid: str
    token: str

    @property
    def proof(self) -> dict[str, str]:
        return {"uid": self.uid, "token": self.token}


def link_in(message: EmailMessage) -> Link:
    root, path = re.search(r"^(https?://[^/\s]+)(/set-password/\S+)$", message.body, re.MULTILINE).groups()
    uid, token = re.search(r"^uid: (\S+)\ntoken: (\S+)$", message.body, re.MULTILINE).groups()
    assert path == f"/set-password/{uid}/{token}/"
    return Link(root, path, uid, token)

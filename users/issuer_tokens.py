"""What a token of an identity provider looks like, and says. Apart from users/issuer.py, which loads cryptography: most
servers have no identity provider.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

MAX_LENGTH = 8192
SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True)
class IssuerToken:
    """What a token says, once it is found good."""

    issuer: str
    subject: str
    email: str | None  # if the issuer has verified it
    scopes: list[str]
    issued_at: datetime
    expires_at: datetime

    FRESH = timedelta(minutes=5)

    @property
    def is_fresh(self) -> bool:
        return timezone.now() - self.issued_at <= self.FRESH

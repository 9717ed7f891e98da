"""Secrets and signatures of webhooks, by Standard Webhooks 1.0 (https://www.standardwebhooks.com).

A secret is derived from SECRET_KEY, the hook and a number that rotating increases: the database doesn't hold it.
"""

import base64
import hmac
from uuid import UUID

from django.utils.crypto import salted_hmac


def key(hook_id: UUID, generation: int) -> bytes:
    return salted_hmac("live.hook", f"{hook_id}:{generation}", algorithm="sha256").digest()


def secret(hook_id: UUID, generation: int) -> str:
    return f"whsec_{base64.b64encode(key(hook_id, generation)).decode()}"


def sign(keys: list[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each key."""
    content = f"{message_id}.{timestamp}.".encode() + body
    found = [base64.b64encode(hmac.digest(each, content, "sha256")).decode() for each in keys]
    return " ".join(f"v1,{each}" for each in found)

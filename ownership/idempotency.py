"""`Idempotency-Key`: a repeated POST gets the response of its first success, and changes nothing.

The response is stored in the transaction of the write, under the lock on the owner's row. So requests with the same key
run one after the other, and neither the write nor its response can exist without the other.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import ClassVar, Self

import orjson
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response

from api.renderers import dumps
from ownership.owned import OwnedQuerySet

KEY = re.compile(r"[\x21-\x7e]{1,255}")
STORED_HEADERS = ("Location", "ETag")
INVALID = ErrorDetail("Enter 1 to 255 visible ASCII characters.", code="invalid")


class IdempotentResponseQuerySet(OwnedQuerySet):
    def expired(self) -> Self:
        return self.filter(created_at__lte=timezone.now() - IdempotentResponse.LIFETIME)


class IdempotentResponse(models.Model):
    """The response to a request with an Idempotency-Key."""

    LIFETIME = timedelta(hours=24)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of the request
    status = models.SmallIntegerField()
    headers = models.JSONField()
    body = models.TextField()
    created_at = models.DateTimeField()

    objects: ClassVar = IdempotentResponseQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotent_response_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotent_response_created")]

    def __str__(self) -> str:
        return self.key

    @property
    def expired(self) -> bool:
        return self.created_at <= timezone.now() - self.LIFETIME


class KeyReused(APIException):
    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used for another request. Use a new key for each request."


def read_key(request) -> str | None:
    """The key of a POST request, or None. Raises ValidationError if it is invalid."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None or request.method != "POST":
        return None
    if not KEY.fullmatch(key):
        raise ValidationError({"Idempotency-Key": [INVALID]})
    return key


def replay(stored: IdempotentResponse) -> Response:
    data = orjson.loads(stored.body) if stored.body else None
    return Response(data, status=stored.status, headers={**stored.headers, "Idempotency-Replayed": "true"})


def respond_once(request, key: str, respond: Callable[[], Response], body: bytes | None = None) -> Response:
    """Return the user's stored response for this key, or call `respond` and store its response.

    Call it inside a revision transaction. If `respond` raises, nothing is stored. Raises KeyReused if the key was used
    for another request. `body` stands for the body of a form with files, whose boundary may be another each time.
    """
    content_type = (request.content_type or "") if body is None else ""
    parts = (request.method, request.get_full_path(), content_type)
    content = request._request.body if body is None else body
    fingerprint = sha256("\n".join(parts).encode() + b"\n" + content).hexdigest()
    stored = IdempotentResponse.objects.owned_by(request.user).filter(key=key).first()
    if stored and not stored.expired:
        if stored.fingerprint != fingerprint:
            raise KeyReused
        return replay(stored)
    response = respond()
    if transaction.get_rollback():  # a dry run, or an error that was returned
        return response
    fresh = IdempotentResponse(
        owner_id=request.user.pk,
        key=key,
        fingerprint=fingerprint,
        status=response.status_code,
        headers={name: response[name] for name in STORED_HEADERS if name in response},
        body="" if response.data is None else dumps(response.data).decode(),
        created_at=timezone.now(),
    )
    IdempotentResponse.objects.bulk_create(
        [fresh],
        update_conflicts=True,  # replaces an expired one
        unique_fields=["owner", "key"],
        update_fields=["fingerprint", "status", "headers", "body", "created_at"],
    )
    return response

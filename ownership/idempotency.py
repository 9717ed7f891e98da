"""`Idempotency-Key`: a POST that is sent again gets the answer of its first success again, and changes nothing.

The answer is stored in the transaction of the write itself, under the lock on the owner's row: twins come one after
the other, and there is no moment in which the one is there without the other.
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
KEPT_HEADERS = ("Location", "ETag")
INVALID = ErrorDetail("An Idempotency-Key has 1 to 255 visible ASCII characters.", code="invalid")


class IdempotentResponseQuerySet(OwnedQuerySet):
    def expired(self) -> Self:
        return self.filter(created_at__lte=timezone.now() - IdempotentResponse.KEPT)


class IdempotentResponse(models.Model):
    """What a request with an Idempotency-Key was answered."""

    KEPT = timedelta(hours=24)

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
        return self.created_at <= timezone.now() - self.KEPT


class KeyReused(APIException):
    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used for another request."


def read_key(request) -> str | None:
    """The request's key, where it is a POST that has one. Raises ValidationError for a bad one."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None or request.method != "POST":
        return None
    if not KEY.fullmatch(key):
        raise ValidationError({"Idempotency-Key": [INVALID]})
    return key


def replay(stored: IdempotentResponse) -> Response:
    data = orjson.loads(stored.body) if stored.body else None
    return Response(data, status=stored.status, headers={**stored.headers, "Idempotency-Replayed": "true"})


def respond_once(request, key: str, answer: Callable[[], Response]) -> Response:
    """The stored answer for this key of the caller, or a fresh one, stored with what it changes.

    To be called inside `write`. A failure raises, and nothing is stored. Raises KeyReused for another request.
    """
    parts = (request.method, request.get_full_path(), request.content_type or "")
    fingerprint = sha256("\n".join(parts).encode() + b"\n" + request._request.body).hexdigest()
    stored = IdempotentResponse.objects.owned_by(request.user).filter(key=key).first()
    if stored and not stored.expired:
        if stored.fingerprint != fingerprint:
            raise KeyReused
        return replay(stored)
    response = answer()
    if transaction.get_rollback():
        return response
    fresh = IdempotentResponse(
        owner_id=request.user.pk,
        key=key,
        fingerprint=fingerprint,
        status=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        body="" if response.data is None else dumps(response.data).decode(),
        created_at=timezone.now(),
    )
    IdempotentResponse.objects.bulk_create(
        [fresh],
        update_conflicts=True,  # one that expired
        unique_fields=["owner", "key"],
        update_fields=["fingerprint", "status", "headers", "body", "created_at"],
    )
    return response

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response

from live.delivering import queue_test
from live.models import Hook
from live.serializers import DeliveriesSerializer, DeliverySerializer, HookSerializer, NewHookSerializer
from live.waking import wake_worker
from ownership.viewsets import OwnedViewSet, verb
from users.models import User

TOO_MANY = f"There can be at most {Hook.MAX_OF_AN_OWNER} webhooks. Delete one first."
SWITCHED_OFF = "This webhook is switched off. Enable it first."


class HookViewSet(mixins.DestroyModelMixin, OwnedViewSet):
    """Webhooks: each change is posted to your URL, signed by Standard Webhooks, in order, at least once."""

    queryset = Hook.objects.all()
    serializer_class = HookSerializer
    has_no_etag = True
    SHOWN_DELIVERIES = 100

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Under the owner's lock, as writes are: which of them are recorded can't change in the middle of one."""
        with transaction.atomic():
            User.objects.lock(self.request.user)  # type: ignore[arg-type]
            yield

    @extend_schema(request=HookSerializer, responses={201: NewHookSerializer})
    def create(self, request):
        """Create a webhook.

        `secret` is only in this response. It verifies that events come from here.
        """
        values = self.read_body().validated_data
        with self.locked():
            if self.get_queryset().count() >= Hook.MAX_OF_AN_OWNER:
                raise ValidationError({"": [ErrorDetail(TOO_MANY, code="too_many")]})
            hook = Hook.objects.create(owner=request.user, **values)
            Hook.objects.watch(request.user.pk)
        return self.with_secret(hook, 201)

    def partial_update(self, request, pk):
        """Change the webhook.

        Fields that are left out keep their value. If it is switched off, what waits for it is dropped.
        """
        serializer = self.read_body(self.get_object(), partial=True)  # before the lock: it may look up a name
        with self.locked():
            serializer.instance = self.get_object()
            serializer.save()
        wake_worker()
        return self.respond(serializer.instance)

    def destroy(self, request, *args, **kwargs):
        """Delete the webhook.

        What waits for it is dropped.
        """
        with self.locked():
            return super().destroy(request, *args, **kwargs)

    @extend_schema(responses=NewHookSerializer)
    @verb
    def rotate(self, request, pk):
        """Make a new secret.

        For 24 hours, events are signed with the new one and with the one before.
        """
        self.read_body()
        with self.locked():
            hook: Any = self.get_object()
            hook.rotate()
        return self.with_secret(hook, 200)

    @extend_schema(responses={202: DeliverySerializer})
    @verb
    def test(self, request, pk):
        """Send the event `hook.test`.

        It comes after those that wait already. `deliveries/` shows what became of it.
        """
        self.read_body()
        with self.locked():
            hook: Any = self.get_object()
            if not hook.enabled:
                raise ValidationError({"": [ErrorDetail(SWITCHED_OFF, code="disabled")]})
            delivery = queue_test(hook, request.user.revision)
        wake_worker()
        return self.respond(delivery, 202, serializer_class=DeliverySerializer)

    @extend_schema(responses=DeliveriesSerializer)
    @action(detail=True, filterset_class=None)
    def deliveries(self, request, pk):
        """List the last 100 events for the webhook, the newest first.

        They are kept for 7 days.
        """
        hook: Any = self.get_object()
        found = DeliverySerializer.rows(hook.deliveries.all()[: self.SHOWN_DELIVERIES])
        return Response({"results": list(found)})

    def with_secret(self, hook: Hook, status: int) -> Response:
        body = {**self.represent(hook), "secret": hook.secret}
        return Response(body, status=status, headers={"Cache-Control": "no-store"})

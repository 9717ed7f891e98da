"""The owner rule: whose data it is, said once.

`OwnedQuerySet.owned_by` is the only place that filters by owner, and `OwnedViewSet.get_queryset` (ownership/viewsets.py)
the only caller of it for HTTP. A viewset that is registered tomorrow is scoped by construction.
"""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models

from api.ids import uuid7


class OwnedQuerySet(models.QuerySet[Any, Any]):
    def owned_by(self, user) -> Self:
        """The rows of `user`; none when nobody is signed in."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(owner_id=user.pk)


class OwnedModel(models.Model):
    """Something that belongs to one user, and goes with the account."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

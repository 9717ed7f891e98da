"""The owner rule: users see and change only their own data.

`OwnedQuerySet.owned_by` is the only filter by owner. `OwnedViewSet` in ownership/viewsets.py applies it to every
request, so each viewset that inherits from it is limited to the user's rows.
"""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models

from api.ids import uuid7


def queryset_only(method):
    """Keep the method off managers, as Django does with `delete()`: there, it would affect all rows."""
    method.queryset_only = True
    return method


class OwnedQuerySet(models.QuerySet[Any, Any]):
    def owned_by(self, user) -> Self:
        """The rows of `user`; no rows for an anonymous user."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(owner_id=user.pk)

    def referable(self) -> Self:
        """The rows that others may refer to: all of them, unless a subclass says otherwise."""
        return self


class OwnedModel(models.Model):
    """A row that belongs to one user. Deleting the user deletes it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

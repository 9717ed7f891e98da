"""Incremental sync: the changes after a position in the order of the owner's revisions.

A sync position is (revision, kind, id). All changes of a revision are committed together, and none can appear later
with an older revision (ownership/revised.py). So a page up to the owner's revision, which is read first, can't miss a
change: later changes get a higher revision, and are in a later page.
"""

from dataclasses import astuple, dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db.models import F, Q, QuerySet, UUIDField, Value
from django.db.models.lookups import GreaterThan
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.schemas.generators import EndpointEnumerator

from api.pagination import RowValue, fitting, long_texts
from api.serializers import has_rows
from ownership.viewsets import RevisedViewSet
from todos.models.trash import TrashModel

DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
AFTER_ALL = "~"  # sorts after all kinds
INVALID = ErrorDetail("This token is damaged or belongs to another user. Start again without `since`.", code="invalid")


class SyncTokenExpired(APIException):
    status_code = 410
    default_code = "sync_token_expired"
    default_detail = "Deletions since this token have been purged. Start again with a full sync, without `since`."


@cache
def revised_viewsets(urlconf: Any) -> dict[str, type[RevisedViewSet]]:
    """The viewsets of revised models that the URLs lead to, by the name of the model."""
    found = {callback.cls for _, _, callback in EndpointEnumerator(urlconf=urlconf).get_api_endpoints()}
    return {each.queryset.model._meta.model_name: each for each in found if issubclass(each, RevisedViewSet)}


def kinds() -> dict[str, tuple[type[TrashModel], Any]]:
    """What is in sync: the models with a trash, each with its serializer, by the `type` of their changes."""
    viewsets = revised_viewsets(settings.ROOT_URLCONF)
    return {
        kind: (viewset.queryset.model, viewset.sync_serializer_class or viewset.serializer_class)
        for kind, viewset in sorted(viewsets.items())
        if issubclass(viewset.queryset.model, TrashModel)
    }


@dataclass
class SyncPosition:
    """The position up to which a client has all changes.

    `full`: during the first, full sync, the revision at which it ends; 0 afterwards.
    """

    full: int
    revision: int
    kind: str = AFTER_ALL
    id: str = "ffffffff-ffff-ffff-ffff-ffffffffffff"

    def needs(self, deletions: int) -> bool:
        """Whether the client still needs some of the deletions up to this revision."""
        # In the middle of a revision, it needs the rest of it. A full sync doesn't need deletions from before it.
        in_the_middle = not self.full and self.kind != AFTER_ALL
        return deletions > (self.full or self.revision) - in_the_middle

    def sign(self, user) -> str:
        return signing.Signer(salt=f"sync:{user.pk}").sign_object(list(astuple(self)))

    @classmethod
    def read(cls, token: str, user) -> "SyncPosition":
        """The position that was signed for this user. Raises ValidationError if the signature is wrong."""
        try:
            return cls(*signing.Signer(salt=f"sync:{user.pk}").unsign_object(token))
        except signing.BadSignature:
            raise ValidationError({"since": [INVALID]}) from None


def changes(user, token: str | None, limit: int, context: dict | None = None) -> dict:
    """The response of `GET sync/`: up to `limit` (1 to 1000) changes after the token, in the order of revisions.

    `user`: must have been read before, with its revision. `context`: for the serializers. Without a token, all objects
    that aren't deleted. Raises ValidationError for a forged token, and SyncTokenExpired for one from before a purge.
    """
    position = SyncPosition.read(token, user) if token else SyncPosition(full=user.revision, revision=0)
    upto = position.full or user.revision
    synced = kinds()
    found = [
        change
        for kind, (model, serializer_class) in synced.items()
        for change in as_changes(
            kind, rows_after(position, kind, model, user, upto), serializer_class, limit + 1, context or {}
        )
    ]
    # Read after the changes: a purge in between could have removed some of them.
    user.refresh_from_db(fields=["purged_revision"])
    if position.needs(user.purged_revision):
        raise SyncTokenExpired
    found.sort(key=lambda change: (change["revision"], change["type"], str(change["id"])))
    names = {name for model, _ in synced.values() for name in long_texts(model)}
    page = found[: fitting([change["object"] or {} for change in found[:limit]], names)]
    if len(found) > len(page):
        last = page[-1]
        reached = SyncPosition(position.full, last["revision"], last["type"], str(last["id"]))
    else:
        reached = SyncPosition(full=0, revision=upto)
    # After a full sync, the changes made in the meantime come next.
    has_more = len(found) > len(page) or upto < user.revision
    return {"results": page, "token": reached.sign(user), "has_more": has_more}


def rows_after(position: SyncPosition, kind: str, model: type[TrashModel], user, upto: int) -> QuerySet:
    """The rows of one kind after `position`, up to the revision `upto`, in order: one query, by its index."""
    rows = model.objects.owned_by(user).filter(revision__lte=upto)
    if kind < position.kind:
        rows = rows.filter(revision__gt=position.revision)
    elif kind > position.kind:
        rows = rows.filter(revision__gte=position.revision)
    else:
        here = RowValue(Value(position.revision), Value(position.id, UUIDField()))
        rows = rows.filter(GreaterThan(RowValue(F("revision"), F("id")), here))
    if position.full:
        rows = rows.present()
    return rows.annotate(deleted=Q(deleted_at__isnull=False)).order_by("revision", "id")


def as_changes(kind: str, rows: QuerySet, serializer_class: Any, limit: int, context: dict) -> list[dict]:
    if has_rows(serializer_class) and {"id", "revision"} <= set(serializer_class.Meta.fields):
        found = serializer_class.rows(rows, "deleted")[:limit]
        return [as_change(kind, row["id"], row["revision"], None if row.pop("deleted") else row) for row in found]
    return [
        as_change(kind, each.pk, each.revision, None if each.deleted else serializer_class(each, context=context).data)
        for each in rows[:limit]
    ]


def as_change(kind: str, pk: UUID, revision: int, content: dict | None) -> dict:
    return {"type": kind, "id": pk, "revision": revision, "deleted": content is None, "object": content}

"""Incremental sync: what changed since a place in the order of the owner's revisions.

A place is (revision, kind, id). All of one revision is committed at once, and nothing older than the owner's revision
can appear later (ownership/revised.py), so a page up to that revision, read beforehand, can miss nothing: what changes
meanwhile gets a later one, and is answered later.
"""

from dataclasses import astuple, dataclass
from uuid import UUID

from django.core import signing
from django.db.models import F, Q, UUIDField, Value
from django.db.models.lookups import GreaterThan
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError

from api.pagination import RowValue
from api.serializers import has_rows
from todos.models import Project, Tag, Task
from todos.serializers.project import ReplicatedProjectSerializer, ReplicatedTagSerializer
from todos.serializers.task import TaskSerializer

KINDS = {
    "project": (Project, ReplicatedProjectSerializer),
    "tag": (Tag, ReplicatedTagSerializer),
    "task": (Task, TaskSerializer),
}
DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
AFTER_ALL = "~"  # comes after all kinds
INVALID = ErrorDetail("This token is damaged, or it is somebody else's.", code="invalid")


class SyncTokenExpired(APIException):
    status_code = 410
    default_code = "sync_token_expired"
    default_detail = "What was deleted since then is forgotten. Start again with a full sync, without `since`."


@dataclass
class Place:
    """Up to where a client has everything. `full`: the revision up to which its first, full sync goes; 0 afterwards."""

    full: int
    revision: int
    kind: str = AFTER_ALL
    id: str = "ffffffff-ffff-ffff-ffff-ffffffffffff"

    def needs(self, deletions: int) -> bool:
        """Whether some of the deletions up to this revision have not been told yet."""
        # In the middle of a revision, those of its rest. A full sync begins without what was deleted before it.
        in_the_middle = not self.full and self.kind != AFTER_ALL
        return deletions > (self.full or self.revision) - in_the_middle

    def sign(self, user) -> str:
        return signing.Signer(salt=f"sync:{user.pk}").sign_object(list(astuple(self)))

    @classmethod
    def read(cls, token: str, user) -> "Place":
        """The place that was signed for this user. Raises ValidationError for any other text."""
        try:
            return cls(*signing.Signer(salt=f"sync:{user.pk}").unsign_object(token))
        except signing.BadSignature:
            raise ValidationError({"since": [INVALID]}) from None


def changes(user, token: str | None, limit: int, context: dict | None = None) -> dict:
    """The answer to `GET sync/`: up to `limit` (1 to 1000) changes after the token's place, in the order of revisions.

    `user`: as it was read before this, with its revision. `context`: for the serializers. Without a token: everything
    that is not deleted.
    Raises ValidationError for a forged token, SyncTokenExpired for one from before a purge.
    """
    place = Place.read(token, user) if token else Place(full=user.revision, revision=0)
    upto = place.full or user.revision
    kinds = [changes_of(kind, user, place, upto, limit + 1, context or {}) for kind in KINDS]
    found = [change for each in kinds for change in each]
    # Not before the changes were read: a purge in between would have taken some away unseen.
    user.refresh_from_db(fields=["purged_revision"])
    if place.needs(user.purged_revision):
        raise SyncTokenExpired
    found.sort(key=lambda change: (change["revision"], change["type"], str(change["id"])))
    page = found[:limit]
    if len(found) > limit:
        last = page[-1]
        reached = Place(place.full, last["revision"], last["type"], str(last["id"]))
    else:
        reached = Place(full=0, revision=upto)
    # After a full sync, what changed while it went on comes next.
    has_more = len(found) > limit or upto < user.revision
    return {"results": page, "token": reached.sign(user), "has_more": has_more}


def changes_of(kind: str, user, place: Place, upto: int, limit: int, context: dict) -> list[dict]:
    """The changes of one kind of thing after `place`, up to the revision `upto`: one query, by its index."""
    model, serializer_class = KINDS[kind]
    things = model.objects.owned_by(user).filter(revision__lte=upto)
    if kind < place.kind:
        things = things.filter(revision__gt=place.revision)
    elif kind > place.kind:
        things = things.filter(revision__gte=place.revision)
    else:
        here = RowValue(Value(place.revision), Value(place.id, UUIDField()))
        things = things.filter(GreaterThan(RowValue(F("revision"), F("id")), here))
    if place.full:
        things = things.present()
    things = things.annotate(deleted=Q(deleted_at__isnull=False)).order_by("revision", "id")
    if not (has_rows(serializer_class) and {"id", "revision"} <= set(serializer_class.Meta.fields)):
        return [
            as_change(
                kind, each.pk, each.revision, None if each.deleted else serializer_class(each, context=context).data
            )
            for each in things[:limit]
        ]
    rows = serializer_class.rows(things, "deleted")[:limit]
    return [as_change(kind, row["id"], row["revision"], None if row.pop("deleted") else row) for row in rows]


def as_change(kind: str, pk: UUID, revision: int, content: dict | None) -> dict:
    return {"type": kind, "id": pk, "revision": revision, "deleted": content is None, "object": content}

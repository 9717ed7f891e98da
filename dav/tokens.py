"""Sync tokens (RFC 6578): up to which change of its owner's data a client knows a list."""

import zlib
from typing import NamedTuple
from uuid import UUID

from django.core import signing

from api.conditional import make_etag
from dav.errors import BadToken

PREFIX = "urn:x-todo-sync:"
LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def zone_tag(zone: str) -> int:
    """Due times are shown in the owner's time zone: with another one, all texts are other ones."""
    return zlib.crc32(zone.encode())


def etag_of(user, revision: int) -> str:
    return make_etag(user.pk, revision, zone_tag(user.timezone))


class SyncToken(NamedTuple):
    """All changes up to this revision are known, and of the next one those up to the task with this id."""

    revision: int
    zone: int
    id: str = LAST

    @classmethod
    def now(cls, user) -> "SyncToken":
        return cls(user.revision, zone_tag(user.timezone))

    def write(self, user) -> str:
        return PREFIX + signing.Signer(salt=f"dav-sync:{user.pk}").sign_object(list(self), compress=False)

    @classmethod
    def read(cls, text: str, user) -> "SyncToken":
        """Raises BadToken for one that was made for another user or time zone, or from before a purge."""
        try:
            token = cls(*signing.Signer(salt=f"dav-sync:{user.pk}").unsign_object(text.removeprefix(PREFIX)))
        except (signing.BadSignature, ValueError, TypeError):
            raise BadToken from None
        known = token.revision - (token.id != LAST)
        if token.zone != zone_tag(user.timezone) or user.purged_revision > known:
            raise BadToken
        return token

    @property
    def position(self) -> tuple[int, UUID]:
        return self.revision, UUID(self.id)

"""Conditional requests (RFC 9110, section 13): entity tags from revisions. And who may keep an answer at all."""

from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.exceptions import APIException

from api.renderers import dumps


class PreconditionFailed(APIException):
    status_code = 412
    default_code = "precondition_failed"
    default_detail = "This was changed since you read it. Read it again, then decide."


def make_etag(owner_id: UUID, *revisions: int) -> str:
    """The strong entity tag of what depends on these revisions of the owner, the thing's own first.

    It changes with the release too, since a release may change the representation.
    """
    return '"{}"'.format(":".join([settings.API_VERSION, owner_id.hex, *map(str, revisions)]))


def with_content(etag: str, data) -> str:
    """The entity tag of a response that can change while the revisions don't: it changes with what is in it."""
    return f'{etag[:-1]}:{sha256(dumps(data)).hexdigest()}"'


def own_part(etag: str) -> list[str]:
    """The tag up to the thing's own revision. What else it shows, a count, may change without a lost update."""
    return etag.strip('"').split(":")[:3]


def is_unchanged(request, etag: str) -> bool:
    """Whether `If-None-Match` names this tag: the client has it already. Compared weakly (section 13.1.2)."""
    if request.accepted_renderer.format != "json":
        # A page has no tag. Chromium asks for it with the tag of the JSON, and would show that for a 304.
        return False
    named = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return "*" in named or etag in {each.removeprefix("W/") for each in named}


def check_preconditions(request, etag: str) -> None:
    """Raise PreconditionFailed unless `If-Match`, where it is given, names this tag, compared strongly (13.1.1)."""
    if "HTTP_IF_MATCH" in request.META:
        named = parse_etags(request.META["HTTP_IF_MATCH"])
        if "*" not in named and own_part(etag) not in [own_part(each) for each in named if each.startswith('"')]:
            raise PreconditionFailed
    if "HTTP_IF_NONE_MATCH" in request.META and is_unchanged(request, etag):
        raise PreconditionFailed


def keep_private(response: HttpResponse) -> None:
    """Let no cache give this answer to somebody else, and none give it again without asking."""
    response.setdefault("Cache-Control", "private, no-cache")
    patch_vary_headers(response, ("Accept", "Authorization", "Cookie"))

"""Conditional requests (RFC 9110, section 13), with entity tags made from revisions."""

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
    default_detail = "The object was changed since you read it. Read it again before you change it."


def make_etag(owner_id: UUID, *revisions: int) -> str:
    """The strong entity tag of a representation that depends on these revisions, the object's own first.

    It contains the version of the API, since a release may change the representation.
    """
    return '"{}"'.format(":".join([settings.API_VERSION, owner_id.hex, *map(str, revisions)]))


def with_content(etag: str, data) -> str:
    """The entity tag of a response that can change while the revisions don't: it changes with what is in it."""
    return f'{etag[:-1]}:{sha256(dumps(data)).hexdigest()}"'


def own_part(etag: str) -> list[str]:
    """The part of the tag up to the object's own revision. The rest covers counts, which can't cause lost updates."""
    return etag.removeprefix("W/").strip('"').split(":")[:3]


def is_unchanged(request, etag: str) -> bool:
    """Whether the client has what this tag names already."""
    if request.accepted_renderer.format != "json":
        # A page has no tag. Chromium asks for it with the tag of the JSON, and would show that for a 304.
        return False
    return names_tag(request, etag)


def names_tag(request, etag: str, header: str = "HTTP_IF_NONE_MATCH") -> bool:
    """Whether the header names the tag or `*`, compared weakly (section 8.8.3.2)."""
    named = parse_etags(request.META.get(header, ""))
    return "*" in named or etag in {each.removeprefix("W/") for each in named}


def check_match(request, etag: str | None) -> None:
    """Raise PreconditionFailed unless `If-Match`, where it is given, names this tag, or the thing's own revision alone.

    A weak tag counts too, other than in section 13.1.1: proxies that compress make it of ours, and it names the same
    revision. What has no tag (None) is matched by `*` alone.
    """
    if "HTTP_IF_MATCH" not in request.META:
        return
    named = parse_etags(request.META["HTTP_IF_MATCH"])
    own = own_part(etag) if etag else None
    if "*" not in named and (own is None or not any(own_part(each) in (own, own[-1:]) for each in named)):
        raise PreconditionFailed


def check_preconditions(request, etag: str) -> None:
    """Raise PreconditionFailed for `If-Match` with another tag, and for `If-None-Match` with this one."""
    check_match(request, etag)
    if "HTTP_IF_NONE_MATCH" in request.META and is_unchanged(request, etag):
        raise PreconditionFailed


def keep_private(response: HttpResponse) -> None:
    """Keep the response out of shared caches, and let private ones revalidate it before each use."""
    response.setdefault("Cache-Control", "private, no-cache")
    patch_vary_headers(response, ("Accept", "Authorization", "Cookie"))

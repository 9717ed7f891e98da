from collections.abc import Iterable
from ipaddress import ip_address
from xml.etree.ElementTree import Element

from django.http import HttpResponse
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer

from api.addresses import client_address
from api.conditional import names_tag
from api.methods import READING_METHODS
from dav import xml
from dav.errors import DavError, Failed, Forbidden
from dav.paths import MAX_NAME, is_name
from dav.properties import Node
from dav.xml import XML, d
from ownership.transactions import revision_transaction
from ownership.viewsets import CallerView
from users.authentication import AppPasswordAuthentication

COMPLIANCE = "1, 3, access-control, calendar-access, extended-mkcol"


class AnyMedia(BaseContentNegotiation):
    """WebDAV has one representation of each thing, whatever the request accepts."""

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class DavView(CallerView):
    """The base of all below `/dav/`."""

    schema = None
    authentication_classes = [AppPasswordAuthentication]
    how_to_sign_in = "Sign in with your email address and an app password."
    content_negotiation_class = AnyMedia
    renderer_classes = [JSONRenderer]  # every view makes its response itself
    http_method_names = ["options", "get", "head", "put", "delete", "propfind", "proppatch", "report"]
    http_method_names += ["mkcalendar", "mkcol", "copy", "move"]

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        check_transport(request)
        if kwargs.get("owner", str(request.user.pk)) != str(request.user.pk):
            raise NotFound
        if any("\0" in part for part in kwargs.values()):  # which Postgres can't even look for
            raise NotFound

    def call(self, handler, request, *args, **kwargs):
        """Run what changes something as one write: it reads under the owner's lock."""
        if request.method in READING_METHODS or handler == self.http_method_not_allowed:
            return handler(request, *args, **kwargs)
        with revision_transaction(request.user.pk):
            return handler(request, *args, **kwargs)

    def handle_exception(self, exc):
        response = super().handle_exception(exc)
        condition = exc.condition if isinstance(exc, DavError) else ""
        inner = xml_condition(condition, exc.content) if condition else ""
        content = xml.error(response.data["detail"], inner)
        error = HttpResponse(content, status=response.status_code, content_type=XML)
        for name in ("WWW-Authenticate", "Retry-After"):
            if name in response:
                error[name] = response[name]
        return error

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        response["DAV"] = COMPLIANCE
        return response

    def options(self, request, *args, **kwargs):
        return HttpResponse(status=200)

    # Properties

    def node(self) -> Node:
        """What the address leads to. Raises NotFound."""
        raise NotImplementedError

    def children(self, node: Node) -> Iterable[Node]:
        """What is in the node, for Depth 1."""
        return ()

    def propfind(self, request, **kwargs):
        depth = request.headers.get("Depth", "0").strip().lower()
        if depth == "infinity":
            raise Forbidden("Ask with Depth 0 or 1.", "d:propfind-finite-depth")
        if depth not in ("0", "1"):
            raise DavError("Depth must be 0 or 1.", status=400)
        root = xml.parse(request.body)
        if root is not None and root.tag != d("propfind"):
            raise DavError("The body must be a DAV:propfind.", status=400)
        node = self.node()
        names = names_asked(root)
        nodes = [node, *(self.children(node) if depth == "1" else ())]
        return multistatus(describe(each, root, names) for each in nodes)


def describe(node: Node, root: Element | None, names: list[str] | None) -> str:
    if root is not None and root.find(d("propname")) is not None:
        return xml.response(str(node.path), xml.propstat(map(xml.element, node.names()), ()))
    return node.respond(node.names() if names is None else names)


def names_asked(root: Element | None) -> list[str] | None:
    """The names of the properties that a request names; None for all of them."""
    asked = None if root is None else root.find(d("prop"))
    return None if asked is None else [each.tag for each in asked]


def multistatus(responses: Iterable[str], more: str = "") -> HttpResponse:
    content = xml.document("d:multistatus", "".join(responses) + more)
    return HttpResponse(content, status=207, content_type=XML)


def xml_condition(condition: str, content: str) -> str:
    return f"<{condition}>{content}</{condition}>" if content else f"<{condition}/>"


def is_private(request) -> bool:
    """Whether nobody on the way can read the request."""
    return request.is_secure() or ip_address(client_address(request)).is_loopback


def check_transport(request) -> None:
    """An app password must not travel in the clear, but on this machine."""
    if not is_private(request):
        raise Forbidden("Use https: an app password can be read on the way otherwise.")


def check_match(request, etag: str | None) -> None:
    """Raise Failed unless the preconditions (RFC 9110, section 13.1) hold. `etag`: None where there is nothing yet."""
    if "HTTP_IF_MATCH" in request.META and not (etag and names_tag(request, etag, "HTTP_IF_MATCH")):
        raise Failed
    if etag and names_tag(request, etag):
        raise Failed("There is something at this address already.")


def check_name(name: str) -> None:
    if not is_name(name):
        raise Forbidden(f"A name in a URL has at most {MAX_NAME} characters, without control characters and slashes.")

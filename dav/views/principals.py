"""The principal: expand-property (RFC 3253, section 3.8) and principal-property-search (RFC 3744, section 9.4)."""

import re
from xml.etree.ElementTree import Element

from django.http import HttpResponse

from dav import xml
from dav.errors import DavError, Forbidden
from dav.lists import HOME, stored_row
from dav.models import Collection
from dav.paths import Path
from dav.properties import HomeNode, Node
from dav.views.base import multistatus, names_asked
from dav.xml import d

NAME = re.compile(r"[^\W\d][\w.-]*")


def home_of(request) -> HomeNode:
    return HomeNode(request.user, request.auth, stored_row(request.user, HOME) or Collection())


def report(request, node: Node) -> HttpResponse:
    """The report about this node that the body asks for: those that everything has."""
    root = xml.parse(request.body)
    if root is not None and root.tag == d("principal-property-search"):
        return search(request, root)
    return multistatus([expand(node, root, request)])


def search(request, root: Element) -> HttpResponse:
    """Users find themselves alone."""
    me = home_of(request)
    own = f"{request.user.name}\n{request.user.email}".casefold()
    wanted = [(each.text or "").strip().casefold() for each in root.iter(d("match"))]
    found = [me.respond(names_asked(root) or me.names())] if all(each in own for each in wanted) else []
    return multistatus(found)


def expand(node: Node, root: Element | None, request) -> str:
    """The properties of what the properties of this node lead to."""
    if root is None or root.tag != d("expand-property"):
        raise Forbidden("There is no such report here.", "d:supported-report")
    return xml.response(str(node.path), expanded(node, root, request))


def expanded(node: Node, asked: Element, request) -> str:
    found, missing = [], []
    for each in asked.findall(d("property")):
        name = name_in(each)
        content = node.read(name)
        if content is None:
            missing.append(name)
        elif each.find(d("property")) is not None and "<d:href>" in content:
            inner = expanded(home_of(request), each, request)
            found.append(xml.element(name, xml.response(str(Path.of(request.user.pk)), inner)))
        else:
            found.append(content)
    return xml.propstat(found, missing)


def name_in(asked: Element) -> str:
    name = asked.get("name", "")
    if not NAME.fullmatch(name):
        raise DavError("A property needs a name.", status=400)
    return f"{{{asked.get('namespace', xml.DAV)}}}{name}"

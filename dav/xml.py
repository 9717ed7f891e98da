"""XML of WebDAV (RFC 4918): reading what clients send, and writing what they get."""

from collections.abc import Iterable
from html import escape
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dav.errors import BadXml

DAV, CALDAV = "DAV:", "urn:ietf:params:xml:ns:caldav"
CALENDAR_SERVER, APPLE = "http://calendarserver.org/ns/", "http://apple.com/ns/ical/"
PREFIXES = {DAV: "d", CALDAV: "c", CALENDAR_SERVER: "cs", APPLE: "a"}
NAMESPACES = " ".join(f'xmlns:{prefix}="{namespace}"' for namespace, prefix in PREFIXES.items())
XML = "application/xml; charset=utf-8"
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
MAX_DEPTH = 32
NO_XML = {code: None for code in range(32) if code not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}


def d(name: str) -> str:
    return f"{{{DAV}}}{name}"


def c(name: str) -> str:
    return f"{{{CALDAV}}}{name}"


def parse(body: bytes) -> Element | None:
    """The root element; None for an empty body. Raises BadXml, also for a document type and for entities."""
    if not body.strip():
        return None
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadXml(f"The body isn't XML that is accepted here: {str(error)[:200]}") from None
    check_depth(root)
    return root


def check_depth(root: Element) -> None:
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return
    raise BadXml(f"Elements are nested more than {MAX_DEPTH} levels deep.")


def text(value: object) -> str:
    """The value as the text of an element or an attribute. What XML 1.0 has no characters for is left out."""
    return escape(str(value).translate(NO_XML))


def element(name: str, content: str = "") -> str:
    """The element `{namespace}name` with this content, which is XML."""
    namespace, _, local = name.removeprefix("{").rpartition("}")
    prefix = PREFIXES.get(namespace)
    tag = f"{prefix}:{local}" if prefix else f'x:{local} xmlns:x="{text(namespace)}"' if namespace else local
    return f"<{tag}>{content}</{tag.split(' ')[0]}>" if content else f"<{tag}/>"


def href(path: str) -> str:
    return f"<d:href>{text(path)}</d:href>"


def stored(found: Element) -> str:
    """The element as XML of its own, to be stored and given again."""
    tail, found.tail = found.tail, None
    try:
        return tostring(found, encoding="unicode")
    finally:
        found.tail = tail


def document(root: str, content: str) -> str:
    """The document with this root, such as `d:multistatus`."""
    return f"{HEAD}<{root} {NAMESPACES}>{content}</{root}>"


def error(detail: object, condition: str = "") -> str:
    """An error (RFC 4918, section 16). `condition`: the element of what failed."""
    return document("d:error", f'{condition}<s:message xmlns:s="urn:x-todo">{text(detail)}</s:message>')


def propstat(found: Iterable[str], missing: Iterable[str], status: str = "404 Not Found") -> str:
    """The `propstat` elements with these properties, and with the names of those that aren't there."""
    parts = []
    if properties := "".join(found):
        parts.append(f"<d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>")
    if names := "".join(element(name) for name in missing):
        parts.append(f"<d:propstat><d:prop>{names}</d:prop><d:status>HTTP/1.1 {status}</d:status></d:propstat>")
    return "".join(parts) or "<d:propstat><d:prop/><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"


def response(path: str, content: str) -> str:
    return f"<d:response>{href(path)}{content}</d:response>"


def status_response(path: str, status: str, error: str = "") -> str:
    return response(path, f"<d:status>HTTP/1.1 {status}</d:status>{error}")

"""Changes of properties: PROPPATCH (RFC 4918, section 9.2), and those that a new list begins with."""

from collections.abc import Callable
from xml.etree.ElementTree import Element

from django.conf import settings
from django.http import HttpResponse

from dav import xml
from dav.errors import DavError, Forbidden
from dav.lists import MAX_PROPERTIES, TaskList, row_for, save, set_color, set_display_name, stored_size
from dav.properties import is_protected
from dav.views.base import multistatus
from dav.xml import APPLE, c, d

Change = tuple[str, Element | None]  # a name, and what it is set to; None removes it


def property_changes(root: Element | None, kind: str) -> list[Change]:
    """What a PROPPATCH, MKCALENDAR or MKCOL sets and removes, in its order."""
    if root is None:
        if kind == "propertyupdate":
            raise DavError("The body must be a DAV:propertyupdate.", status=400)
        return []
    if root.tag not in (d(kind), c(kind)):
        raise DavError(f"The body must be a {kind}.", status=415 if kind != "propertyupdate" else 400)
    return [
        (each.tag, each if step.tag == d("set") else None)
        for step in root
        if step.tag in (d("set"), d("remove"))
        for prop in step.findall(d("prop"))
        for each in prop
    ]


def check_kind(changes: list[Change]) -> None:
    """Raise Forbidden for a new list that is none of tasks."""
    for name, found in changes:
        if name == d("resourcetype") and found is not None and found.find(c("calendar")) is None:
            raise Forbidden("Only calendars can be made here.", "d:valid-resourcetype")
    if (kinds := kinds_asked(changes)) and "VTODO" not in kinds and not settings.DAV_OTHER_COMPONENTS:
        raise Forbidden("Lists here hold tasks (VTODO).", "c:supported-calendar-component")


def kinds_asked(changes: list[Change]) -> list[str]:
    """The components that a new list is for."""
    sets = [found for name, found in changes if name == c("supported-calendar-component-set") and found is not None]
    return [each.get("name", "").upper() for found in sets for each in found]


def apply_properties(task_list: TaskList, changes: list[Change]) -> None:
    """Set what a client may set, and store the rest as it is."""
    stored = dict(task_list.properties)
    for name, found in changes:
        value = "".join(found.itertext()) if found is not None else ""
        if name == d("displayname") and (value.strip() or not task_list.project):  # a project has a name
            set_display_name(task_list, value.strip())
        elif name == f"{{{APPLE}}}calendar-color":
            set_color(task_list, value)
        elif is_protected(name):
            continue
        elif found is None:
            stored.pop(name, None)
        else:
            stored[name] = xml.stored(found)
    if stored_size(stored.values()) > MAX_PROPERTIES:
        raise DavError("The properties are too large.", status=413)
    row_for(task_list).properties = stored
    save(task_list)


def proppatch_response(path: str, changes: list[Change], apply: Callable[[], None]) -> HttpResponse:
    """All of them, or none: then the response says which of them the server alone sets."""
    names = [name for name, _ in changes]
    refused = [name for name in names if is_protected(name)]
    if not refused:
        apply()
        return multistatus([xml.response(path, xml.propstat(map(xml.element, names), ()))])
    others = [name for name in names if name not in refused]
    parts = xml.propstat((), refused, "403 Forbidden") + (
        xml.propstat((), others, "424 Failed Dependency") if others else ""
    )
    return multistatus([xml.response(path, parts)])

"""The properties of what is below `/dav/`. A property that isn't here, and that no client has stored, is a 404."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

from dav.lists import TaskList
from dav.paths import Path
from dav.tokens import SyncToken
from dav.xml import APPLE, CALENDAR_SERVER, c, d, element, href, propstat, response, text
from todos.icalendar.lines import write_lines
from todos.icalendar.writing import PRODUCT
from todos.icalendar.zones import write_zone

Reader = Callable[[Any], str | None]
REPORTS = (
    "c:calendar-query",
    "c:calendar-multiget",
    "d:sync-collection",
    "d:expand-property",
    "d:principal-property-search",
)
PRIVILEGES: dict[str, tuple[str, ...]] = {"read": ("read", "read-current-user-privilege-set")}
PRIVILEGES["write"] = (*PRIVILEGES["read"], "write", "write-content", "write-properties", "bind", "unbind")


class Node:
    """What has an address. `token`: the app password that the request came with."""

    readers: dict[str, Reader] = {}
    stored: dict[str, str] = {}

    def __init__(self, user, token, path: Path):
        self.user, self.token, self.path = user, token, path

    def read(self, name: str) -> str | None:
        """The element of a property; None if there is none."""
        reader = self.readers.get(name)
        content = reader(self) if reader else None
        return self.stored.get(name) if content is None else element(name, content)

    def describe(self, names: Iterable[str]) -> str:
        """The `propstat` elements for these properties."""
        found, missing = [], []
        for name in names:
            content = self.read(name)
            found.append(content) if content is not None else missing.append(name)
        return propstat(found, missing)

    def respond(self, names: Iterable[str]) -> str:
        """The `response` element of a multistatus, with these properties."""
        return response(str(self.path), self.describe(names))

    def names(self) -> list[str]:
        return [name for name in dict.fromkeys([*self.readers, *self.stored]) if self.read(name) is not None]


def principal(node: Node) -> str:
    return href(str(Path.of(node.user.pk)))


def privileges(node: Node) -> str:
    granted = PRIVILEGES["write" if "write" in node.token.scopes else "read"]
    return "".join(f"<d:privilege><d:{name}/></d:privilege>" for name in granted)


def reports(node: Node) -> str:
    return "".join(f"<d:supported-report><d:report><{name}/></d:report></d:supported-report>" for name in REPORTS)


COMMON: dict[str, Reader] = {
    d("current-user-principal"): principal,
    d("owner"): principal,
    d("current-user-privilege-set"): privileges,
    d("supported-report-set"): reports,
    d("principal-collection-set"): lambda node: href(str(Path())),
}


class RootNode(Node):
    readers = {**COMMON, d("resourcetype"): lambda node: "<d:collection/>", d("displayname"): lambda node: "Todo"}


class HomeNode(Node):
    """The principal, and the home of the lists, in one."""

    readers = {
        **COMMON,
        d("resourcetype"): lambda node: "<d:collection/><d:principal/>",
        d("displayname"): lambda node: text(node.row.display_name or node.user.name or node.user.email),
        f"{{{APPLE}}}calendar-color": lambda node: text(node.row.color) or None,
        d("principal-URL"): principal,
        c("calendar-home-set"): principal,
        c("calendar-user-address-set"): lambda node: href(f"mailto:{node.user.email}") + principal(node),
    }

    def __init__(self, user, token, row):
        super().__init__(user, token, Path.of(user.pk))
        self.row, self.stored = row, row.properties


def time_zone(node: Node) -> str:
    zone = node.user.timezone
    return text(
        write_lines(["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", *write_zone(zone), "END:VCALENDAR"])
    )


def sync_token(node: Node) -> str:
    return text(SyncToken.now(node.user).write(node.user))


class ListNode(Node):
    readers = {
        **COMMON,
        d("resourcetype"): lambda node: "<d:collection/><c:calendar/>",
        d("displayname"): lambda node: text(node.list.display_name),
        d("sync-token"): sync_token,
        f"{{{CALENDAR_SERVER}}}getctag": sync_token,
        f"{{{APPLE}}}calendar-color": lambda node: text(node.list.color) or None,
        c("supported-calendar-component-set"): lambda node: "".join(
            f'<c:comp name="{name}"/>' for name in node.list.components
        ),
        c("supported-calendar-data"): lambda node: '<c:calendar-data content-type="text/calendar" version="2.0"/>',
        c("max-resource-size"): lambda node: str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
        c("calendar-timezone"): lambda node: None if c("calendar-timezone") in node.stored else time_zone(node),
    }

    def __init__(self, task_list: TaskList, token):
        super().__init__(task_list.user, token, task_list.path)
        self.list = task_list
        self.stored = task_list.properties


class ObjectNode(Node):
    """An object in a list; `text` is read where a report asks for it."""

    readers = {
        **COMMON,
        d("resourcetype"): lambda node: "",
        d("getetag"): lambda node: text(node.etag),
        d("getcontenttype"): lambda node: f"text/calendar; charset=utf-8; component={node.component}",
        c("calendar-data"): lambda node: None if node.text is None else text(node.text),
    }

    def __init__(self, user, token, path: Path, etag: str, content: str | None, component: str):
        super().__init__(user, token, path)
        self.etag, self.text, self.component = etag, content, component


# What clients may set on a list, besides all that is only stored.
SETTABLE = {d("displayname"), f"{{{APPLE}}}calendar-color", c("calendar-timezone")}


def is_protected(name: str) -> bool:
    """Whether the server alone sets it."""
    return name not in SETTABLE and (name in ListNode.readers or name in HomeNode.readers or name in ObjectNode.readers)

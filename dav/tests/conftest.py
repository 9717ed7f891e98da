"""Alice's calendar client, and Bob's."""

import base64
import re
from xml.etree import ElementTree

import pytest
from django.test import Client as HttpClient

from testing.client import whole
from todos.models import Project, Task
from users.models import ApiToken

D, C = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
NAMESPACES = (
    'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"'
    ' xmlns:a="http://apple.com/ns/ical/"'
)


def vtodo(*lines: str, uid: str = "milk", summary: str = "Buy milk") -> str:
    """A calendar with one task, as a client writes it."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Client//EN", "BEGIN:VTODO", f"UID:{uid}"]
    texts = ["DTSTAMP:20300101T000000Z", *([f"SUMMARY:{summary}"] if summary else []), *lines]
    return "\r\n".join([*head, *texts, "END:VTODO", "END:VCALENDAR", ""])


def lines_of(text: str) -> list[str]:
    """The content lines, unfolded."""
    return re.sub(r"\r\n[ \t]", "", text).split("\r\n")


class Dav(HttpClient):
    """Speaks CalDAV as one user. Addresses are those below the user's home."""

    def __init__(self, user, **token_fields):
        super().__init__(raise_request_exception=False)
        self.user = user
        self.token, self.password = ApiToken.issue(user, name="client", kind=ApiToken.APP_PASSWORD, **token_fields)
        self.sign_in = {"HTTP_AUTHORIZATION": basic(user.email, self.password)}

    def call(self, method: str, path: str, body: str | bytes = "", content_type: str = "application/xml", **headers):
        where = path if path.startswith("/") else f"/dav/{self.user.pk}/{path}"
        response = self.generic(method, where, body, content_type, **{**self.sign_in, **headers})
        return whole(response)

    def put_text(self, path: str, text: str | bytes, **headers):
        return self.call("PUT", path, text, "text/calendar; charset=utf-8", **headers)

    def text(self, path: str) -> str:
        response = self.call("GET", path)
        assert response.status_code == 200, response.content
        return response.content.decode()

    def find(self, path: str, *names: str, depth: int = 0) -> dict[str, dict]:
        """PROPFIND: the texts of these properties, by address."""
        body = f"<d:propfind {NAMESPACES}><d:prop>{''.join(f'<{name}/>' for name in names)}</d:prop></d:propfind>"
        return read(self.call("PROPFIND", path, body, HTTP_DEPTH=str(depth)))

    def report(self, path: str, name: str, inner: str):
        return self.call("REPORT", path, f"<{name} {NAMESPACES}>{inner}</{name}>", HTTP_DEPTH="1")

    def sync(self, path: str, token: str = "", limit: int = 0) -> tuple[dict, str]:
        """What changed: the status of each name, and the next token."""
        cut = f"<d:limit><d:nresults>{limit}</d:nresults></d:limit>" if limit else ""
        inner = f"<d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level>{cut}"
        response = self.report(path, "d:sync-collection", f"{inner}<d:prop><d:getetag/></d:prop>")
        assert response.status_code == 207, response.content
        root = ElementTree.fromstring(response.content)
        found = {text_of(each, "href"): status_of(each) for each in root.findall(f"{D}response")}
        home = f"/dav/{self.user.pk}/{path}"
        return {href.removeprefix(home): status for href, status in found.items()}, text_of(root, "sync-token")


def basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def text_of(found: ElementTree.Element, name: str) -> str:
    return found.findtext(f"{D}{name}") or ""


def status_of(response: ElementTree.Element) -> int:
    return int((response.findtext(f"{D}status") or response.findtext(f"{D}propstat/{D}status")).split()[1])


def read(response) -> dict[str, dict]:
    """A multistatus: by address, the properties that are there, by their local names, as texts or elements."""
    assert response.status_code == 207, (response.status_code, response.content)
    found = {}
    for each in ElementTree.fromstring(response.content).findall(f"{D}response"):
        properties = {}
        for part in each.findall(f"{D}propstat"):
            if "200" in text_of(part, "status"):
                properties = {prop.tag.partition("}")[2]: prop for prop in part.find(f"{D}prop")}
        found[text_of(each, "href")] = {name: prop if len(prop) else prop.text for name, prop in properties.items()}
    return found


def condition(response) -> str:
    """The precondition that failed."""
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{D}error"
    return root[0].tag.partition("}")[2]


@pytest.fixture
def dav(alice) -> Dav:
    return Dav(alice)


@pytest.fixture
def bobs_dav(bob) -> Dav:
    return Dav(bob)


@pytest.fixture
def home(alice) -> Project:
    """Alice's project, whose list has its id for a name."""
    return Project.objects.create(owner=alice, name="Home", color="#1565c0")


@pytest.fixture
def put(dav):
    """Store a VTODO in the inbox, and return its task."""

    def run(*lines: str, name: str = "milk.ics", **fields) -> Task:
        before = set(Task.objects.values_list("pk", flat=True))
        response = dav.put_text(f"inbox/{name}", vtodo(*lines, **fields))
        assert response.status_code in (201, 204), response.content
        made = Task.objects.exclude(pk__in=before)
        return made.get() if response.status_code == 201 else Task.objects.get(resource__name=name)

    return run

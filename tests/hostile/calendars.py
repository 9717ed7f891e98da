"""What hostile calendar clients send: each method at each address, with bodies and headers that nobody should send."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import quote

from testing.calendars import CALENDAR, XML, calendar
from tests.hostile.calendar_documents import DOCUMENTS, PLAIN, reports
from tests.hostile.calendar_texts import shapes, todos

METHODS: tuple[str, ...] = (
    "OPTIONS",
    "GET",
    "HEAD",
    "PUT",
    "DELETE",
    "PROPFIND",
    "PROPPATCH",
    "REPORT",
    "MKCALENDAR",
    "MKCOL",
)
METHODS += ("MOVE", "COPY", "POST", "PATCH", "TRACE", "BREW")
# Below `/dav/{owner}/`, or whole.
PLACES = {
    "the root": "/dav/",
    "the home": "",
    "the home without a slash": "-",
    "a list": "work/",
    "a list without a slash": "work",
    "a list with a control character": "a%00b/",
    "a list that isn't there": "nothing/",
    "the inbox": "inbox/",
    "an object": "work/one.ics",
    "an object that isn't there": "work/new.ics",
    "an object of a list that isn't there": "nothing/new.ics",
    "an object of a name with control characters": "work/a%00%0a.ics",
    "an object of bytes": "work/%ff%fe.ics",
    "an object of a long name": f"work/{'x' * 600}.ics",
    "an object of slashes": "work/a%2fb/c",
    "an event": "work/event.ics",
    "the place of discovery": "/.well-known/caldav",
}


@dataclass(frozen=True)
class Attack:
    name: str
    method: str
    path: str
    body: bytes = b""
    kind: str = XML
    headers: dict[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.name}: {self.method} {self.path[:60]} {self.headers} {self.body[:80]!r}"


HEADERS: dict[str, tuple[str, ...]] = {
    "Depth": ("infinity", "-1", "2", "abc", "", "0, 1", "1" * 5000, "²"),
    "If": ("garbage", "(<urn:uuid:x>)", '(["x"])', "(" * 1000, "(Not <DAV:no-lock>)"),
    "If-Match": ("garbage", '"x"', "*", "", ",,,", 'W/"x"', '"' * 1001, "*, *"),
    "If-None-Match": ("garbage", '"x"', "*", "", ",,,", 'W/"x"', '"' * 1001),
    "Overwrite": ("T", "F", "", "maybe", "x" * 5000),
    "Content-Type": (
        "",
        "x",
        "text/html",
        "text/calendar; charset=utf-16",
        "application/json",
        "a/b/c;;=",
        'text/calendar; charset="x',
    ),
    "Content-Encoding": ("gzip", "x"),
    "Accept": ("", "nothing", "image/png", "application/json;q=2"),
    "Prefer": ("return=minimal", "x" * 5000),
    "X-HTTP-Method-Override": ("DELETE",),
    "Authorization": (
        "",
        "Basic",
        "Basic ===",
        "Basic Og==",
        "Basic AAAA",
        "Bearer x",
        "Basic " + "QQ" * 5000,
        "Basic /w==",
    ),
}
DESTINATIONS = (
    *("", "x", "/", "/dav/", "/dav/{owner}/", "/dav/{owner}/work/", "/dav/{owner}/work", "/dav/{owner}/nothing/x.ics"),
    *("/dav/{owner}/work/one.ics", "/dav/{owner}/inbox/new.ics", "http://other.example/dav/{owner}/inbox/new.ics"),
    *("/dav/{other}/inbox/new.ics", "/dav/{other}/x/new.ics", "/dav/{owner}/inbox/%", "/dav/{owner}/inbox/%00"),
    *(
        "/dav/{owner}/inbox/%2F..%2f",
        "/dav/{owner}/inbox/%ff",
        "/dav/{owner}/inbox/" + "x" * 600,
        "http://[::1",
        "mailto:x",
    ),
    *("/dav/{owner}/inbox/..", "/api/v1/tasks/", "/dav/{owner}/work/event.ics", "/dav/{owner}/inbox/a%0ab"),
)


def corpus(owner: str, other: str, tokens: dict[str, str]) -> list[Attack]:
    home = f"/dav/{owner}/"
    paths = {
        name: path if path[:1] == "/" else home[:-1] if path == "-" else home + path for name, path in PLACES.items()
    }
    every = list(bodies())
    found = [
        Attack(f"{method} of {name}: {what}", method, path, body, kind)
        for (name, path), method in product(paths.items(), METHODS)
        for what, body, kind in every
    ]
    found += fitting(home, owner, other, tokens)
    return found


def bodies() -> Iterator[tuple[str, bytes, str]]:
    """Those that are sent everywhere, whether they fit or not."""
    yield from ((name, encoded(body), XML) for name, body in DOCUMENTS.items())
    yield from ((name, encoded(body), CALENDAR) for name, body in shapes())


def fitting(home: str, owner: str, other: str, tokens: dict[str, str]) -> Iterator[Attack]:
    """Those that are sent where they come closest to something that would be accepted."""
    for name, body in todos():
        for path in ("work/new.ics", "work/one.ics"):
            yield Attack(f"text of {name}", "PUT", home + path, encoded(body), CALENDAR)
    for name, body in reports(owner, tokens):
        yield Attack(name, "REPORT", f"{home}work/", encoded(body))
    for name, values in HEADERS.items():
        for value, method in product(values, METHODS):
            path, body, kind = ("work/one.ics", calendar(), CALENDAR) if method == "PUT" else ("work/", PLAIN, XML)
            path = "work/one.ics" if method in ("MOVE", "COPY", "DELETE", "GET") else path
            headers = {name: value} | ({"Destination": f"{home}inbox/new.ics"} if method in ("MOVE", "COPY") else {})
            yield Attack(f"{name} {value[:20]}", method, home + path, encoded(body), kind, headers)
    for destination, method, path in product(
        DESTINATIONS, ("MOVE", "COPY"), ("work/one.ics", "work/event.ics", "work/")
    ):
        to = destination.replace("{owner}", owner).replace("{other}", other)
        for overwrite in ("T", "F"):
            headers = {"Destination": to, "Overwrite": overwrite}
            yield Attack(f"to {quote(destination)[:40]}", method, home + path, headers=headers)


def encoded(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode()

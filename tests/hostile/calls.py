"""The calls to attack: each in the OpenAPI document, with its fields; and how to write them as requests."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import quote_from_bytes

from testing.routes import METHODS, ROUTES
from tests.hostile.atoms import FORM, encoded

# In queries, headers and bodies: none of these is logged, and nothing of them comes back in a header.
CANARY = "canary-7b1f"
MISSING = "01900000-0000-7000-8000-000000000000"
BASE = "/api/v1/"

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Attack:
    kind: str
    name: str
    sent: bytes
    method: str = "GET"
    is_page: bool = False  # a response may be HTML, errors too

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}: {self.sent[:300]!r}"


@dataclass
class World:
    """The attacker's credentials, and the ids of the attacked objects."""

    token: str
    revoked: str
    session: str  # as the value of a Cookie
    csrf: str
    admin: str  # as well
    admin_csrf: str
    schema: dict
    ids: dict[str, Iterator[str]] = field(
        default_factory=dict
    )  # of the caller's own things, by what stands before {id}

    def id_for(self, path: str) -> str:
        return next(self.ids.get(path.split("/")[0], cycle([MISSING])))

    def bearer(self) -> bytes:
        return f"Bearer {self.token}".encode()


def request(method: str, target: bytes | str, headers: Iterable[tuple[bytes, bytes]] = (), body: bytes = b"") -> bytes:
    target = target.encode() if isinstance(target, str) else target
    given = {name.lower() for name, _ in headers}
    lines = list(headers)
    if b"host" not in given:
        lines.insert(0, (b"Host", b"localhost"))
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append((b"Content-Length", b"%d" % len(body)))
    lines.append((b"User-Agent", CANARY.encode()))
    return (
        b"%s %s HTTP/1.1\r\n" % (method.encode(), target)
        + b"".join(b"%s: %s\r\n" % line for line in lines)
        + b"\r\n"
        + body
    )


def quoted(text: str) -> str:
    return quote_from_bytes(encoded(text), safe="")


@dataclass
class Call:
    """One operation of the OpenAPI document."""

    path: str  # below BASE, with {id}
    method: str
    query: list[str]
    fields: dict[str, dict]
    required: list[str]

    def target(self, world: World, query: str = "") -> str:
        path = self.path.replace("{id}", world.id_for(self.path))
        return f"{BASE}{path}{'?' if query else ''}{query}"

    @property
    def hashes(self) -> bool:
        """Whether it checks passwords, which is slow on purpose."""
        return "password" in json.dumps(self.fields)

    def example(self, world: World, number: int) -> dict:
        return {name: example(self.fields[name], name, world, number) for name in self.required}


def calls(schema: dict) -> list[Call]:
    found = []
    for path, item in schema["paths"].items():
        for method in METHODS:
            if operation := item.get(method.lower()):
                query = [each["name"] for each in operation.get("parameters", []) if each.get("in") == "query"]
                fields, required = body_of(schema, operation)
                found.append(Call(path.removeprefix(BASE), method, query, fields, required))
    described = {(call.path, call.method) for call in found}
    paths = {route.path.replace("<id:pk>", "{id}"): route.methods for route in ROUTES}
    every = {(path, method) for path, methods in paths.items() for method in methods}
    return found + [Call(path, method, [], {}, []) for path, method in sorted(every - described)]


def body_of(schema: dict, operation: dict) -> tuple[dict, list[str]]:
    content = operation.get("requestBody", {}).get("content", {})
    described = resolve(schema, content.get("application/json", {}).get("schema", {}))
    return described.get("properties", {}), described.get("required", [])


def resolve(schema: dict, described: dict) -> dict:
    while "$ref" in described or "oneOf" in described:
        described = described["oneOf"][0] if "oneOf" in described else described
        if "$ref" in described:
            described = schema["components"]["schemas"][described["$ref"].rsplit("/", 1)[1]]
    return described


def example(described: dict, name: str, world: World, number: int):
    kind = described.get("type")
    if kind == "array":
        return [example(described["items"], name, world, number)]
    if "$ref" in described or "enum" in described or "allOf" in described:
        return "update"
    if described.get("format") == "uuid":
        return world.id_for("tasks/")
    if described.get("format") == "email" or name == "email":
        return f"{CANARY}-{number}@example.com"
    return f"{CANARY} {number}"


AUTHORIZATION = b"Authorization"


def with_token(world: World, *more: tuple[bytes, bytes]) -> Headers:
    return ((AUTHORIZATION, world.bearer()), *more)


def browser(csrf: str, cookie: str, kind: bytes = FORM) -> Headers:
    return (
        (b"Cookie", cookie.encode()),
        (b"X-CSRFToken", csrf.encode()),
        (b"Content-Type", kind),
        (b"Accept", b"text/html"),
    )

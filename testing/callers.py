"""The callers who try to get at Alice's data, and the responses that they must get."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.utils import timezone

from api.compiled import cached_queries
from ownership.owned import OwnedQuerySet
from testing import proofs
from testing.client import Client
from testing.probes import Question, fill_in, sample
from testing.resources import RESOURCES, REVISED, make
from testing.routes import PUBLIC, Route
from testing.world import World, stored
from users.models import User

PROTECTIONS = ["both", "the owner rule alone", "row-level security alone"]
LET_IN, REFUSED = ("another", "reader", "staff"), ("anonymous", "expired", "revoked", "disabled")
IN_BROWSERS = ("another's browser", "staff's browser", "anonymous browser")
CHANGING = ("Content-Length", "Expires")
CSRF_TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b")  # another one in each response
LATER = 1_000_000  # a revision higher than Alice's
NOT_MINE = "01900000-0000-7000-8000-000000000001"
CARRIED_OUT = ("nothing", "key", "ETag")  # probes that succeed even with another user's value
NEW = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9T:.-]+Z|(?:todo|ticket|msg)_[\w-]+|feeds/[\w-]+|whsec_[\w+/=]+"
)  # generated values


def protections() -> list[str]:
    """Each protection has to hold without the other. SQLite has only the owner rule."""
    return PROTECTIONS if connection.vendor == "postgresql" else PROTECTIONS[1:2]


def callers(protection: str) -> tuple[str, ...]:
    """Who asks under this protection: all, or those for whom it makes a difference."""
    return {"both": LET_IN + REFUSED, "the owner rule alone": LET_IN[:2] + REFUSED}.get(protection, LET_IN[:1])


def asked_by(
    names: tuple[str, ...], protection: str, questions: list[Question], seed: str
) -> Iterator[tuple[str, list[Question]]]:
    """Who of these asks which of the questions under this protection.

    In a sample, these are another user and one of the others. Behind one protection, the other user asks at least
    one question of each source; the others ask fewer, and those fewest who are refused before anything is looked up.
    """
    for name in proofs.sample(names, lambda name: name == LET_IN[0], f"{seed} {protection}", share=8):
        is_refused = name in REFUSED or name.startswith("anonymous")
        is_thorough = (name, protection) == (LET_IN[0], protections()[0])
        share = (8 if is_refused else 1) * proofs.SHARE
        yield name, sample(questions, f"{seed} {protection} {name} {connection.vendor}", share, is_thorough)


def browsers(protection: str) -> tuple[str, ...]:
    return IN_BROWSERS if protection in PROTECTIONS[:1] else IN_BROWSERS[:1]


@contextmanager
def protected_by(protection: str, settings) -> Iterator[None]:
    cached_queries.clear()
    settings.ROW_LEVEL_SECURITY = protection != "the owner rule alone"
    with pytest.MonkeyPatch.context() as patch:
        if protection == "row-level security alone":
            patch.setattr(OwnedQuerySet, "owned_by", lambda queryset, user: queryset.all())
        yield
    cached_queries.clear()


@dataclass
class Caller:
    name: str
    world: World
    user: User | None  # the owner of {mine}

    @classmethod
    def of(cls, name: str, world: World, bob: User, operator: User) -> "Caller":
        """`operator` has all permissions in the admin, but no special ones in the API."""
        if name in REFUSED or name.startswith("anonymous"):
            return cls(name, world, None)
        return cls(name, world, operator if name.startswith("staff") else bob)

    def __post_init__(self) -> None:
        if self.user:  # sync returns changes up to the caller's revision: Alice's must all be below it
            User.objects.filter(pk=self.user.pk).update(revision=LATER)
        self.client = self.sign_in()

    def sign_in(self) -> Client:
        match self.name:
            case "another" | "staff":
                return Client(self.user)
            case "reader":
                return Client(self.user, scopes=["read"])
            case "expired" | "revoked" | "disabled":
                return Client(self.world.alice)
        client = Client()
        if self.user:
            client.force_login(self.user)
        return client

    @property
    def is_refused(self) -> bool:
        return self.user is None

    @property
    def is_browser(self) -> bool:
        return self.name.endswith("browser")

    @contextmanager
    def in_its_state(self) -> Iterator[None]:
        """Alice's own token, but expired, revoked or disabled."""
        users = User.objects.filter(pk=self.world.alice.pk)
        if self.name == "expired":
            self.client.token.expires_at = timezone.now() - timedelta(seconds=1)
            self.client.token.save()
        elif self.name == "revoked":
            self.client.token.delete()
        elif self.name == "disabled":
            users.update(is_active=False)
        yield
        if self.name == "disabled":
            users.update(is_active=True)
        if self.name in ("expired", "disabled"):
            self.client.token.delete()

    def own(self, route: Route) -> dict[str, str]:
        """What stands for {mine} and the like."""
        needed = RESOURCES[route.model].needs if route.model else []
        if self.user is None or route.model is None:
            return dict.fromkeys(["mine", *(f"my {RESOURCES[model].name}" for model in needed)], NOT_MINE)
        others = {f"my {RESOURCES[model].name}": str(make(model, self.user).pk) for model in needed}
        return {"mine": str(route.make(self.user).pk), **others}

    def ask(self, question: Question, value: str, mine: dict[str, str]) -> "Told":
        path = fill_in(question.path, {"value": quote(value, safe=""), **mine})
        headers = {"HTTP_ACCEPT": "text/html" if self.is_browser else "application/json", "HTTP_X_REQUEST_ID": "probe"}
        headers |= fill_in(question.headers, {"value": value})
        body = ""
        if question.body is not None:
            body = json.dumps(fill_in(question.body, {"value": value, **mine}))
            headers["content_type"] = "application/json"
        response = self.client.generic(question.method, path, body, **headers)
        told = Told(response.status_code, dict(response.headers), response.content.decode())
        return told.without(value) if self.is_browser else told


@dataclass
class Told:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def text(self) -> str:
        return f"{self.headers}\n{self.body}"

    @property
    def has_no_rows(self) -> bool:
        """Whether this is an empty page, table or calendar."""
        match self.headers["Content-Type"].partition(";")[0]:
            case "text/csv":
                return self.body.count("\n") == 1
            case "text/calendar":
                return "BEGIN:VCALENDAR" in self.body and "BEGIN:VTODO" not in self.body
        return '"results":[]' in self.body

    def without(self, sent: str) -> "Told":
        """Without the page's own URL and its CSRF token."""
        forms = {sent, quote(sent), quote(sent, safe=""), escape(sent), quote(quote(sent)), sent.replace(" ", "+")}

        def clean(text: str) -> str:
            for form in forms:
                text = text.replace(form, "{value}")
            return CSRF_TOKEN.sub("", text)

        headers = {name: clean(value) for name, value in self.headers.items() if name not in CHANGING}
        return Told(self.status, headers, clean(self.body))

    def but_new(self) -> "Told":
        headers = {name: NEW.sub("", value) for name, value in self.headers.items()}
        return Told(self.status, headers, NEW.sub("", self.body))


def probe(caller: Caller, route: Route, asked: list[Question]) -> None:
    with caller.in_its_state():
        before, mine = stored(caller.world.alice), caller.own(route)
        for question in asked:
            told = [response_of(caller, question, name, mine) for name in question.values]
            for name, response in zip(question.values, told, strict=True):
                case = f"{caller.name}: {question}, {name}"
                assert not caller.world.leaks(response.text), f"{case}: {response}"
                assert comparable(question, response) == comparable(question, told[0]), case
                assert expected(caller, route, question, response), f"{case}: {response}"
        assert stored(caller.world.alice) == before, caller.name


def response_of(caller: Caller, question: Question, name: str, mine: dict[str, str]) -> Told:
    value = caller.world.values[name]
    if question.source not in CARRIED_OUT:
        return caller.ask(question, value, mine)
    # A probe may change the caller's own data: undo it, so that the next one finds the same state.
    with transaction.atomic():
        before = caller.world.revision()
        response = caller.ask(question, value, mine)
        assert caller.world.revision() == before
        transaction.set_rollback(True)
    return response


def comparable(question: Question, response: Told) -> Told:
    return response.but_new() if question.source in CARRIED_OUT else response


def expected(caller: Caller, route: Route, question: Question, response: Told) -> bool:
    """Whether the caller gets the expected response."""
    is_safe = question.method in ("GET", "HEAD", "OPTIONS")
    if route.path in PUBLIC:
        return response.status not in (304, 500)
    if caller.is_refused:
        code = "not_authenticated" if caller.name.startswith("anonymous") else "authentication_failed"
        says_why = f'"{code}"' in response.body or question.method == "HEAD" or caller.is_browser
        return (response.status, response.headers["WWW-Authenticate"], says_why) == (401, "Bearer", True)
    if caller.name == "reader" and not is_safe:
        return response.status == 403
    match question.source:
        case "nothing":
            return response.status < 500 and response.status not in (401, 403)
        case "path":
            is_there = question.method in route.methods or (question.method == "HEAD" and "GET" in route.methods)
            return response.status == (404 if is_there else 200 if question.method == "OPTIONS" else 405)
        case "bulk":
            return response.status == (404 if "{value}" in question.body["ids"] else 400)
        case "body" | "move" | "cursor" | "sync token":
            return response.status == 400
        case "filter":
            return response.status == 400 or response.has_no_rows or caller.is_browser
        case "key":
            return "Idempotency-Replayed" not in response.headers and response.status not in (404, 422)
        case "ETag":
            is_stale = "HTTP_IF_MATCH" in question.headers and question.method in route.methods and not is_safe
            if is_stale and ((route.model in REVISED and route.has_id) or route.view.has_no_etag):
                return response.status == 412
            return response.status not in (304, 404, 412)
    raise AssertionError(question)

"""Requests with another user's values. Each is also sent with values that nobody has, to compare the responses."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from testing.routes import METHODS, Route
from testing.world import REPEATED
from todos.models import Project, Tag, Task
from users.models import ApiToken

TASKS, PROJECTS = ("task", "subtask", "trashed task"), ("project", "trashed project")
IDS_OF = {Task: TASKS, Project: PROJECTS, Tag: ("tag",), ApiToken: ("token",)}
BODY_OF = {Task: REPEATED, Project: {"name": "Other words"}, Tag: {"name": "Other words"}, ApiToken: {"name": "Words"}}
SIBLINGS = {Task: TASKS, Project: PROJECTS}
ACTIONS = ("update", "complete", "reopen", "move", "delete", "restore")
CURSORS = tuple(
    f"cursor of {path}" for path in ("tasks/", "tasks/trash/", "projects/", "projects/trash/", "tags/", "tokens/")
)
BODIES = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Question:
    """`values`: the names of those that stand for {value}, nobody's first; all answers have to be the same.

    {mine} stands for an object of the caller's own.
    """

    source: str
    method: str
    path: str
    values: tuple[str, ...]
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.body or ''} {self.headers or ''}"


def fill_in(part: Any, **given: str) -> Any:
    if isinstance(part, dict):
        return {name: fill_in(value, **given) for name, value in part.items()}
    if isinstance(part, list):
        return [fill_in(value, **given) for value in part]
    for name, value in given.items():
        part = part.replace(f"{{{name}}}", value)
    return part


def body_of(route: Route) -> dict:
    if route.path.endswith("bulk/"):
        return {"action": "update", "ids": ["{mine}"]}
    is_action = route.has_id and not route.path.endswith("<id:pk>/")
    return {} if is_action else BODY_OF.get(route.model, {})


def references(route: Route) -> dict[str, tuple[str, ...]]:
    """The fields of a body that are references, with Alice's values to try."""
    siblings = SIBLINGS.get(route.model, TASKS)
    return {"project": PROJECTS, "parent": TASKS, "before": siblings, "after": siblings}


def by_nothing(route: Route) -> Iterator[Question]:
    if not route.has_id:
        for method in METHODS:
            yield Question("nothing", method, route.url(), ("missing",), {} if method in BODIES else None)


def by_path(route: Route) -> Iterator[Question]:
    if route.has_id:
        for method in METHODS:
            body = body_of(route) if method in BODIES else None
            yield Question("path", method, route.url("{value}"), ("missing", *IDS_OF[route.model]), body)


def by_body(route: Route) -> Iterator[Question]:
    """Try the value as a reference, even where none is accepted: a mistake could change that."""
    source = "move" if route.path.endswith("move/") else "body"
    for method in sorted({*route.methods} & {*BODIES}):
        for name, theirs in references(route).items():
            values, body = ("missing", *theirs), body_of(route)
            if route.path.endswith("bulk/"):
                for action in ("update", "move"):
                    named = {**body, "action": action, "set": {name: "{value}"}}
                    yield Question("bulk", method, route.url(), values, named)
                continue
            yield Question(source, method, route.url("{mine}"), values, {**body, name: "{value}"})
            if route.is_list:
                yield Question("body", method, route.url(), values, [body, {**body, name: "{value}"}])


def by_bulk(route: Route) -> Iterator[Question]:
    if route.path.endswith("bulk/"):
        for action in ACTIONS:
            fields = {"set": {"title": "x"}} if action == "update" else {}
            for ids in (["{value}"], ["{mine}", "{value}"], ["{value}", "{mine}"]):
                body = {"action": action, "ids": ids, **fields}
                yield Question("bulk", "POST", route.url(), ("missing", *TASKS), body)


def by_filter(route: Route) -> Iterator[Question]:
    if "GET" in route.methods:
        path = route.url("{mine}")
        yield Question("filter", "GET", f"{path}?project={{value}}", ("missing", *PROJECTS))
        yield Question("filter", "GET", f"{path}?parent={{value}}", ("missing", *TASKS))
        for query in ("tag={value}", "tag={value}&tag=mine", "q={value}"):
            yield Question("filter", "GET", f"{path}?{query}", ("other tag", "tag name"))


def by_cursor(route: Route) -> Iterator[Question]:
    if "GET" in route.methods:
        yield Question("cursor", "GET", route.url("{mine}") + "?cursor={value}", ("damaged", *CURSORS))


def by_sync_token(route: Route) -> Iterator[Question]:
    if "GET" in route.methods:
        values = ("damaged", "sync token", "cursor of tasks/")
        yield Question("sync token", "GET", route.url("{mine}") + "?since={value}", values)


def by_key(route: Route) -> Iterator[Question]:
    if "POST" in route.methods:
        headers = {"HTTP_IDEMPOTENCY_KEY": "{value}"}
        yield Question("key", "POST", route.url("{mine}"), ("fresh key", "key"), body_of(route), headers)


def by_etag(route: Route) -> Iterator[Question]:
    values = ("other ETag", "ETag of a task", "ETag of a list")
    for method in route.methods:
        for header in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
            body = body_of(route) if method in BODIES else None
            yield Question("ETag", method, route.url("{mine}"), values, body, {header: "{value}"})


BY_ID = (by_nothing, by_path, by_body, by_bulk, by_filter)
BY_TOKEN = (by_cursor, by_sync_token, by_key, by_etag)


def questions(route: Route, sources: tuple) -> list[Question]:
    return [question for source in sources for question in source(route)]


def pages(route: Route) -> list[Question]:
    """The pages of a route: those behind links, and those with forms."""
    asked = questions(route, (by_nothing, by_path, by_filter, by_cursor, by_sync_token))
    return [question for question in asked if question.method in ("GET", "POST") and question.method in route.methods]


def size(asked: list[Question]) -> int:
    return sum(len(question.values) for question in asked)

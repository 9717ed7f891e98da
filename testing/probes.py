"""Requests with another user's values. Each is also sent with values that nobody has, to compare the responses."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from django.db.models import Model

from testing import proofs
from testing.resources import RESOURCES, reference_models
from testing.routes import METHODS, Route
from testing.world import CURSORS, SAME
from todos.models import Task

ACTIONS = ("update", "complete", "reopen", "move", "delete", "restore")
BODIES = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Question:
    """`values`: the names of those that stand for {value}, nobody's first; all answers have to be the same.

    {mine} stands for an object of the caller's own, {my task} for a task of theirs.
    """

    source: str
    method: str
    path: str
    values: tuple[str, ...]
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.body or ''} {self.headers or ''}"


def fill_in(part: Any, given: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: fill_in(value, given) for name, value in part.items()}
    if isinstance(part, list):
        return [fill_in(value, given) for value in part]
    for name, value in given.items():
        part = part.replace(f"{{{name}}}", value)
    return part


def ids_of(model: type[Model]) -> tuple[str, ...]:
    """The names of those of Alice's things that are of this kind."""
    resource = RESOURCES[model]
    trashed = (f"trashed {resource.name}",) if resource.has_trash else ()
    return (resource.name, *(("subtask",) if model is Task else ()), *trashed)


def body_of(route: Route) -> dict:
    if route.path.endswith("bulk/"):
        return {"action": "update", "ids": ["{mine}"]}
    is_action = route.has_id and not route.path.endswith("<id:pk>/")
    if is_action or route.model is None:
        return {}
    return RESOURCES[route.model].body(SAME, my)


def my(model: type[Model]) -> str:
    return f"{{my {RESOURCES[model].name}}}"


def references(route: Route) -> dict[str, tuple[str, ...]]:
    """The names that a body refers to something with, and what of Alice's they are tried with."""
    named = {name: ids_of(model) for name, model in reference_models().items()}
    is_sorted = route.model is not None and any(field.name == "position" for field in route.model._meta.fields)
    siblings = ids_of(route.model if is_sorted else Task)
    return {**named, "before": siblings, "after": siblings}


def by_nothing(route: Route) -> Iterator[Question]:
    if not route.has_id:
        for method in METHODS:
            yield Question("nothing", method, route.url(), ("missing",), {} if method in BODIES else None)


def by_path(route: Route) -> Iterator[Question]:
    if route.has_id:
        for method in METHODS:
            body = body_of(route) if method in BODIES else None
            yield Question("path", method, route.url("{value}"), ("missing", *ids_of(route.model)), body)


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
                yield Question("bulk", "POST", route.url(), ("missing", *ids_of(Task)), body)


def by_filter(route: Route) -> Iterator[Question]:
    if "GET" in route.methods:
        path = route.url("{mine}")
        for name, model in reference_models().items():
            yield Question("filter", "GET", f"{path}?{name}={{value}}", ("missing", *ids_of(model)))
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


def sample(asked: list[Question], seed: str, share: int = proofs.SHARE, of_each: bool = True) -> list[Question]:
    """A sample of the comparisons with what is nobody's; at least one of each source, or one at all."""
    pairs = [(question, name) for question in asked for name in question.values[1:] or (None,)]
    taken = proofs.sample(pairs, lambda pair: of_each and pair[0].source, seed, share)
    together = groupby(taken, lambda pair: pair[0])
    return [
        replace(question, values=(question.values[0], *(name for _, name in group if name)))
        for question, group in together
    ]

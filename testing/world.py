"""Alice's data: rows in every table, with a canary word in every text, to recognize leaks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import Client as Browser

from ownership.row_level_security import user_keys
from testing.client import PASSWORD, Client
from tests.guards.test_ownership import MISSING
from todos.models import Project, Tag, Task
from users.models import ApiToken, Identity, User

CANARY = "goldfinch"
IDS = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
# The body that Alice sent with her Idempotency-Key. Nobody else who sends it may get her response.
REPEATED = {"title": "Same words"}
NOT_TELLING = {"scopes", "headers", "object_id"}  # ids, or the same for all users

Rows = dict[type[models.Model], list[dict]]


@dataclass
class World:
    alice: User
    values: dict[str, str] = field(default_factory=dict)  # Alice's values, and those that nobody has, by name
    canaries: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)

    def revision(self) -> int:
        return User.objects.values_list("revision", flat=True).get(pk=self.alice.pk)

    def leaks(self, text: str) -> set[str]:
        """Alice's canaries and values in this text."""
        text = text.lower()
        ids = {found.replace("-", "") for found in IDS.findall(text)}
        return {canary for canary in self.canaries if canary in text} | (ids & self.ids)


def rows_of(user: User) -> Rows:
    """All rows of this user in the database."""
    found: Rows = {User: list(User.objects.filter(pk=user.pk).values())}
    for model in apps.get_models(include_auto_created=True):
        for key in user_keys(model):
            found[model] = list(model._base_manager.filter(**{key.attname: user.pk}).order_by("pk").values())
    return found


def texts(rows: Rows) -> Iterator[tuple[str, str]]:
    """The field name and the value of each text in these rows."""
    for model, found in rows.items():
        for column in model._meta.concrete_fields:
            if isinstance(column, models.CharField | models.TextField | models.JSONField):
                yield from ((f"{model.__name__}.{column.name}", str(row[column.attname])) for row in found)


def canaries_in(rows: Rows) -> set[str]:
    """The texts that only Alice has. Where a text can't contain the word (a color, a digest), it is a canary itself."""
    found = {text.lower() for name, text in texts(rows) if text and name.split(".")[1] not in NOT_TELLING}
    return {CANARY} | {text for text in found - {REPEATED["title"].lower()} if CANARY not in text}


def ids_in(rows: Rows) -> set[str]:
    values = [value for found in rows.values() for row in found for value in row.values()]
    return {value.hex for value in values if isinstance(value, UUID)}


def build() -> World:
    alice = User.objects.create_user(
        "goldfinch@example.com", PASSWORD, name="Goldfinch Alice", timezone="Antarctica/Troll"
    )
    values = {
        "missing": MISSING,
        "damaged": "no-place-at-all",
        "fresh key": "fresh-key",
        "other tag": "nothing",
        "other ETag": '"v:x:1"',
    }
    api = Client(alice)
    ApiToken.objects.filter(pk=api.token.pk).update(name="goldfinch token of this client")
    values |= make_things(api) | make_answers(api)
    make_traces(alice, values["task"])
    rows = rows_of(alice)
    return World(alice, values, canaries_in(rows), ids_in(rows))


def make_things(api: Client) -> dict[str, str]:
    alice = api.user
    home, gone = (
        Project.objects.create(owner=alice, name=f"goldfinch {name}", color="#c0ffee") for name in ("home", "gone")
    )
    fields = {"owner": alice, "description": "goldfinch, in many words", "tags": ["goldfinch tag"]}
    task = Task.objects.create(title="goldfinch task", project=home, **fields)
    subtask = Task.objects.create(title="goldfinch subtask", parent=task, **fields)
    trashed = Task.objects.create(title="goldfinch thrown away", **fields)
    Task.objects.create(title="goldfinch thrown away with its project", project=gone, **fields)
    monthly = {"due_date": date(2097, 7, 7), "recurrence": "FREQ=MONTHLY;INTERVAL=977"}
    Task.objects.create(title="goldfinch of each month", **monthly, **fields).complete()
    Tag.objects.create(owner=alice, name="goldfinch of no task")
    for thing in (trashed, gone, Project.objects.create(owner=alice, name="goldfinch gone too")):
        thing.delete()
    things = {
        "task": task,
        "subtask": subtask,
        "trashed task": trashed,
        "project": home,
        "trashed project": gone,
        "tag": Tag.objects.get(owner=alice, name="goldfinch tag"),
        "token": ApiToken.issue(alice, "goldfinch token")[0],
        "user": alice,
    }
    return {name: str(thing.pk) for name, thing in things.items()}


def make_answers(api: Client) -> dict[str, str]:
    """Values that the server issued to Alice, and that nobody else can use."""
    api.post("/tasks/", REPEATED, HTTP_IDEMPOTENCY_KEY="goldfinch-key")
    api.post("/projects/", {"name": "goldfinch of a key"}, HTTP_IDEMPOTENCY_KEY="goldfinch-key-2")
    paths = ["tasks/", "tasks/trash/", "projects/", "projects/trash/", "tags/", "tokens/"]
    pages = {path: api.get(f"/{path}?limit=1").json() for path in paths}
    cursors = {path: parse_qs(urlsplit(page["next"]).query)["cursor"][0] for path, page in pages.items()}
    task = Task.objects.get(owner=api.user, title="goldfinch task")
    return {
        "key": "goldfinch-key",
        "tag name": "goldfinch tag",
        "sync token": api.get("/sync/?limit=1").json()["token"],
        "ETag of a task": api.get(f"/tasks/{task.pk}/")["ETag"],
        "ETag of a list": api.get("/tasks/")["ETag"],
        **{f"cursor of {path}": cursor for path, cursor in cursors.items()},
    }


def make_traces(alice: User, task_id: str) -> None:
    Identity.objects.create(owner=alice, issuer="https://goldfinch.example", subject="goldfinch")
    Browser().force_login(alice)
    LogEntry.objects.create(
        user=alice,
        content_type=ContentType.objects.get_for_model(Task),
        object_id=task_id,
        object_repr="goldfinch",
        action_flag=CHANGE,
        change_message="goldfinch",
    )

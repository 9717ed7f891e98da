"""Alice's data: rows in every table, with a canary word in every text, to recognize leaks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test import Client as Browser
from django.utils import timezone

from live.models import Outbox, OutgoingMail, StreamTicket
from live.streams import Credential
from ownership.row_level_security import user_keys
from testing.client import PASSWORD, Client
from testing.resources import MISSING, RESOURCES, make
from testing.routes import ROUTES
from todos.models import Project, Task
from transfer.models import ImportedItem
from users.models import ApiToken, Identity, User

CANARY = "goldfinch"
IDS = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
# What Alice sent with her Idempotency-Key. When somebody else sends the same, that isn't to be answered with hers.
SAME = "Same words"
REPEATED = RESOURCES[Task].body(SAME, lambda model: "")
CURSORS = tuple(f"cursor of {route}" for route in ROUTES if route.is_list)
EMPTY = ("", "None", "[]", "{}")
NOT_TELLING = {"scopes", "headers", "object_id", "type", "error", "events"}  # the same for everybody, or ids

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


@cache
def stored_statements(without: tuple[type[models.Model], ...]) -> list[tuple[str, list[models.Field]]]:
    """Statements for the rows of a user in each table, and the keys that they take."""
    name, is_postgres = connection.ops.quote_name, connection.vendor == "postgresql"
    shown = "whole::text" if is_postgres else "*"
    found: list[tuple[str, list[models.Field]]] = []
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        keys = [meta.pk] if model is User else [key for key in user_keys(model) if model not in without]
        rows = f"SELECT {shown} FROM {name(meta.db_table)} AS whole WHERE {{}} = %s ORDER BY {name(meta.pk.column)}"
        found += [(rows.format(name(key.column)), [key]) for key in keys]
    if not is_postgres:
        return found
    return [(" UNION ALL ".join(f"({rows})" for rows, _ in found), [key for _, [key] in found])]


def stored(user: User, without: tuple[type[models.Model], ...] = ()) -> list[list[tuple]]:
    """All rows of this user as the database has them, `without` some tables, to see whether something has changed.

    In plain SQL, and on Postgres in one statement: the guards compare some thousand times.
    """
    found = []
    with connection.cursor() as cursor:
        for statement, keys in stored_statements(without):
            cursor.execute(statement, [key.get_db_prep_value(user.pk, connection) for key in keys])
            found.append(cursor.fetchall())
    return found


def texts(rows: Rows) -> Iterator[tuple[str, str]]:
    """The name of the field and the value of each text in these rows, but of choices: they are the same for all."""
    for model, found in rows.items():
        for column in model._meta.concrete_fields:
            if isinstance(column, models.CharField | models.TextField | models.JSONField) and not column.choices:
                yield from ((f"{model.__name__}.{column.name}", str(row[column.attname])) for row in found)


def canaries_in(rows: Rows) -> set[str]:
    """What nobody but Alice has. A text that can't have the word in it (a color, a digest) is its own canary."""
    found = {text.lower() for name, text in texts(rows) if text not in EMPTY and name.split(".")[1] not in NOT_TELLING}
    return {CANARY} | {text for text in found - {SAME.lower()} if CANARY not in text}


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
    values |= make_things(api)
    values |= make_responses(api, values)
    make_traces(alice, values["task"])
    rows = rows_of(alice)
    return World(alice, values, canaries_in(rows), ids_in(rows))


def make_things(api: Client) -> dict[str, str]:
    """Of each resource two, so that a list goes on behind its first page, and two more in the trash."""
    alice, things = api.user, {}
    for model, resource in RESOURCES.items():
        things[resource.name], _ = make(model, alice, CANARY), make(model, alice, CANARY)
        if resource.has_trash:
            things[f"trashed {resource.name}"], _ = (trashed(make(model, alice, CANARY)) for _ in range(2))
    things["app password"], _ = ApiToken.issue(alice, CANARY, ApiToken.APP_PASSWORD)
    task, fields = things["task"], {"owner": alice, "description": "goldfinch, in many words", "tags": ["goldfinch"]}
    home, gone = (Project.objects.create(owner=alice, name=f"goldfinch {n}", color="#c0ffee") for n in ("home", "gone"))
    Task.objects.create(title="goldfinch at home", project=home, **fields)
    Task.objects.create(title="goldfinch thrown away with its project", project=gone, **fields)
    gone.delete()
    rule = {"due_date": date(2097, 7, 7), "recurrence": "FREQ=MONTHLY;INTERVAL=977"}
    monthly = {**rule, "reminders": [{"minutes_before": 977}]}
    Task.objects.create(title="goldfinch of each month", **monthly, **fields).complete()
    things["subtask"] = Task.objects.create(title="goldfinch subtask", parent=task, **fields)
    return {name: str(thing.pk) for name, thing in {**things, "user": alice}.items()}


def trashed(thing: Any) -> Any:
    thing.delete()
    return thing


def make_responses(api: Client, things: dict[str, str]) -> dict[str, str]:
    """What the server told Alice, with which nobody else may come."""
    api.post("/tasks/", REPEATED, HTTP_IDEMPOTENCY_KEY="goldfinch-key")
    api.post("/projects/", {"name": "goldfinch of a key"}, HTTP_IDEMPOTENCY_KEY="goldfinch-key-2")
    pages = {name: api.get(f"/{name.removeprefix('cursor of ')}?limit=1").json() for name in CURSORS}
    return {
        "key": "goldfinch-key",
        "tag name": CANARY,
        "sync token": api.get("/sync/?limit=1").json()["token"],
        "ETag of a task": api.get(f"/tasks/{things['task']}/")["ETag"],
        "ETag of a list": api.get("/tasks/")["ETag"],
        **{name: parse_qs(urlsplit(page["next"]).query)["cursor"][0] for name, page in pages.items()},
    }


def make_traces(alice: User, task_id: str) -> None:
    Identity.objects.create(owner=alice, issuer="https://goldfinch.example", subject="goldfinch")
    ImportedItem.objects.create(owner=alice, source="csv", key="goldfinch", task_id=task_id)
    Outbox.objects.create(owner=alice, revision=1, events=[["task.created", task_id]])
    OutgoingMail.objects.create(owner=alice, kind="reminders", content=[[task_id, "goldfinch"]], send_at=timezone.now())
    StreamTicket.issue(alice, Credential(token=task_id))
    Browser().force_login(alice)
    LogEntry.objects.create(
        user=alice,
        content_type=ContentType.objects.get_for_model(Task),
        object_id=task_id,
        object_repr="goldfinch",
        action_flag=CHANGE,
        change_message="goldfinch",
    )

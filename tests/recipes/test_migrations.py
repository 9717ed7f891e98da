"""How to change data in a migration, as CONTRIBUTING.md says: its code is run here."""

import re

from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from testing.servers import ROOT
from todos.models import Task


def test_clients_sync_what_a_migration_changes(alice, bob, api, bobs_api):
    code = re.search(
        r"^## How to change data in a migration.*?```python\n(.*?)```",
        (ROOT / "CONTRIBUTING.md").read_text(),
        re.M | re.S,
    )
    found: dict = {}
    exec(code[1], found)
    milk = Task.objects.create(owner=alice, title="Buy milk")
    Task.objects.create(owner=alice, title="Buy bread")
    Task.objects.create(owner=bob, title="Buy beer")
    tokens = [client.get("/sync/").json()["token"] for client in (api, bobs_api)]
    etag = api.get("/tasks/")["ETag"]

    with transaction.atomic():
        found["raise_priority"](MigrationLoader(connection).project_state().apps, None)

    changed, unchanged = (
        client.get("/sync/", {"since": token}).json()["results"]
        for client, token in zip((api, bobs_api), tokens, strict=True)
    )
    assert [(each["id"], each["object"]["priority"]) for each in changed] == [(str(milk.pk), 4)]
    assert unchanged == []
    assert api.get("/tasks/", HTTP_IF_NONE_MATCH=etag).status_code == 200

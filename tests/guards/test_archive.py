"""What users make is in their archive, or it is named here with the reason why not."""

import json
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey, Model

from assistants.models import ToolCall
from dav.models import Collection, OtherObject, Removal, Resource
from live.models import Delivery, Hook, Outbox, OutgoingMail, StreamTicket
from ownership.models import IdempotentResponse
from testing.client import Client
from testing.resources import REVISED, make
from testing.routes import LISTS
from testing.uploads import named
from tests.recipes.test_fields import CONTENT, another
from todos.models import Project, Tag, Task
from todos.models.tag import TaskTag
from todos.sync import kinds
from transfer.columns import NOT_ARCHIVED, columns
from transfer.exports.archive import write_archive
from transfer.importer import SETTINGS
from transfer.models import Feed, ImportedItem
from transfer.parts import archive_parts
from transfer.tests.conftest import told
from users.models import ApiToken, Identity, User
from users.serializers import UserSerializer

SECRET, TRACE = "it opens the account, or is sent to others", "it says what was done, and when"
LEFT_OUT: dict[type[Model], str] = {
    ApiToken: SECRET,
    Feed: SECRET,
    Hook: SECRET,
    Identity: SECRET,
    StreamTicket: SECRET,
    Delivery: TRACE,
    IdempotentResponse: TRACE,
    ImportedItem: TRACE,
    Outbox: TRACE,
    OutgoingMail: TRACE,
    Removal: TRACE,
    ToolCall: TRACE,
    TaskTag: "tasks have the names of their tags",
}
# The fields of serializers that aren't columns of an archive.
NOT_COLUMNS = {
    "revision": "that of the account counts on",
    "completed": "a task that is has a `completed_at`",
    "open_tasks": "a count",
    "restart_series": "an order, which isn't stored",
}
# The columns of what calendar clients stored.
NOT_STORED = {
    Collection: {"created_at", "owner"},
    Resource: {"created_at", "owner", "exact_revision", "exact_zone"},  # another revision follows
    OtherObject: {"owner", "revision"},
}


def archive(user: User) -> dict[str, Any]:
    return json.loads(b"".join(write_archive(user, as_owner=False)))


def move(alice: User, bob: User) -> None:
    file = named(json.dumps(archive(alice)).encode(), "archive.json")
    assert told(Client(bob).post("/import/archive/", {"file": file}, format="multipart")) == []


def test_every_table_of_an_owner_is_in_the_archive_or_left_out_for_a_reason():
    owned = {model for model in apps.get_models() if any(field.name == "owner" for field in model._meta.fields)}
    archived = {part.model for part in archive_parts()}

    missing = {model.__name__ for model in owned - archived - LEFT_OUT.keys()}
    assert not missing, f"Not in the archive: {missing}. Make it a RevisedModel, add an ArchivePart, or say why not."
    assert not archived & LEFT_OUT.keys()
    assert LEFT_OUT.keys() <= owned


@pytest.mark.parametrize("kind", kinds())
def test_every_field_of_a_serializer_is_in_the_archive(kind):
    model, serializer = kinds()[kind]
    [part] = [part for part in archive_parts() if part.model is model]
    fields = {field.source for field in serializer().fields.values()}

    assert fields - getattr(part, "names", set()) - NOT_COLUMNS.keys() == set()


@pytest.mark.parametrize("model", NOT_STORED, ids=lambda model: model.__name__)
def test_every_column_of_what_calendar_clients_stored_is_in_the_archive(alice, model):
    [part] = [part for part in archive_parts() if part.model is model]

    names = {field.name for field in model._meta.concrete_fields}
    assert names - set(part.rows(alice).query.values_select) == NOT_STORED[model]


def test_no_archived_model_has_a_relation_that_is_no_column():
    """An archive would lose its rows: those of tags are written by name."""
    assert {part.model for part in archive_parts() if part.model._meta.local_many_to_many} == set()


@pytest.mark.django_db
@pytest.mark.parametrize("model", REVISED, ids=lambda model: model.__name__)
def test_what_the_api_shows_of_a_resource_is_the_same_after_a_move(alice, bob, model):
    made = make(model, alice)

    move(alice, bob)

    shown = [shown_to(user, model) for user in (alice, bob)]
    assert shown[0] == shown[1] != []
    assert not model.objects.filter(owner=bob, pk=made.pk).exists()


def shown_to(user: User, model: type[Model]) -> list[dict]:
    references = {key.name for key in model._meta.concrete_fields if isinstance(key, ForeignKey)}
    own = {"id", "revision", "series", "next_occurrence", *references}
    rows = Client(user).get(LISTS[model].url()).json()["results"]
    return [{name: value for name, value in row.items() if name not in own} for row in rows]


@pytest.mark.django_db
@pytest.mark.parametrize("field", CONTENT, ids=lambda field: field.name)
def test_a_value_of_every_column_of_a_task_moves(alice, bob, field):
    values = {"title": "x", "due_date": date(2030, 3, 10), "start_date": date(2030, 3, 10)}
    Task.objects.create(owner=alice, **{**values, field.name: another(field, alice)})

    move(alice, bob)

    before, after = (Task.objects.get(owner=user) for user in (alice, bob))
    assert getattr(before, field.name) != field.get_default()
    assert str(getattr(after, field.name)) == str(getattr(before, field.name))


@pytest.mark.django_db
def test_what_follows_from_other_columns_follows_from_them_there(alice, bob):
    above = Task.objects.create(owner=alice, title="above")
    fields = {"due_date": date(2130, 3, 10), "reminders": [{"minutes_before": 5}], "tags": ["money"]}
    Task.objects.create(owner=alice, title="below", parent=above, **fields)

    move(alice, bob)

    # By the number of a revision, an archive says only what belongs together.
    names = sorted(NOT_ARCHIVED[Task] - {"automatic_revision", "completed_in_revision"})
    before, after = (list(Task.objects.filter(owner=user).order_by("title").values(*names)) for user in (alice, bob))
    assert after == before
    assert (after[1]["level"], after[1]["is_tagged"], after[1]["remind_at"] is not None) == (2, True, True)


@pytest.mark.parametrize("model", [Task, Project, Tag], ids=lambda model: model.__name__)
def test_what_is_not_archived_can_not_be_edited(model):
    """It follows from other columns, or from the account."""
    hidden = {field.name for field in model._meta.concrete_fields if field.editable} - set(columns(model))

    assert hidden == {"owner"}


def test_every_setting_that_users_change_is_in_the_archive():
    writable = {name for name, field in UserSerializer().fields.items() if not field.read_only}

    assert writable == set(SETTINGS)

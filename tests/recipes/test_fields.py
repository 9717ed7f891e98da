"""How to add a model field: the model, the migration, `Meta.fields`. The rest follows."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from django.db import models as django_models
from rest_framework import serializers

from todos.actions.occurrences import NOT_COPIED
from todos.models import Project, Task

SOME_ID = "01900000-0000-7000-8000-000000000001"
# For each field of `Form`: a value as JSON has it, and values of other types, which have to be refused.
VALUES: dict[str, tuple] = {
    "boolean": (True, ["true", 1, 0, None, []]),
    "char": ("5", [5, True, None, []]),
    "text": ("5", [5, True, None, []]),
    "slug": ("five", [5, True, None, "a b"]),
    "url": ("https://example.com/", [5, True, None, "example"]),
    "email": ("five@example.com", [5, True, None, "five"]),
    "address": ("192.0.2.5", [5, True, "five"]),
    "integer": (5, ["5", True, 5.5, None, [], 2**63]),
    "small": (5, ["5", True, 5.5, None, 2**63]),
    "big": (2**40, ["5", True, 5.5, None, 2**63]),
    "positive": (5, ["5", True, 5.5, None, -1]),
    "positive_small": (5, ["5", True, 5.5, None, -1]),
    "positive_big": (5, ["5", True, 5.5, None, -1]),
    "number": (5.5, ["5.5", True, None, []]),
    "decimal": ("5.50", [True, None, [], "five", "5.555"]),
    "day": ("2030-03-10", [20300310, True, "10.3.2030", "2030-03-10T00:00:00Z"]),
    "moment": ("2030-03-10T12:00:00Z", [1899288000, True, "2030-03-10", "2030-03-10T12:00:00"]),
    "time": ("12:30:00", [1230, True, "12.30"]),
    "duration": ("00:00:05", [5, 5.5, True, "five", "200000000 00:00:00"]),
    "uuid": (SOME_ID, [5, True, "five"]),
    "json": ({"any": ["thing", 5, None]}, ["a\0b", {"a\0b": 5}, [{"any": ["a\0b"]}]]),
    "letters": ("b", ["c", 5, True, None, []]),
    "digits": (2, ["2", 3, True, 2.0, None, []]),
}
REFUSED = [(name, value) for name, (_, others) in VALUES.items() for value in others]


@pytest.fixture
def forms(models, viewset_of, serve):
    serve(forms=viewset_of(models.Form, *VALUES))
    return models.Form


@pytest.mark.usefixtures("forms")
def test_a_field_of_each_type_is_kept_and_shown(api, bobs_api):
    body = {name: value for name, (value, _) in VALUES.items()}

    made = api.post("/forms/", body)

    assert made.status_code == 201, made.content
    shown = made.json()
    assert {name: shown[name] for name in VALUES} == body
    assert api.get(f"/forms/{shown['id']}/").json() == shown
    assert api.get("/forms/").json()["results"] == [shown]
    assert bobs_api.get("/forms/").json()["results"] == []
    assert bobs_api.get(f"/forms/{shown['id']}/").status_code == 404


@pytest.mark.usefixtures("forms")
@pytest.mark.parametrize(("name", "value"), REFUSED, ids=str)
def test_a_value_of_another_type_is_refused(api, name, value):
    refused = api.post("/forms/", {name: value})

    assert refused.status_code == 400, refused.content
    assert [error["field"] for error in refused.json()["errors"]] == [name]


@pytest.mark.usefixtures("forms")
def test_in_a_form_everything_is_text(api):
    made = api.post("/forms/", "integer=5&boolean=true", content_type="application/x-www-form-urlencoded")

    assert (made.status_code, made.json()["integer"], made.json()["boolean"]) == (201, 5, True)


def test_every_standard_field_is_among_them(forms):
    types = {type(field) for field in forms._meta.concrete_fields}
    standard = set(serializers.ModelSerializer.serializer_field_mapping)

    # Files aren't JSON; keys are read-only; the others are the base of all, and what Django keeps for old migrations.
    left_out = {"FileField", "ImageField", "FilePathField", "AutoField", "BigAutoField", "Field"}
    left_out |= {"CommaSeparatedIntegerField", "NullBooleanField"}
    missing = {field.__name__ for field in standard - types if "postgres" not in field.__module__}
    assert missing <= left_out


def test_put_resets_what_it_leaves_out_to_the_default(forms, alice, api):
    form = forms.objects.create(owner=alice, integer=7, day=date(2030, 3, 10), letters="b")

    api.put(f"/forms/{form.pk}/", {})

    form.refresh_from_db()
    assert (form.integer, form.day, form.letters) == (0, None, "a")


def test_a_default_that_is_called_is_called_for_each_row(models, viewset_of, serve, api):
    serve(books=viewset_of(models.Book, "title", "bought_at", "extra"))

    first, second = (api.post("/books/", {"title": title}).json() for title in "ab")

    assert first["bought_at"] < second["bought_at"]
    assert (first["extra"], second["extra"]) == ({}, {})


# A field of a task is copied to its next occurrence, unless it is named in NOT_COPIED.


# Values that rules of the task ask for, and what is as many days later in the next occurrence.
CHOSEN = {"recurrence": "FREQ=DAILY", "reminders": [{"minutes_before": 5}]}
SHIFTED = {"due_date", "start_date", "occurrence_date"}


def another(field: django_models.Field, alice):
    """A value that isn't the default."""
    if field.name in CHOSEN:
        return CHOSEN[field.name]
    if field.choices:
        return next(value for value, _ in field.choices if value != field.get_default())
    match field:
        case django_models.ForeignKey():
            return Project.objects.create(owner=alice, name="Home")
        case django_models.BooleanField():
            return not field.get_default()
        case django_models.UUIDField():
            return UUID(SOME_ID)
        case django_models.DateTimeField():
            return datetime(2030, 3, 10, 12, tzinfo=UTC)
        case django_models.DateField():
            return date(2030, 3, 10)
        case django_models.TimeField():
            return time(12, 30)
        case django_models.DurationField():
            return timedelta(seconds=5)
        case django_models.JSONField():
            return {"any": "thing"}
        case django_models.CharField() | django_models.TextField():
            return "another"
        case django_models.IntegerField() | django_models.FloatField() | django_models.DecimalField():
            return 3
    pytest.fail(f"{type(field).__name__} of a task: say here which value isn't its default.")


CONTENT = [field for field in Task._meta.concrete_fields if field.editable and field.name not in {"owner", *NOT_COPIED}]


@pytest.mark.parametrize("field", CONTENT, ids=lambda field: field.name)
def test_every_field_of_a_task_is_copied_to_the_next_occurrence(alice, api, field):
    values = {"title": "Again", "due_date": date(2030, 3, 10), "recurrence": "FREQ=DAILY"}
    values |= {"start_date": date(2030, 3, 10)} if field.name == "start_time" else {}
    task = Task.objects.create(owner=alice, **{**values, field.name: another(field, alice)})

    next_one = Task.objects.get(pk=api.post(f"/tasks/{task.pk}/complete/").json()["next_occurrence"])

    value = getattr(task, field.attname)
    assert value != field.get_default()
    assert getattr(next_one, field.attname) == (value + timedelta(days=1) if field.name in SHIFTED else value)


def test_of_what_one_can_edit_only_the_location_is_not_copied():
    assert {field.name for field in Task._meta.concrete_fields} >= NOT_COPIED
    assert {field.name for field in Task._meta.concrete_fields if field.editable} & NOT_COPIED == {"parent"}


def test_what_one_cannot_edit_is_copied_too_unless_it_is_named(alice, api):
    task = Task.objects.create(owner=alice, title="Again", due_date=date(2030, 3, 10), recurrence="FREQ=DAILY")

    next_one = Task.objects.get(pk=api.post(f"/tasks/{task.pk}/complete/").json()["next_occurrence"])

    names = [field.attname for field in Task._meta.concrete_fields if field.name not in NOT_COPIED]
    differing = {name for name in names if getattr(next_one, name) != getattr(task, name)}
    assert differing <= SHIFTED


def test_another_owner_gets_no_copy(alice, bobs_api):
    task = Task.objects.create(owner=alice, title="Again", due_date=date(2030, 3, 10), recurrence="FREQ=DAILY")

    assert bobs_api.post(f"/tasks/{task.pk}/complete/").status_code == 404
    assert Task.objects.get() == task

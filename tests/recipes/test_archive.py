"""A new field or resource is in the archive of an account without being named there."""

import json
from contextlib import ExitStack

import pytest
from django.db import models as django_models

from ownership.row_level_security.checks import prepare
from testing.client import Client
from testing.throwaway import column_of, forget
from testing.uploads import named
from tests.recipes.test_fields import VALUES
from todos.models import Project, Tag, Task
from transfer.exports.archive import write_archive
from transfer.tests.conftest import refusal, told


def archive(user) -> dict:
    return json.loads(b"".join(write_archive(user, as_owner=False)))


def upload(user, content: dict):
    file = named(json.dumps(content).encode(), "archive.json")
    return Client(user).post("/import/archive/", {"file": file}, format="multipart")


def with_item(part: str, **values) -> dict:
    return {"format": "todo-archive", "version": 1, part: [{"id": "1", **values}], "complete": True}


# A field: the model alone says what it is.


@pytest.fixture(scope="module")
def heaviness(django_db_setup, django_db_blocker):
    """A column `heaviness` of tasks, projects and tags, and references from tasks and projects to tasks."""
    after, main_task = (
        django_models.ForeignKey("todos.Task", django_models.SET_NULL, related_name="+", null=True) for _ in range(2)
    )
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(column_of(Task, "after", after))
        stack.enter_context(column_of(Project, "main_task", main_task))
        for model in (Task, Project, Tag):
            stack.enter_context(column_of(model, "heaviness", small_number()))
        yield


def small_number() -> django_models.Field:
    return django_models.PositiveSmallIntegerField(default=1)


@pytest.mark.usefixtures("heaviness", "db")
def test_a_new_field_moves(alice, bob):
    project = Project.objects.create(owner=alice, name="Home", heaviness=2)
    Tag.objects.create(owner=alice, name="heavy", heaviness=3)
    last = Task.objects.create(owner=alice, title="Rest", heaviness=0)
    Task.objects.create(owner=alice, title="Carry", project=project, tags=["heavy"], heaviness=4, after=last)
    Task.objects.filter(pk=last.pk).update(after=Task.objects.get(title="Carry"))

    assert told(upload(bob, archive(alice))) == []

    assert [model.objects.get(owner=bob).heaviness for model in (Project, Tag)] == [2, 3]
    tasks = {task.title: task for task in Task.objects.filter(owner=bob)}
    assert {title: (task.heaviness, task.after.title, task.after.owner) for title, task in tasks.items()} == {
        "Carry": (4, "Rest", bob),
        "Rest": (0, "Carry", bob),
    }


@pytest.mark.usefixtures("heaviness", "db")
def test_a_project_may_refer_to_what_comes_later(alice, bob):
    Project.objects.create(owner=alice, name="Home", main_task=Task.objects.create(owner=alice, title="Carry"))

    response = upload(bob, archive(alice))

    assert told(response) == [("projects, item 1: Home", "main_task", "It isn't there, or it is in the trash.")]
    assert Project.objects.get(owner=bob).name == "Home"


@pytest.mark.usefixtures("heaviness", "db")
def test_an_archive_from_before_the_field_has_its_default(bob):
    assert told(upload(bob, with_item("tasks", title="x"))) == []

    assert Task.objects.get().heaviness == 1


@pytest.mark.usefixtures("heaviness", "db")
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("4", "'4': A valid integer is required."),
        (True, "True: A valid integer is required."),
        (-1, "-1: Ensure this value is greater than or equal to 0."),
        (None, "None: This field may not be null."),
    ],
)
@pytest.mark.parametrize("part", ["tasks", "projects", "tags"])
def test_a_value_that_the_field_refuses_is_refused_by_its_item(bob, part, value, reason):
    response = upload(bob, with_item(part, title="x", heaviness=value))

    assert refusal(response) == f"{part}, item 1: heaviness: {reason}"


@pytest.mark.usefixtures("heaviness", "db")
def test_a_reference_to_what_is_anothers_is_lost(bob, task):
    response = upload(bob, with_item("tasks", title="x", after=str(task.pk)))

    assert told(response) == [("tasks, item 1: x", "after", "It isn't there, or it is in the trash.")]
    assert Task.objects.get(owner=bob).after is None


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["tasks", "projects", "tags"])
def test_a_field_that_is_not_known_is_named(bob, part):
    response = upload(bob, with_item(part, **{"title" if part == "tasks" else "name": "x"}, surprise=4))

    assert told(response) == [(f"{part}, item 1: x", "surprise", "It isn't known here.")]


# A resource: a model on TrashModel, or on RevisedModel.


@pytest.fixture
def remarks(models, alice):
    """Two remarks on Alice's task; the first is an answer to the second, which was made later."""
    task = Task.objects.create(owner=alice, title="Carry")
    first = models.Remark.objects.create(owner=alice, task=task, text="  first\n", is_public=False, number=0)
    second = models.Remark.objects.create(owner=alice, task=task, text="second")
    first.answer_to = second
    first.save()
    return models.Remark.objects


@pytest.mark.usefixtures("remarks")
def test_a_new_resource_moves(models, remarks, alice, bob):
    assert told(upload(bob, archive(alice))) == []

    second, first = remarks.filter(owner=bob).order_by("text").reverse()
    assert (first.text, first.task.title, first.task.owner, first.is_public) == ("  first\n", "Carry", bob, False)
    assert (first.answer_to, first.number, second.answer_to, second.is_public) == (second, 0, None, True)
    before = remarks.get(owner=alice, text="second")
    assert (second.created_at, second.updated_at) == (before.created_at, before.updated_at)
    assert {first.revision, second.revision} == {type(bob).objects.get(pk=bob.pk).revision}


def test_what_is_in_the_trash_stays_there(remarks, alice, bob):
    Task.objects.get(owner=alice).delete()
    Task.objects.get(owner=alice).restore()
    remarks.get(text="second").delete()

    assert told(upload(bob, archive(alice))) == []

    dates = [set(remarks.filter(owner=owner).values_list("text", "deleted_at")) for owner in (alice, bob)]
    assert dates[0] == dates[1]


def test_an_archive_makes_no_row_twice(remarks, alice, bob):
    content = archive(alice)
    for user in (alice, bob, bob):
        assert told(upload(user, content)) == []

    assert [remarks.filter(owner=owner).count() for owner in (alice, bob)] == [2, 2]


def test_what_was_purged_comes_back(remarks, alice):
    content = archive(alice)
    remarks.filter(text="second").delete()
    remarks.in_trash().purge()

    assert told(upload(alice, content)) == []

    assert set(remarks.values_list("text", flat=True)) == {"  first\n", "second"}


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"task": "missing"}, "task", "It isn't there, or it is in the trash."),
        ({}, "task", "It isn't there, or it is in the trash."),
        ({"task": "t", "answer_to": "missing"}, "answer_to", "It isn't there, or it is in the trash."),
        ({"task": "t", "number": 0}, "number", "Remark with this Number already exists."),
        ({"task": "t", "surprise": 1}, "surprise", "It isn't known here."),
    ],
)
def test_what_can_not_be_kept_of_a_row_is_named(remarks, alice, values, field, reason):
    content = with_item("todos.remark", text="x", **values) | {"tasks": [{"id": "t", "title": "x"}]}

    response = upload(alice, content)

    assert told(response) == [("todos.remark, item 1", field, reason)]


def test_a_value_of_another_type_is_refused(models, bob, db):
    response = upload(bob, with_item("todos.remark", task="t", text=5))

    assert refusal(response) == "todos.remark, item 1: text: 5: Not a valid string."


@pytest.mark.parametrize("value", [2**70, "\ud800", [[[]]]], ids=["a large number", "half a character", "depth"])
def test_json_that_can_not_be_rendered_is_refused(models, bob, value):
    for _ in range(30 if isinstance(value, list) else 0):
        value = [value]

    assert refusal(upload(bob, with_item("todos.form", json=value))).startswith("todos.form, item 1: json: ")


def test_an_id_may_be_any_text(models, bob):
    task = Task.objects.create(owner=bob, title="x")

    content = with_item("todos.remark", text="y", task=str(task.pk))
    content["todos.remark"][0]["id"] = "\ud800"

    assert told(upload(bob, content)) == []
    assert [remark.text for remark in task.remarks.all()] == ["y"]


def test_a_proxy_is_no_resource_of_its_own(alice):
    meta = type("Meta", (), {"proxy": True, "app_label": "todos"})
    urgent = type("Urgent", (Task,), {"__module__": __name__, "Meta": meta})
    try:
        assert "todos.urgent" not in archive(alice)
    finally:
        forget(urgent)


def test_nobody_elses_rows_are_in_it(remarks, alice, bob):
    task = Task.objects.create(owner=bob, title="x")
    response = upload(bob, with_item("todos.remark", text="x", task=str(Task.objects.get(owner=alice).pk)))

    assert archive(bob)["todos.remark"] == []
    assert told(response) == [("todos.remark, item 1", "task", "It isn't there, or it is in the trash.")]
    assert not task.remarks.exists()


def test_a_field_of_each_type_moves(models, alice, bob):
    form = models.Form(owner=alice)
    for name, (value, _) in VALUES.items():
        setattr(form, name, form._meta.get_field(name).to_python(value))
    form.save()

    assert told(upload(bob, archive(alice))) == []

    found = models.Form.objects.get(owner=bob)
    form.refresh_from_db()
    assert {name: getattr(found, name) for name in VALUES} == {name: getattr(form, name) for name in VALUES}


def test_values_that_are_empty_move(models, alice, bob):
    models.Book.objects.create(owner=alice, title="Empty", pages=0, slug="", subtitle="", extra={})

    assert told(upload(bob, archive(alice))) == []

    assert models.Book.objects.filter(owner=bob).values("title", "pages", "slug", "extra").get() == {
        "title": "Empty",
        "pages": 0,
        "slug": "",
        "extra": {},
    }


def test_a_reference_to_a_table_that_all_share_moves(models, alice, bob, settings):
    settings.ROW_LEVEL_SECURITY_SHARED = [*settings.ROW_LEVEL_SECURITY_SHARED, "todos.Country"]
    prepare()
    country = models.Country.objects.create(name="Norway")
    models.Letter.objects.create(owner=alice, text="Dear Bob", country=country)
    content = archive(alice)

    assert told(upload(bob, content)) == []

    assert models.Letter.objects.get(owner=bob).country == country
    content["todos.letter"][0]["country"] = 2**70
    assert refusal(upload(bob, content)).startswith("todos.letter, item 1: country: 1180591620717411303424: ")

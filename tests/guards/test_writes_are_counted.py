"""Each way to write with Django increases the owner's revision, for every model with a revision."""

from collections.abc import Callable
from datetime import date

import pytest

from testing.counting import all_rows, revision_of
from testing.resources import RESOURCES, REVISED
from todos.models import Project, Tag, Task
from users.models import User


def text_of(model: type) -> str:
    """The field that is changed."""
    return RESOURCES[model].text


def saved(thing, **options) -> None:
    setattr(thing, text_of(type(thing)), "New")
    thing.save(**options)


CHANGES: dict[str, Callable] = {
    "save": saved,
    "save of a fresh copy": lambda thing: saved(type(thing).objects.get(pk=thing.pk)),
    "save with deferred fields": lambda thing: saved(type(thing).objects.defer("created_at").get(pk=thing.pk)),
    "save with update_fields": lambda thing: saved(thing, update_fields=[text_of(type(thing))]),
    "save with force_update": lambda thing: saved(thing, force_update=True),
    "update": lambda thing: type(thing).objects.filter(pk=thing.pk).update(**{text_of(type(thing)): "New"}),
    "update of a revision": lambda thing: type(thing).objects.update(revision=0, **{text_of(type(thing)): "New"}),
    "update by the base manager": lambda thing: type(thing)._base_manager.update(**{text_of(type(thing)): "New"}),
    "update by the default manager": lambda thing: type(thing)._default_manager.update(**{text_of(type(thing)): "New"}),
    "update_or_create": lambda thing: type(thing).objects.update_or_create(
        pk=thing.pk, defaults={text_of(type(thing)): "New"}
    ),
    "delete": lambda thing: thing.delete(),
    "delete of a queryset": lambda thing: type(thing).objects.filter(pk=thing.pk).delete(),
}


def bulk_updated(thing) -> None:
    setattr(thing, text_of(type(thing)), "New")
    type(thing).objects.bulk_update([thing], [text_of(type(thing))])


CHANGES["bulk_update"] = bulk_updated


@pytest.mark.parametrize("way", CHANGES)
def test_no_change_goes_around_the_revision(counted, thing, way):
    counted(lambda: CHANGES[way](thing))


MAKES: dict[str, Callable] = {
    "save": lambda model, owner, fields: model(owner=owner, **fields).save(),
    "save with force_insert": lambda model, owner, fields: model(owner=owner, **fields).save(force_insert=True),
    "create": lambda model, owner, fields: model.objects.create(owner=owner, **fields),
    "bulk_create": lambda model, owner, fields: model.objects.bulk_create([model(owner=owner, **fields)], batch_size=1),
    "get_or_create": lambda model, owner, fields: model.objects.get_or_create(owner=owner, **fields),
    "update_or_create": lambda model, owner, fields: model.objects.update_or_create(owner=owner, **fields),
}


@pytest.mark.parametrize("way", MAKES)
def test_nothing_is_made_around_the_revision(counted, model, alice, way):
    columns = RESOURCES[model].columns(alice, "New")

    counted(lambda: MAKES[way](model, alice, columns))


CONFLICTS: list[dict] = [
    {"ignore_conflicts": True},
    {"update_conflicts": True, "unique_fields": ["id"], "update_fields": ["created_at"]},
]


@pytest.mark.parametrize("options", CONFLICTS, ids=lambda options: next(iter(options)))
def test_bulk_create_refuses_to_settle_conflicts(thing, options):
    twin = type(thing)(pk=thing.pk, owner=thing.owner, **RESOURCES[type(thing)].columns(thing.owner, "New"))
    before = all_rows(thing.owner), revision_of(thing.owner)

    with pytest.raises(ValueError, match="conflict"):
        type(thing).objects.bulk_create([twin], **options)
    with pytest.raises(ValueError, match="conflict"):
        type(thing).objects.bulk_create([twin], None, True)

    assert (all_rows(thing.owner), revision_of(thing.owner)) == before


@pytest.mark.parametrize("way", ["save", "update", "update by id", "bulk_update", "new id"])
def test_nothing_changes_hands(thing, bob, way):
    before, model = all_rows(thing.owner), type(thing)
    thing.owner = bob
    ways = {
        "save": lambda: thing.save(),
        "update": lambda: model.objects.update(owner=bob),
        "update by id": lambda: model.objects.update(owner_id=bob.pk),
        "bulk_update": lambda: model.objects.bulk_update([thing], ["owner"]),
        "new id": lambda: model.objects.update(id=bob.pk),
    }

    with pytest.raises(ValueError, match="The owner and the id"):
        ways[way]()

    assert all_rows(User.objects.get(email="alice@example.com")) == before
    assert revision_of(bob) == 0


@pytest.mark.parametrize("way", ["add", "set", "remove", "clear", "create"])
def test_the_related_manager_is_no_way_around(counted, alice, way):
    project = Project.objects.create(owner=alice, name="Home")
    inside = Task.objects.create(owner=alice, title="Inside", project=project)
    outside = Task.objects.create(owner=alice, title="Outside")
    ways = {
        "add": lambda: project.tasks.add(outside),
        "set": lambda: project.tasks.set([inside, outside]),
        "remove": lambda: project.tasks.remove(inside),
        "clear": lambda: project.tasks.clear(),
        "create": lambda: project.tasks.create(owner=alice, title="New"),
    }

    counted(ways[way])


# Changes that follow from another one


@pytest.mark.parametrize("way", ["save", "update", "bulk_update", "delete", "delete of a queryset"])
def test_a_tag_takes_its_tasks_along(counted, alice, way):
    tag = Tag.objects.create(owner=alice, name="Old")
    bears_it = Task.objects.create(owner=alice, title="x", tags=["old"])
    Task.objects.create(owner=alice, title="Another")

    counted(lambda: CHANGES[way](tag))

    assert [task.revision for task in Task.objects.order_by("id")] == [revision_of(alice), bears_it.revision + 1]


def home_with_family(owner: User) -> list[Task]:
    home = Project.objects.create(owner=owner, name="Home")
    parent = Task.objects.create(owner=owner, title="Parent", project=home)
    child = Task.objects.create(owner=owner, title="Child", parent=parent)
    return [parent, child, Task.objects.create(owner=owner, title="Grandchild", parent=child)]


@pytest.mark.parametrize("what", ["delete", "restore", "complete", "reopen", "move", "trash parent", "delete_project"])
def test_what_lies_below_goes_along_in_one_write(counted, alice, what):
    parent, _, leaf = home_with_family(alice)
    project = parent.project
    prepare, do = {
        "delete": (None, lambda: Task.objects.get(pk=parent.pk).delete()),
        "restore": (lambda: project.delete(), lambda: Project.objects.get(pk=project.pk).restore()),
        "complete": (None, lambda: Task.objects.get(pk=parent.pk).complete()),
        "reopen": (lambda: parent.complete(), lambda: Task.objects.get(pk=leaf.pk).reopen()),
        "move": (None, lambda: Task.objects.get(pk=parent.pk).move(project=None)),
        "trash parent": (None, lambda: Task.objects.filter(pk=parent.pk).delete()),
        "delete_project": (None, lambda: Project.objects.all().delete()),
    }[what]
    if prepare:
        prepare()

    counted(do)

    assert {task.revision for task in Task.objects.all()} == {revision_of(alice)}


@pytest.mark.parametrize("way", ["complete", "save", "bulk"])
def test_the_next_occurrence_is_made_in_the_write_that_completes(counted, alice, way):
    parts = {"due_date": date(2027, 1, 31), "recurrence": "FREQ=DAILY", "tags": ["t"]}
    task = Task.objects.create(owner=alice, title="Again", **parts)
    Task.objects.create(owner=alice, title="Part", parent=task)
    task = Task.objects.get(pk=task.pk)

    def save() -> None:
        task.completed = True
        task.save()

    counted({"complete": task.complete, "save": save, "bulk": Task.objects.filter(pk=task.pk).complete}[way])

    assert Task.objects.filter(revision=revision_of(alice)).count() == 4
    counted(lambda: Task.objects.get(pk=task.pk).reopen())


def test_new_tags_are_made_in_the_write_of_their_task(counted, alice):
    counted(lambda: Task.objects.create(owner=alice, title="x", tags=["a", "b"]))

    task = Task.objects.get()
    task.tags = ["c"]
    counted(task.save)


def test_tasks_of_two_owners_get_tags_of_their_own(alice, bob):
    Task.objects.bulk_create(Task(owner=owner, title="x", tags=["t"]) for owner in (alice, bob))

    assert set(Tag.objects.values_list("owner", "name", "revision")) == {(alice.pk, "t", 1), (bob.pk, "t", 1)}
    assert {task.revision for task in Task.objects.all()} == {1}


@pytest.mark.parametrize("fields", [None, ["name"], ["name", "password"]])
def test_the_profile_is_counted(alice, fields):
    alice.name = "New"

    alice.save(update_fields=fields)

    assert (alice.revision, revision_of(alice)) == (1, 1)


def test_every_model_that_is_counted_is_tried():
    assert {Task, Project, Tag} <= set(REVISED)
    for model in REVISED:
        assert type(model._base_manager) is type(model.objects)
        assert model._default_manager.model is model

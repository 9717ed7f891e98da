"""Undo that couldn't be exact: it is refused with the reason, and nothing changes."""

import pytest

from assistants.models import ToolCall
from assistants.tests.test_undo import MONTHLY, fresh, state
from todos.models import Project, Task


@pytest.fixture
def task(alice) -> Task:
    return Task.objects.create(owner=alice, title="Milk", project=Project.objects.create(owner=alice, name="Home"))


@pytest.fixture
def refused(assistant, api):
    """Asserts that undo is refused with this text, and that nothing changed."""

    def check(text: str) -> None:
        before = state(api)
        assert text in assistant.refusal("undo")
        assert state(api) == before

    return check


def change(task: Task, **fields) -> None:
    task = fresh(task)
    for name, value in fields.items():
        setattr(task, name, value)
    task.save()


def test_what_somebody_changed_since_stays(assistant, task, refused):
    assistant.call("update_task", id=str(task.pk), title="Oat milk")
    change(task, priority=4)

    refused("changed since")


def test_a_next_occurrence_that_somebody_changed_stays(assistant, alice, refused):
    task = Task.objects.create(owner=alice, title="Rent", **MONTHLY)
    assistant.call("complete_task", id=str(task.pk))
    Task.objects.get(pk=fresh(task).next_occurrence).complete()

    refused("changed since")


def test_what_somebody_added_below_an_added_task_stays(assistant, alice, refused):
    [added] = assistant.call("add_tasks", tasks=[{"title": "Shop"}])["tasks"]
    Task.objects.create(owner=alice, title="Milk", parent_id=added["id"])

    refused("above or below")


def test_a_parent_that_somebody_completed_since_stays(assistant, alice, task, refused):
    child = Task.objects.create(owner=alice, title="Find out which", parent=task)
    assistant.call("complete_task", id=str(child.pk))
    fresh(task).complete()

    refused("above or below")


def test_no_task_goes_back_below_one_that_was_moved_below_it(assistant, alice, task, refused):
    child = Task.objects.create(owner=alice, title="Find out which", parent=task)
    assistant.call("update_task", id=str(child.pk), parent=None)
    change(task, parent=fresh(child))

    refused("above or below")


def test_no_task_goes_back_to_a_parent_that_moved_to_another_project(assistant, alice, task, refused):
    child = Task.objects.create(owner=alice, title="Find out which", parent=task)
    assistant.call("update_task", id=str(child.pk), parent=None)
    change(task, project=None)

    refused("above or below")


def test_what_somebody_added_below_a_moved_task_stays_sound(assistant, alice, task, refused):
    assistant.call("update_task", id=str(task.pk), project=None)
    Task.objects.create(owner=alice, title="Find out which", parent=fresh(task))

    refused("above or below")


@pytest.mark.parametrize("purged", [False, True])
def test_no_task_goes_back_to_a_project_that_was_deleted(assistant, task, refused, purged):
    assistant.call("update_task", id=str(task.pk), project=None)
    task.project.delete()
    if purged:
        Project.objects.in_trash().purge()

    refused("deleted since")


@pytest.mark.parametrize("purged", [False, True])
def test_no_task_goes_back_to_a_parent_that_was_deleted(assistant, alice, task, refused, purged):
    child = Task.objects.create(owner=alice, title="Find out which", parent=task)
    assistant.call("update_task", id=str(child.pk), parent=None)
    fresh(task).delete()
    if purged:
        Task.objects.in_trash().purge()

    refused("deleted since")


def test_a_deleted_task_that_was_purged_is_gone(assistant, task, refused):
    assistant.call("delete_task", id=str(task.pk))
    Task.objects.in_trash().purge()

    refused("changed since")


def test_a_deleted_task_whose_project_was_deleted_stays(assistant, task, refused):
    assistant.call("delete_task", id=str(task.pk))
    task.project.delete()

    refused("above or below")


def test_a_change_of_very_many_tasks_is_not_for_undo(assistant, alice, task, refused, monkeypatch):
    monkeypatch.setattr(ToolCall, "MAX_TASKS", 2)
    Task.objects.bulk_create(Task(owner=alice, title=f"{number}", parent=task) for number in range(2))
    assistant.call("complete_task", id=str(task.pk))

    refused("more than 2 tasks")


def test_a_jwt_has_no_undo(assistant, task, monkeypatch):
    monkeypatch.setattr("assistants.undo.ApiToken", type("NoApiToken", (), {}))

    assert "Only the changes of API tokens" in assistant.refusal("undo")

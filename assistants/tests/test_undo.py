"""Undo takes back what this token wrote last, exactly, or says why not."""

import pytest

from todos.models import Task


def state(task: Task) -> dict:
    """The task as clients see it, but for what every write stamps."""
    fresh = Task.objects.get(pk=task.pk)
    stamps = {"revision", "updated_at", "automatic_revision", "completed_in_revision"}
    return {field.attname: getattr(fresh, field.attname) for field in Task._meta.fields if field.name not in stamps} | {
        "tags": fresh.tags
    }


@pytest.fixture
def full(alice) -> Task:
    return Task.objects.create(owner=alice, title="Milk", priority=2, due_date="2030-01-31", tags=["shop"])


@pytest.mark.parametrize(
    ("tool", "fields"),
    [
        ("update_task", {"title": "Oat milk", "priority": 4, "tags": ["home"], "due_date": None}),
        ("update_task", {"description": "2 l"}),
        ("complete_task", {}),
        ("delete_task", {}),
    ],
)
def test_it_is_exact(assistant, full, tool, fields):
    before = state(full)

    assistant.call(tool, id=str(full.pk), **fields)
    assert state(full) != before
    assistant.call("undo")

    assert state(full) == before


def test_reopening_is_taken_back_to_the_same_moment(assistant, full):
    full.complete()
    before = state(full)

    assistant.call("reopen_task", id=str(full.pk))
    assistant.call("undo")

    assert state(full) == before


def test_what_was_added_goes_to_the_trash(assistant, alice):
    assistant.call("add_tasks", tasks=[{"title": "Milk"}, {"title": "Bread"}])

    assistant.call("undo")

    assert not Task.objects.present().exists()


def test_a_recurring_task_loses_its_next_occurrence_again(assistant, alice):
    task = Task.objects.create(owner=alice, title="Rent", due_date="2030-01-31", recurrence="FREQ=MONTHLY")

    assistant.call("complete_task", id=str(task.pk))
    assistant.call("undo")

    [left] = Task.objects.present()
    assert (left.pk, left.completed) == (task.pk, False)


def test_several_are_taken_back_one_after_the_other(assistant, alice):
    [task] = assistant.call("add_tasks", tasks=[{"title": "Milk"}])["tasks"]
    assistant.call("update_task", id=task["id"], title="Oat milk")
    assistant.call("complete_task", id=task["id"])

    undone = [assistant.call("undo")["undone"] for _ in range(3)]

    assert undone == ["complete_task", "update_task", "add_tasks"]
    assert Task.objects.get().title == "Milk"
    assert "nothing to undo" in assistant.refusal("undo")


def test_what_somebody_changed_since_stays(assistant, full):
    assistant.call("update_task", id=str(full.pk), title="Oat milk")
    task = Task.objects.get()
    task.priority = 4
    task.save()

    assert "changed since" in assistant.refusal("undo")
    assert Task.objects.get().title == "Oat milk"


def test_only_the_writes_of_this_token_are_taken_back(assistant, assistant_of, alice, bob):
    assistant.call("add_tasks", tasks=[{"title": "Milk"}])

    for other in (assistant_of(alice), assistant_of(bob)):
        assert "nothing to undo" in other.refusal("undo")
    assert Task.objects.present().count() == 1


@pytest.mark.parametrize("fields", [{"due_date": "2030-02-01"}, {"recurrence": ""}])
def test_a_changed_series_says_why_not(assistant, alice, fields):
    task = Task.objects.create(owner=alice, title="Rent", due_date="2030-01-31", recurrence="FREQ=MONTHLY")
    assistant.call("update_task", id=str(task.pk), **fields)
    changed = state(task)

    assert "series" in assistant.refusal("undo")
    assert state(task) == changed


def test_the_last_20_are_kept(assistant, alice):
    [task] = assistant.call("add_tasks", tasks=[{"title": "0"}])["tasks"]
    for number in range(1, 22):
        assistant.call("update_task", id=task["id"], title=str(number))

    for _ in range(20):
        assistant.call("undo")

    assert "nothing to undo" in assistant.refusal("undo")
    assert Task.objects.get().title == "1"

"""Undo takes back what this token wrote last, exactly, or says why not."""

import pytest

from assistants.models import ToolCall
from todos.models import Project, Tag, Task

MONTHLY = {"due_date": "2030-01-31", "recurrence": "FREQ=MONTHLY"}


def state(api) -> dict:
    """What the API shows of the tasks, projects and tags that there are, but for what every write stamps."""
    lists = {name: api.get(f"/{name}/?limit=200").json()["results"] for name in ("tasks", "projects", "tags")}
    stamps = ("revision", "updated_at")
    return {name: [{key: row[key] for key in row if key not in stamps} for row in rows] for name, rows in lists.items()}


def fresh(task: Task) -> Task:
    return Task.objects.get(pk=task.pk)


@pytest.fixture
def shopping(alice) -> dict[str, Task]:
    """A tree of tasks in a project, with a monthly one and one that was completed before."""
    project = Project.objects.create(owner=alice, name="Home")
    tasks: dict[str, Task] = {}
    for title, parent, fields in (
        ("shop", None, {"project": project, "priority": 2, "due_date": "2030-01-31", "tags": ["Shop", "home"]}),
        ("milk", "shop", {"description": "2 l"}),
        ("lactose-free", "milk", {}),
        ("rent", "shop", {**MONTHLY, "reminders": [{"minutes_before": 5}]}),
        ("receipt", "rent", {}),
        ("bread", "shop", {}),
        ("other", None, {"start_date": "2030-01-01"}),
        ("weekly", None, {"due_date": "2030-01-31", "due_time": "09:00", "recurrence": "FREQ=WEEKLY;COUNT=5"}),
        ("step", "weekly", {}),
        ("daily step", "weekly", {"due_date": "2030-01-30", "recurrence": "FREQ=DAILY"}),
    ):
        tasks[title] = Task.objects.create(owner=alice, title=title, parent=tasks.get(parent), **fields)
    tasks["bread"].complete()
    return {task.title: task for task in Task.objects.all()}


@pytest.mark.parametrize(
    ("tool", "title", "fields"),
    [
        ("update_task", "shop", {"title": "Go shopping", "priority": 4, "tags": ["home", "new"], "due_date": None}),
        ("update_task", "shop", {"project": None}),
        ("update_task", "shop", {"completed": True}),
        ("update_task", "milk", {"description": "1 l", "tags": ["brand new"]}),
        ("update_task", "milk", {"parent": None}),
        ("update_task", "milk", {"parent": "other", "title": "Oat milk"}),
        ("update_task", "bread", {"completed": False}),
        ("update_task", "rent", {"due_date": "2030-02-03"}),
        ("update_task", "rent", {"due_time": "12:00"}),
        ("update_task", "rent", {"recurrence": "FREQ=WEEKLY"}),
        ("update_task", "rent", {"recurrence": "", "reminders": []}),
        ("update_task", "rent", {"due_date": "2030-02-03", "restart_series": True}),
        ("update_task", "rent", {"due_date": "2030-03-01", "recurrence": "FREQ=YEARLY", "repeat_from": "completion"}),
        ("update_task", "rent", {"completed": True, "completed_at": "2020-01-01T00:00:00Z"}),
        ("update_task", "weekly", {"completed": True, "title": "Last one"}),
        ("update_task", "other", {"start_date": None, **MONTHLY}),
        *[("complete_task", title, {}) for title in ("shop", "milk", "rent", "weekly", "step", "daily step", "other")],
        *[("delete_task", title, {}) for title in ("shop", "milk", "rent", "bread", "weekly", "daily step")],
        ("reopen_task", "bread", {}),
        ("add_tasks", "", {"tasks": [{"title": "Salt", "tags": ["Shop"], "completed": True}, {"title": "Oil"}]}),
        ("add_tasks", "", {"tasks": [{"title": "Gym", **MONTHLY, "completed": True}]}),
    ],
)
def test_all_is_as_it_was_before(assistant, api, shopping, tool, title, fields):
    if fields.get("parent"):
        fields = {"parent": str(shopping[fields["parent"]].pk)}
    before = state(api)

    assistant.call(tool, **({"id": str(shopping[title].pk)} if title else {}), **fields)
    assert state(api) != before
    undone = assistant.call("undo")

    assert undone["undone"] == tool
    assert state(api) == before


@pytest.mark.parametrize("title", ["weekly", "rent", "shop", "lactose-free"])
def test_reopening_is_taken_back_with_all_that_it_reopened(assistant, api, shopping, title):
    shopping["lactose-free"].complete()
    fresh(shopping["rent"]).complete()
    shopping["weekly"].complete()
    fresh(shopping["shop"]).complete()
    before = state(api)

    assistant.call("reopen_task", id=str(shopping[title].pk))
    assert state(api) != before
    assistant.call("undo")

    assert state(api) == before


def test_what_was_completed_together_is_reopened_together_afterwards(assistant, api, shopping):
    before = state(api)
    shopping["milk"].complete()
    fresh(shopping["shop"]).complete()

    assistant.call("reopen_task", id=str(shopping["lactose-free"].pk))
    assistant.call("undo")
    fresh(shopping["shop"]).reopen()

    assert fresh(shopping["lactose-free"]).completed
    fresh(shopping["milk"]).reopen()
    assert [(task["title"], task["completed"]) for task in state(api)["tasks"]] == [
        (task["title"], task["completed"]) for task in before["tasks"]
    ]


def test_a_next_occurrence_that_nobody_touched_stays_untouched(assistant, alice):
    Task.objects.create(owner=alice, title="Rent", **MONTHLY)
    task = Task.objects.get().complete()
    assistant.call("update_task", id=str(task.next_occurrence), title="Rent and heating")
    assistant.call("undo")

    task.reopen()

    assert [each.pk for each in Task.objects.present()] == [task.pk]


def test_what_moved_with_its_parent_in_the_trash_goes_back_too(assistant, shopping):
    milk, shop = shopping["milk"], shopping["shop"]
    milk.delete()
    before = Task.objects.values("parent", "project", "level").get(pk=milk.pk)
    assistant.call("update_task", id=str(shop.pk), project=None)

    assistant.call("undo")

    assert Task.objects.values("parent", "project", "level").get(pk=milk.pk) == before


def test_what_was_added_goes_to_the_trash(assistant, alice):
    assistant.call("add_tasks", tasks=[{"title": "Milk", "tags": ["shop"]}, {"title": "Bread"}])

    undone = assistant.call("undo")

    assert undone == {"undone": "add_tasks", "total": 0, "tasks": [], "moved_to_trash": 2}
    assert {(task.title, task.deleted_at is not None) for task in Task.objects.all()} == {
        ("Milk", True),
        ("Bread", True),
    }


def test_new_tags_go_unless_a_task_in_the_trash_has_them(assistant, alice, shopping):
    assistant.call("update_task", id=str(shopping["milk"].pk), tags=["brand new"])
    assistant.call("undo")
    assistant.call("add_tasks", tasks=[{"title": "Salt", "tags": ["spice"]}])
    assistant.call("undo")

    assert [tag.name for tag in Tag.objects.present()] == ["home", "Shop", "spice"]


def test_several_are_taken_back_one_after_the_other(assistant, api, shopping):
    states, writes = [], [("complete_task", "rent"), ("complete_task", "shop"), ("reopen_task", "rent")]
    for tool, title in writes:
        states.append(state(api))
        assistant.call(tool, id=str(shopping[title].pk))

    for (tool, _), before in reversed(list(zip(writes, states, strict=True))):
        assert assistant.call("undo")["undone"] == tool
        assert state(api) == before
    assert "nothing to undo" in assistant.refusal("undo")


def test_undo_is_one_revision(assistant, alice, shopping):
    assistant.call("complete_task", id=str(shopping["shop"].pk))
    alice.refresh_from_db()
    before = alice.revision

    assistant.call("undo")

    alice.refresh_from_db()
    assert alice.revision == before + 1


def test_only_the_writes_of_this_token_are_taken_back(assistant, assistant_of, alice, bob):
    assistant.call("add_tasks", tasks=[{"title": "Milk"}])

    for other in (assistant_of(alice), assistant_of(bob)):
        assert "nothing to undo" in other.refusal("undo")
    assert Task.objects.present().count() == 1


def test_the_last_20_are_kept(assistant, alice):
    [task] = assistant.call("add_tasks", tasks=[{"title": "0"}])["tasks"]
    for number in range(1, 22):
        assistant.call("update_task", id=task["id"], title=str(number))

    for _ in range(20):
        assistant.call("undo")

    assert "nothing to undo" in assistant.refusal("undo")
    assert Task.objects.get().title == "1"


def test_a_write_that_changed_nothing_is_nothing_to_undo(assistant, shopping):
    assistant.call("complete_task", id=str(shopping["bread"].pk))

    assert "nothing to undo" in assistant.refusal("undo")


def test_the_calls_of_a_token_go_with_it(assistant, assistant_of, api, alice):
    other = assistant_of(alice)
    for each in (assistant, other):
        each.call("add_tasks", tasks=[{"title": "Milk"}])

    assert api.delete(f"/tokens/{assistant.token.pk}/").status_code == 204

    assert [call.token_id for call in ToolCall.objects.all()] == [other.token.pk]
    assert assistant.ask("tools/call", {"name": "undo"}).status_code == 401

"""Undo: reopening brings back what was completed along with a task, and takes back its next occurrence."""

from math import nextafter

import pytest

from todos.models import Task
from todos.tests.conftest import open_tasks

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize("way", ["reopen", "toggle"])
def test_reopening_brings_back_what_was_completed_along(make, do, way):
    parent = make(title="P")
    child = make(title="a", parent=parent["id"])
    make(title="grandchild", parent=child["id"])
    done_before = make(title="b", parent=parent["id"])
    do("complete", done_before)
    do("complete", parent)

    do(way, parent)

    assert set(Task.objects.open().values_list("title", flat=True)) == {"P", "a", "grandchild"}


def test_reopening_in_bulk_brings_back_what_was_completed_along(api, make, do):
    parent = make(title="P")
    make(title="a", parent=parent["id"])
    do("complete", parent)

    api.post("/tasks/bulk/", {"action": "reopen", "ids": [parent["id"]]})

    assert Task.objects.open().count() == 2


def test_reopening_a_child_leaves_its_siblings_done(make, do):
    parent = make(title="P")
    child = make(title="a", parent=parent["id"])
    make(title="b", parent=parent["id"])
    do("complete", parent)

    do("reopen", child)

    assert set(Task.objects.open().values_list("title", flat=True)) == {"P", "a"}


def test_what_stayed_done_stays_done_at_the_next_undo(make, do):
    parent = make(title="P")
    child = make(title="a", parent=parent["id"])
    make(title="b", parent=parent["id"])
    do("complete", parent)
    do("reopen", child)
    do("complete", parent)

    do("reopen", parent)

    assert set(Task.objects.open().values_list("title", flat=True)) == {"P", "a"}


def test_a_recurring_subtask_that_was_completed_along_is_alive_again(make, do, following):
    parent = make(title="P")
    child = make(title="daily", parent=parent["id"], due_date="2026-11-29", recurrence="FREQ=DAILY")
    do("complete", parent)

    do("reopen", parent)

    assert open_tasks(title="daily") == ["2026-11-29"]
    assert following(child)["due_date"] == "2026-11-30"


@pytest.mark.parametrize(
    "change_tag", [lambda api, tag: api.patch(tag, {"name": "b"}), lambda api, tag: api.delete(tag)]
)
def test_a_tag_that_is_renamed_or_deleted_is_no_touch(api, make, do, change_tag):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY", tags=["a"])
    do("complete", task)
    [tag] = api.get("/tags/").json()["results"]
    change_tag(api, f"/tags/{tag['id']}/")

    do("reopen", task)

    assert open_tasks() == ["2026-12-05"]


def test_being_moved_along_with_a_parent_is_no_touch(api, make, do):
    parent = make(title="P")
    task = make(parent=parent["id"], due_date="2026-12-05", recurrence="FREQ=WEEKLY")
    do("complete", task)
    project = api.post("/projects/", {"name": "Home"}).json()
    do("move", parent, project=project["id"])

    do("reopen", task)

    assert open_tasks(recurrence="FREQ=WEEKLY") == ["2026-12-05"]


def test_a_new_position_because_another_task_was_moved_is_no_touch(make, do):
    task, other = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY"), make()
    following = do("complete", task)["next_occurrence"]
    Task.objects.filter(pk=other["id"]).update(position=nextafter(task["position"], 0))  # no room in between
    do("move", make(), before=following)

    do("reopen", task)

    assert open_tasks(recurrence="FREQ=WEEKLY") == ["2026-12-05"]


def test_a_next_occurrence_that_somebody_changed_stays(make, do, change, following):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY")
    change(following(task), title="Water them well")

    do("reopen", task)

    assert open_tasks() == ["2026-12-05", "2026-12-12"]


def test_reopening_a_child_that_leaves_keeps_the_old_parent_done(make, do, change):
    old, new = make(title="P"), make(title="Q")
    child = make(title="a", parent=old["id"])
    do("complete", old)

    change(child, completed=False, parent=new["id"])

    assert set(Task.objects.open().values_list("title", flat=True)) == {"Q", "a"}


def test_a_next_occurrence_that_the_same_call_changes_stays(api, make, do):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY")
    following = do("complete", task)["next_occurrence"]
    body = {"action": "update", "ids": [task["id"], following], "set": {"completed": False, "priority": 2}}

    results = api.post("/tasks/bulk/", body).json()["results"]

    assert [(each["completed"], each["priority"]) for each in results] == [(False, 2)] * 2
    assert open_tasks(priority=2) == ["2026-12-05", "2026-12-12"]

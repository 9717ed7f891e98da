"""Subtasks that recur keep their own rhythm: they move to the next occurrence of their parent, and back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from todos.models import Task
from todos.tests.conftest import open_tasks

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def family(make):
    parent = make(title="P", due_date="2026-11-28", recurrence="FREQ=WEEKLY")
    return parent, make(title="C", parent=parent["id"], due_date="2026-11-28", recurrence="FREQ=WEEKLY")


def test_a_recurring_subtask_that_was_completed_first_goes_on_once(family, do, following):
    parent, child = family
    do("complete", child)

    fresh = following(parent)

    assert fresh["due_date"] == "2026-12-05"
    assert open_tasks(title="C", parent=fresh["id"]) == ["2026-12-05"]
    assert open_tasks(title="C") == ["2026-12-05"]


def test_a_daily_subtask_of_a_weekly_task_keeps_its_day(make, following):
    parent = make(title="P", due_date="2026-11-28", recurrence="FREQ=WEEKLY")
    make(title="daily", parent=parent["id"], due_date="2026-11-29", recurrence="FREQ=DAILY")

    fresh = following(parent)

    assert open_tasks(title="daily", parent=fresh["id"]) == ["2026-11-29"]


def test_a_recurring_subtask_moves_to_the_copy_of_the_plain_one_that_it_is_below(make, following):
    parent = make(title="P", due_date="2026-11-28", recurrence="FREQ=WEEKLY")
    plain = make(title="plain", parent=parent["id"])
    make(title="daily", parent=plain["id"], due_date="2026-11-29", recurrence="FREQ=DAILY")

    fresh = following(parent)

    daily = Task.objects.open().get(title="daily")
    assert (daily.parent.title, str(daily.parent.parent_id)) == ("plain", fresh["id"])
    assert not daily.parent.completed


def test_reopening_takes_a_recurring_subtask_back(family, do, following):
    parent, _ = family
    following(parent)

    do("reopen", parent)

    assert open_tasks(title="P") == ["2026-11-28"]
    assert open_tasks(title="C") == open_tasks(title="C", parent=parent["id"]) == ["2026-11-28"]


def test_reopening_takes_it_back_to_the_plain_subtask_that_it_was_below(make, do):
    parent = make(title="P", due_date="2026-11-28", recurrence="FREQ=WEEKLY")
    plain = make(title="plain", parent=parent["id"])
    make(title="daily", parent=plain["id"], due_date="2026-11-29", recurrence="FREQ=DAILY")
    do("complete", parent)

    do("reopen", parent)

    assert str(Task.objects.present().open().get(title="daily").parent_id) == plain["id"]
    assert sorted(Task.objects.present().open().values_list("title", flat=True)) == ["P", "daily", "plain"]


def test_what_was_completed_at_its_new_place_goes_back_with_its_next_occurrence(family, do):
    parent, child = family
    do("complete", parent)
    do("complete", child)

    do("reopen", parent)

    assert open_tasks(title="P") == ["2026-11-28"]
    assert open_tasks(title="C") == open_tasks(title="C", parent=parent["id"]) == ["2026-12-05"]
    assert str(Task.objects.completed().get(title="C").parent_id) == parent["id"]


def test_reopening_both_in_one_call_brings_both_back(api, family, do):
    do("complete", family[0])
    do("complete", family[1])

    api.post("/tasks/bulk/", {"action": "reopen", "ids": [task["id"] for task in family]})

    assert open_tasks(title="P") == ["2026-11-28"]
    assert open_tasks(title="C") == open_tasks(title="C", parent=family[0]["id"]) == ["2026-11-28"]
    assert Task.objects.present().count() == 2


def test_what_the_user_puts_below_a_next_occurrence_stays_there(make, do, change, following, family):
    parent, child = family
    change(following(parent), title="touched")  # so that C stays there when P is reopened
    do("reopen", parent)
    other = make(title="Q", due_date="2026-11-28", recurrence="FREQ=WEEKLY")
    place = following(other)
    do("move", child, parent=place["id"])

    do("reopen", other)

    assert open_tasks(title="C", parent=place["id"]) == ["2026-11-28"]
    assert open_tasks(title="Q") == ["2026-11-28", "2026-12-05"]


def test_a_parent_that_is_saved_alone_is_chosen_by_somebody_too(make, do, family):
    do("complete", family[0])
    child = Task.objects.get(pk=family[1]["id"])
    child.parent = Task.objects.get(pk=make(title="Q")["id"])

    child.save(update_fields=["parent"])

    assert Task.objects.get(pk=child.pk).carried_from is None


@pytest.mark.parametrize("way", ["reopen", "bulk"])
def test_what_has_no_room_below_a_parent_that_is_deeper_by_now_goes_to_the_top(api, make, do, family, way):
    parent, child = family
    below = child
    for title in "def":
        below = make(title=title, parent=below["id"])
    done = make(title="done", completed=True)
    do("complete", parent)
    do("move", parent, parent=done["id"])

    if way == "bulk":
        api.post("/tasks/bulk/", {"action": "reopen", "ids": [parent["id"]]})
    else:
        do("reopen", parent)

    assert not Task.objects.misplaced().exists()
    assert open_tasks(title="P") == ["2026-11-28"]
    assert open_tasks(title="C") == open_tasks(title="C", parent=None) == ["2026-11-28"]


def test_many_that_go_back_cost_the_same_queries_as_one(api, make):
    counts = []
    for many in (1, 10):
        parents = [make(title="P", due_date="2026-11-28", recurrence="FREQ=WEEKLY") for _ in range(many)]
        for parent in parents:
            make(title="C", parent=parent["id"], due_date="2026-11-28", recurrence="FREQ=DAILY")
        ids = [parent["id"] for parent in parents]
        api.post("/tasks/bulk/", {"action": "complete", "ids": ids})
        with CaptureQueriesContext(connection) as queries:
            api.post("/tasks/bulk/", {"action": "reopen", "ids": ids})
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_under_the_last_occurrence_it_is_completed_along(make, do):
    parent = make(title="P", due_date="2026-11-28", recurrence="FREQ=WEEKLY;COUNT=1")
    make(title="daily", parent=parent["id"], due_date="2026-11-29", recurrence="FREQ=DAILY")

    do("complete", parent)

    assert open_tasks() == []


# Completed in one call with the task that they are below


@pytest.fixture
def complete(api):
    def complete(*tasks: dict) -> None:
        response = api.post("/tasks/bulk/", {"action": "complete", "ids": [task["id"] for task in tasks]})
        assert response.status_code == 200, response.json()

    return complete


@pytest.mark.parametrize("order", [1, -1])
def test_a_recurring_subtask_that_is_completed_with_its_parent_goes_on_below_the_next_one(family, complete, order):
    complete(*family[::order])

    [parent] = Task.objects.open().filter(title="P")
    assert str(parent.due_date) == "2026-12-05"
    assert open_tasks(title="C") == open_tasks(title="C", parent=parent) == ["2026-12-05"]


@pytest.mark.parametrize("rule", ["", "FREQ=DAILY"])
@pytest.mark.parametrize("order", [1, -1])
def test_what_is_completed_below_one_that_goes_on_is_closed_as_if_it_were_alone(make, complete, family, rule, order):
    parent, child = family
    inner = make(title="inner", parent=child["id"], due_date="2026-11-28", recurrence=rule)
    make(title="innermost", parent=inner["id"])

    complete(*[parent, inner][::order])

    assert not Task.objects.misplaced().exists()
    assert open_tasks(title="C") == ["2026-11-28"]
    following = ["2026-11-29"] if rule else []
    assert open_tasks(title="inner") == open_tasks(title="inner", parent=child["id"]) == following
    assert Task.objects.open().filter(title="innermost").count() == len(following)

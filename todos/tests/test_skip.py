"""Skipping: a recurring task goes on to its next date without being completed."""

import pytest

from testing.problems import refused
from todos.models import Task

pytestmark = pytest.mark.usefixtures("clock")


def test_skipping_goes_on_to_the_next_date_without_completing(make, do):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY")

    skipped = do("skip", task)

    assert (skipped["due_date"], skipped["occurrence_date"]) == ("2026-12-12", "2026-12-12")
    assert not skipped["completed"]
    assert Task.objects.count() == 1


def test_what_does_not_recur_can_not_be_skipped(api, make):
    task = make()

    assert refused(api.post(f"/tasks/{task['id']}/skip/")) == [("recurrence", "not_recurring")]


def test_the_last_occurrence_can_not_be_skipped(api, make):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY;COUNT=1")

    assert refused(api.post(f"/tasks/{task['id']}/skip/")) == [("recurrence", "last_occurrence")]


def test_a_completed_task_can_not_be_skipped(api, make, do):
    task = do("complete", make(due_date="2026-12-05", recurrence="FREQ=WEEKLY"))

    assert refused(api.post(f"/tasks/{task['id']}/skip/")) == [("completed", "completed")]
    assert api.get(f"/tasks/{task['id']}/").json() == task


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("2026-11-20", "2026-12-08"),  # late: counted from today
        ("2026-11-28", "2026-12-08"),
        ("2026-11-29", "2026-12-09"),
        ("2027-02-10", "2027-02-20"),
    ],
)
def test_a_rule_that_repeats_from_completion_counts_from_the_skipped_date_or_today(make, do, due, expected):
    task = make(due_date=due, recurrence="FREQ=DAILY;INTERVAL=10", repeat_from="completion")

    assert do("skip", task)["due_date"] == expected


def test_each_skip_uses_up_one_of_count(api, make, do):
    task = make(due_date="2026-12-05", recurrence="FREQ=DAILY;COUNT=3", repeat_from="completion")

    assert [do("skip", task)["due_date"] for _ in range(2)] == ["2026-12-06", "2026-12-07"]
    assert refused(api.post(f"/tasks/{task['id']}/skip/")) == [("recurrence", "last_occurrence")]

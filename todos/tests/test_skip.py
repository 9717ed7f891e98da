"""Skipping: a recurring task goes on to its next date without being completed."""

from datetime import UTC, datetime

import pytest
import time_machine

from testing.problems import refused
from todos.models import Task

NOVEMBER_28 = datetime(2026, 11, 28, 20, 50, tzinfo=UTC)  # 21:50 in Zurich


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOVEMBER_28, tick=False) as clock:
        yield clock


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

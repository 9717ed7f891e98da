"""Large writes and broken rows of one owner: the others get their turns, and no event is lost or doubled."""

from datetime import timedelta
from unittest.mock import Mock
from uuid import UUID

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from api.ids import uuid7
from live import delivering, turns
from live.events import record
from live.models import Delivery, Hook, Outbox, OutgoingMail
from live.reminding import Reminding
from live.worker import Worker
from ownership.transactions import RevisionTransaction
from todos.models import Task
from users.models import User


@pytest.fixture
def hooks(alice, bob) -> list[Hook]:
    return [Hook.objects.create(owner=owner, url="https://example.com/") for owner in (alice, alice, bob)]


@pytest.fixture
def small_turns(monkeypatch) -> None:
    """Turns of four events, in two rows."""
    monkeypatch.setattr(Outbox, "MAX_EVENTS", 2)
    monkeypatch.setattr(delivering, "ROWS_AT_ONCE", 2)


def write(owner: User, count: int) -> list[UUID]:
    """Record a write of so many tasks. Returns their ids."""
    current = RevisionTransaction(owner.pk, 1, is_watched=True, timezone="UTC")
    current.record(Task, "created", [uuid7() for _ in range(count)])
    record(current)
    return current.changes["task.created"]


def queue(hook: Hook) -> list[UUID]:
    return list(hook.deliveries.order_by("id").values_list("object_id", flat=True))


def errors(caplog) -> list[dict]:
    return [each.fields for each in caplog.records if each.name == "live.turns"]


def test_a_large_write_gets_one_limited_turn_in_a_round(alice, bob, hooks):
    tasks, task = write(alice, 810), write(bob, 1)

    is_behind = delivering.FanOut().round()

    assert is_behind
    assert [queue(hook) for hook in hooks] == [tasks[:400], tasks[:400], task]


def test_the_next_rounds_take_the_rest_in_order(alice, hooks):
    fan_out, tasks = delivering.FanOut(), write(alice, 810)
    more = write(alice, 3)

    assert [fan_out.round() for _ in range(3)] == [True, True, False]

    assert [queue(hook) for hook in hooks] == [tasks + more, tasks + more, []]
    assert not Outbox.objects.exists()


def test_a_turn_that_is_broken_off_neither_loses_nor_doubles_an_event(alice, hooks, small_turns, monkeypatch):
    fan_out, tasks = delivering.FanOut(), write(alice, 10)
    fan_out.round()

    with monkeypatch.context() as patch:
        patch.setattr(Outbox.objects, "filter", broken_off_at_the_end(Outbox.objects.filter))
        fan_out.round()
    assert [queue(hook) for hook in hooks] == [tasks[:4], tasks[:4], []]
    with time_machine.travel(timezone.now() + turns.PAUSE):
        while fan_out.round():
            pass

    assert [queue(hook) for hook in hooks] == [tasks, tasks, []]
    assert len(set(Delivery.objects.values_list("key", flat=True))) == 20


def broken_off_at_the_end(filter):
    def broken(**lookups):
        if "pk__in" in lookups:  # to delete what is in the queues by now
            raise DatabaseError
        return filter(**lookups)

    return broken


def test_the_worker_goes_on_at_once_with_what_is_left(alice, hooks, small_turns):
    write(alice, 10)
    worker = Worker()

    worker.is_behind = delivering.FanOut().round()
    seconds = worker.seconds_to_next()
    worker.close()

    assert seconds == 0


def test_once_takes_all_turns(alice, hooks, small_turns, work):
    Hook.objects.update(events=["task.completed"])  # none of these: nothing is sent in between
    write(alice, 10)

    work()

    assert not Outbox.objects.exists()


def test_rows_that_fail_are_logged_with_their_owner_and_stop_nobody_else(alice, bob, hooks, caplog):
    Outbox.objects.create(owner=alice, revision=1, events=[["task.created", "no id"]])
    task = write(bob, 1)

    is_behind = delivering.FanOut().round()

    assert not is_behind
    assert [queue(hook) for hook in hooks] == [[], [], task]
    assert errors(caplog) == [{"owner": alice.pk, "turn": "FanOut"}]


def test_an_owner_whose_turn_failed_has_the_next_one_after_a_pause(alice, hooks, caplog):
    fan_out = delivering.FanOut()
    Outbox.objects.create(owner=alice, revision=1, events=[["task.created", "no id"]])

    fan_out.round()
    fan_out.round()
    assert len(errors(caplog)) == 1
    with time_machine.travel(timezone.now() + turns.PAUSE):
        fan_out.round()

    assert len(errors(caplog)) == 2


def test_an_owner_whose_turn_ends_the_connection_pauses_too(alice, bob, hooks, monkeypatch):
    fan_out, task = delivering.FanOut(), write(bob, 1)
    Outbox.objects.create(owner=alice, revision=1, events=[["task.created", "no id"]])
    monkeypatch.setattr(turns, "connection", Mock(is_usable=lambda: False))

    with pytest.raises(ValidationError):
        fan_out.round()
    fan_out.round()

    assert queue(hooks[2]) == task


def test_a_stop_ends_a_round(alice, bob, hooks, monkeypatch):
    write(alice, 1), write(bob, 1)
    worker, taken = Worker(), []

    def take(turns, owner_id) -> None:
        taken.append(owner_id)
        worker.stop()

    monkeypatch.setattr(delivering.FanOut, "take", take)
    monkeypatch.setattr(delivering, "claim_hooks", Mock())

    worker.work()
    worker.close()

    assert (len(taken), delivering.claim_hooks.called) == (1, False)


@pytest.fixture
def broken_task(alice) -> Task:
    task = Task.objects.create(owner=alice, title="Buy milk")
    break_reminder = {"reminders": [{"at": "no date"}], "remind_at": timezone.now()}
    QuerySet(Task).filter(pk=task.pk).update(**break_reminder)
    return task


def test_a_reminder_that_fails_is_logged_with_its_owner_and_stops_nobody_else(alice, bob, broken_task, caplog):
    due = timezone.now() + timedelta(seconds=1)
    Task.objects.create(owner=bob, title="Buy bread", reminders=[{"at": due.isoformat()}])

    with time_machine.travel(due):
        Reminding().round()

    assert [mail.owner for mail in OutgoingMail.objects.all()] == [bob]
    assert errors(caplog) == [{"owner": alice.pk, "turn": "Reminding"}]


def test_the_worker_sleeps_while_the_only_owner_with_something_due_pauses(broken_task, settings):
    settings.WORK_POLL_SECONDS = 3600
    worker = Worker()

    worker.work()
    seconds = worker.seconds_to_next()
    worker.close()

    assert turns.PAUSE.total_seconds() - 5 < seconds <= turns.PAUSE.total_seconds()

"""Reminders: each once, at its moment, by email and as an event."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.core import mail

from live import mails, reminding
from live.models import Outbox, OutgoingMail
from todos.models import Project, Task
from users.models import User

NOON = datetime(2030, 1, 15, 12, tzinfo=UTC)  # 13:00 in Zurich


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def make(owner: User, *reminders, **fields) -> Task:
    fields = {"title": "Buy milk", "due_date": date(2030, 1, 15), "due_time": time(14), **fields}
    return Task.objects.create(owner=owner, reminders=list(reminders), **fields)


def before(minutes: int) -> dict:
    return {"minutes_before": minutes}


def at(moment: datetime) -> dict:
    return {"at": moment.isoformat().replace("+00:00", "Z")}


def remind_at(task: Task) -> datetime | None:
    return Task.objects.get(pk=task.pk).remind_at


def zurich(hour: int, minute: int = 0, day: int = 15) -> datetime:
    return datetime(2030, 1, day, hour - 1, minute, tzinfo=UTC)


def test_it_comes_by_email_in_the_owners_zone(alice, work, clock):
    task = make(alice, before(30))
    work()
    assert mail.outbox == []

    clock.move_to(zurich(13, 30))
    work()
    work()

    [message] = mail.outbox
    assert message.to == ["alice@example.com"]
    assert message.subject == "Reminder: Buy milk"
    assert "Buy milk\nDue: Tuesday, 15 January 2030, 14:00\n" in message.body
    assert f"https://todo.example.com/api/v1/tasks/{task.pk}/\n" in message.body
    assert "Times are in your time zone, Europe/Zurich." in message.body
    assert (Task.objects.get().revision, User.objects.get().revision) == (1, 1)


def test_it_comes_as_an_event(api, alice, hook, receiver, work, clock):
    made = hook(events=["reminder.due"])
    task = make(alice, before(0))

    clock.move_to(zurich(14))
    work()

    [event] = receiver.got
    event.verify(made["secret"])
    assert event.body == {
        "type": "reminder.due",
        "timestamp": "2030-01-15T13:00:00Z",
        "data": {
            "id": str(task.pk),
            "revision": 1,
            "object": api.get(f"/tasks/{task.pk}/").json(),
            "remind_at": "2030-01-15T13:00:00Z",
        },
    }


def test_each_of_a_task_comes_and_none_twice(alice, work, clock):
    task = make(alice, before(30), before(0), before(30), at(zurich(13, 45)))

    for minute in range(13 * 60, 15 * 60):
        clock.move_to(zurich(13) + timedelta(minutes=minute - 13 * 60))
        work()

    assert len(mail.outbox) == 3
    assert remind_at(task) is None


def test_many_of_the_same_minute_are_one_email(alice, work, clock):
    for number in range(3):
        make(alice, before(30), title=f"Task {number}")
    make(alice, at(zurich(13, 30) + timedelta(seconds=40)), title="Later in this minute")

    for second in range(0, 70, 10):
        clock.move_to(zurich(13, 30) + timedelta(seconds=second))
        work()

    [message] = mail.outbox
    assert message.subject.startswith("4 reminders: Task ")
    assert all(title in message.body for title in ("Task 0", "Task 1", "Task 2", "Later in this minute"))


def test_a_day_late_is_too_late(alice, bob, work, clock):
    make(alice, before(0))
    make(bob, before(0))
    clock.move_to(zurich(14, day=16))
    work()
    assert sorted(message.to for message in mail.outbox) == [["alice@example.com"], ["bob@example.com"]]

    make(alice, before(0), due_date=date(2030, 1, 17))
    clock.move_to(zurich(14, day=18) + timedelta(seconds=1))
    work()

    assert len(mail.outbox) == 2
    assert not Task.objects.exclude(remind_at=None).exists()


def test_what_is_written_when_its_moment_has_passed_does_not_remind(alice, work):
    assert remind_at(make(alice, before(90))) is None
    assert remind_at(make(alice, at(NOON))) is None


def test_another_write_loses_none_that_is_late(alice, work, clock):
    task = make(alice, before(0))
    clock.move_to(zurich(14, 5))

    task.title = "Buy oat milk"
    task.reminders = [before(0), at(zurich(20))]
    task.save()
    assert remind_at(task) == zurich(14)
    work()

    assert len(mail.outbox) == 1
    assert remind_at(task) == zurich(20)


def test_another_write_repeats_none_that_has_come(alice, work, clock):
    stale = make(alice, before(0))
    clock.move_to(zurich(14, 5))
    work()

    stale.reminders = [before(0), at(zurich(20))]  # an object that was read before
    stale.save()
    work()

    assert len(mail.outbox) == 1
    assert remind_at(stale) == zurich(20)


def test_a_clock_that_is_behind_repeats_none(alice, work, clock):
    task = make(alice, before(0))
    clock.move_to(zurich(14))
    work()

    clock.move_to(zurich(13, 59))
    task = Task.objects.get(pk=task.pk)
    task.reminders = [before(0), before(1)]
    task.save()

    assert remind_at(task) is None


def test_what_is_done_or_in_the_trash_does_not_remind(alice, work, clock):
    done, trashed, project = (
        make(alice, before(0)),
        make(alice, before(0)),
        Project.objects.create(owner=alice, name="P"),
    )
    along = make(alice, before(0), project=project)
    subtask = make(alice, before(0), parent=done)
    done.complete()
    trashed.delete()
    project.delete()
    assert [remind_at(each) for each in (done, trashed, along, subtask)] == [None] * 4

    Task.objects.get(pk=done.pk).reopen()
    Task.objects.get(pk=trashed.pk).restore()
    project.restore()

    assert [remind_at(each) for each in (done, trashed, along, subtask)] == [zurich(14)] * 4


def test_many_at_once_follow_too(alice):
    tasks = [make(alice, before(0)), make(alice, before(60), at(zurich(20))), make(alice)]
    every = Task.objects.all()

    every.update(due_date=date(2030, 1, 16))
    assert [remind_at(task) for task in tasks] == [zurich(14, day=16), zurich(20), None]
    every.update(completed_at=NOON)
    assert [remind_at(task) for task in tasks] == [None, None, None]
    every.update(completed_at=None)
    assert [remind_at(task) for task in tasks] == [zurich(14, day=16), zurich(20), None]
    every.update(reminders=[])
    assert [remind_at(task) for task in tasks] == [None, None, None]


def test_many_at_once_remind_to_the_microsecond(alice):
    exact = zurich(20) + timedelta(microseconds=123456)
    first, _ = make(alice, at(exact)), make(alice, at(zurich(21)))

    Task.objects.update(due_date=date(2030, 1, 16))

    assert remind_at(first) == exact


def test_postponing_moves_it_along(api, alice):
    task = make(alice, before(30))

    api.patch(f"/tasks/{task.pk}/", {"due_date": "2030-01-20", "due_time": "09:00"})
    assert remind_at(task) == zurich(8, 30, day=20)
    api.patch(f"/tasks/{task.pk}/", {"due_time": None})
    assert remind_at(task) == datetime(2030, 1, 19, 22, 30, tzinfo=UTC)  # before the day begins
    api.patch(f"/tasks/{task.pk}/", {"title": "Another"})
    assert remind_at(task) == datetime(2030, 1, 19, 22, 30, tzinfo=UTC)


def test_an_occurrence_takes_them_along(alice, work, clock):
    task = make(alice, before(30), at(zurich(13, 15)), recurrence="FREQ=WEEKLY")
    task.complete()
    following = Task.objects.get(completed_at=None)

    assert remind_at(task) is None
    assert remind_at(following) == zurich(13, 15, day=22)
    clock.move_to(zurich(13, 30, day=22))
    work()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("day", "clock_time", "moment"),
    [
        # In Zurich the clock goes from 2:00 to 3:00 on 31 March 2030, and from 3:00 to 2:00 on 27 October.
        (date(2030, 3, 30), time(12), datetime(2030, 3, 30, 11, tzinfo=UTC)),
        (date(2030, 3, 31), time(12), datetime(2030, 3, 31, 10, tzinfo=UTC)),
        (date(2030, 3, 31), time(2, 30), datetime(2030, 3, 31, 1, 30, tzinfo=UTC)),  # there is none: 3:30
        (date(2030, 10, 27), time(2, 30), datetime(2030, 10, 27, 0, 30, tzinfo=UTC)),  # the first of the two
        (date(2030, 10, 27), time(12), datetime(2030, 10, 27, 11, tzinfo=UTC)),
    ],
)
def test_the_wall_clock_counts_on_both_clock_changes(alice, work, clock, day, clock_time, moment):
    task = make(alice, before(0), due_date=day, due_time=clock_time)

    assert remind_at(task) == moment
    clock.move_to(moment - timedelta(seconds=1))
    work()
    assert mail.outbox == []
    clock.move_to(moment)
    work()
    assert len(mail.outbox) == 1


def test_a_daily_task_reminds_once_a_day_over_a_clock_change(alice, work, clock):
    make(alice, before(0), due_date=date(2030, 3, 29), due_time=time(2, 30), recurrence="FREQ=DAILY")
    clock.move_to(datetime(2030, 3, 28, 12, tzinfo=UTC))

    for _ in range(5 * 24):
        clock.shift(3600)
        work()
        for task in Task.objects.filter(completed_at=None, due_date__lt=alice.today()):
            task.complete()

    assert len(mail.outbox) == 5


def test_another_time_zone_works_them_out_again(api, alice):
    floating, fixed = make(alice, before(0), due_time=time(20)), make(alice, at(zurich(20)))

    api.patch("/me/", {"timezone": "America/New_York"})
    assert remind_at(floating) == datetime(2030, 1, 16, 1, tzinfo=UTC)
    assert remind_at(fixed) == zurich(20)
    api.patch("/me/", {"timezone": "Asia/Tokyo"})
    assert remind_at(floating) is None  # 20:00 in Tokyo was an hour ago
    assert (Task.objects.get(pk=floating.pk).revision, User.objects.get().revision) == (1, 4)


def test_a_zone_that_changed_since_the_owner_was_read_counts(alice):
    stale = User.objects.get(pk=alice.pk)
    alice.timezone = "America/New_York"
    alice.save()

    task = make(stale, before(0))

    assert remind_at(task) == datetime(2030, 1, 15, 19, tzinfo=UTC)


def test_who_wants_no_email_gets_none(api, alice, work, clock):
    make(alice, before(0))
    assert api.patch("/me/", {"reminders_by_email": False}).json()["reminders_by_email"] is False

    clock.move_to(zurich(14))
    work()

    assert (mail.outbox, OutgoingMail.objects.count()) == ([], 0)


def test_without_a_mail_server_none_is_written(alice, work, clock, settings):
    settings.SENDS_MAIL = False
    make(alice, before(0))

    clock.move_to(zurich(14))
    work()

    assert (mail.outbox, OutgoingMail.objects.count()) == ([], 0)


def test_one_click_unsubscribes(alice, client, work, clock):
    make(alice, before(0))
    clock.move_to(zurich(14))
    work()
    headers = mail.outbox[0].extra_headers
    link = headers["List-Unsubscribe"].strip("<>").removeprefix("https://todo.example.com")

    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail.outbox[0].body
    assert client.get(link).status_code == 200
    assert User.objects.get().reminders_by_email  # who only looks hasn't decided
    answer = client.post(link, {"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, User.objects.get().reminders_by_email) == (200, False)
    assert client.post(link.replace("unsubscribe/", "unsubscribe/0")).status_code == 404


def test_an_email_that_fails_is_sent_again_as_the_same(alice, work, clock, monkeypatch):
    def fail(message):
        raise OSError("away")

    make(alice, before(0))
    clock.move_to(zurich(14))

    with monkeypatch.context() as patch:
        patch.setattr(mails.EmailMessage, "send", fail)
        work()
    key = OutgoingMail.objects.get().key
    clock.shift(301)
    work()

    [message] = mail.outbox
    assert message.extra_headers["Message-ID"] == f"<{key}@todo.example.com>"
    assert not OutgoingMail.objects.exists()


def test_what_was_done_since_is_left_out_of_the_email(alice, work, clock):
    task = make(alice, before(0))
    clock.move_to(zurich(14))
    reminding.Reminding().round()
    task.complete()

    work()

    assert (mail.outbox, OutgoingMail.objects.count()) == ([], 0)


def test_a_disabled_account_is_not_reminded(alice, work, clock):
    make(alice, before(0))
    User.objects.update(is_active=False)
    clock.move_to(zurich(14))

    work()

    assert mail.outbox == []


def test_owners_without_a_hook_leave_nothing_in_the_outbox(alice, work, clock):
    make(alice, before(0))
    clock.move_to(zurich(14))

    work()

    assert not Outbox.objects.exists()


def test_the_next_moment_is_known(alice):
    make(alice, before(0))
    make(alice, before(30))

    assert list(reminding.next_moments()) == [zurich(13, 30)]

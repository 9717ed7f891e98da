"""From a write to its receiver: exactly one event each, signed, in order, until it is accepted."""

from collections import Counter
from datetime import timedelta
from unittest.mock import Mock

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from dav.tests.conftest import Dav, vtodo
from live import delivering
from live.models import Delivery, Hook, Outbox, OutgoingMail, StreamTicket
from live.tests.conftest import stored
from live.worker import THREADS
from todos.models import Project, Task
from users.models import User


def test_a_receiver_verifies_what_it_gets(api, hook, receiver, deliver):
    made = hook()
    task = api.post("/tasks/", {"title": "Buy milk", "tags": ["food"]}).json()

    deliver()

    [event, tag] = receiver.got
    event.verify(made["secret"])
    assert tag.body["type"] == "tag.created"
    assert event.body == {
        "type": "task.created",
        "timestamp": event.body["timestamp"],
        "data": {"id": task["id"], "revision": task["revision"], "object": task},
    }
    assert event.headers["content-type"] == "application/json"
    assert event.headers["host"] == f"127.0.0.1:{receiver.port}"
    with pytest.raises(WebhookVerificationError):
        event.verify("whsec_c2VjcmV0IG9mIHNvbWVib2R5IGVsc2Ugd2hvIGlzIG5vdA==")


def test_what_a_calendar_client_writes_has_its_events(alice, hook, receiver, deliver):
    hook()
    phone = Dav(alice)
    text = vtodo("DUE;VALUE=DATE:20300131", "RRULE:FREQ=MONTHLY")

    phone.put_text("inbox/milk.ics", text)
    phone.put_text("inbox/milk.ics", text)
    phone.put_text("inbox/milk.ics", text.replace("END:VTODO", "STATUS:COMPLETED\r\nEND:VTODO"))
    phone.call(
        "PROPPATCH",
        "inbox/",
        '<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><x/></d:prop></d:set></d:propertyupdate>',
    )
    phone.call("DELETE", "inbox/milk.ics")

    deliver()
    assert receiver.types == ["task.created", "task.created", "task.completed", "task.deleted"]


def test_a_dry_run_of_an_import_has_no_events(api, hook, receiver, deliver):
    hook()
    file = SimpleUploadedFile("tasks.csv", b"title\nBuy milk\n")

    response = api.post("/import/csv/?dry_run=true", {"file": file}, format="multipart")

    deliver()
    assert (response.status_code, response.json()["created"]["tasks"], receiver.got) == (200, 1, [])


def test_each_kind_of_change_has_its_event(api, hook, receiver, deliver):
    hook()
    task = f"/tasks/{api.post('/tasks/', {'title': 'Buy milk'}).json()['id']}/"
    api.patch(task, {"title": "Buy oat milk"})
    api.post(f"{task}complete/")
    api.post(f"{task}complete/")
    api.post(f"{task}reopen/")
    api.delete(task)
    api.post(f"{task}restore/")
    project = f"/projects/{api.post('/projects/', {'name': 'Home'}).json()['id']}/"
    api.patch(project, {"name": "House"})
    api.delete(project)
    api.post(f"{project}restore/")

    deliver()

    assert receiver.types == [
        *("task.created", "task.updated", "task.completed", "task.reopened", "task.deleted", "task.restored"),
        *("project.created", "project.updated", "project.deleted", "project.restored"),
    ]
    revisions = [each.body["data"]["revision"] for each in receiver.got]
    assert revisions == sorted(revisions)
    assert len({each.id for each in receiver.got}) == len(receiver.got)


def test_an_object_has_one_event_in_each_write(api, alice, hook, receiver, deliver):
    home = Project.objects.create(owner=alice, name="Home")
    rule = {"due_date": "2030-01-31", "recurrence": "FREQ=MONTHLY", "tags": ["money"], "project": str(home.pk)}
    rent = api.post("/tasks/", {"title": "Pay the rent", **rule}).json()
    hook()

    api.post(f"/tasks/{rent['id']}/complete/")
    tag = api.get("/tags/").json()["results"][0]
    api.patch(f"/tags/{tag['id']}/", {"name": "cash"})
    deliver()

    following = Task.objects.get(completed_at=None)
    told = [(each.body["data"]["revision"], each.body["type"], each.body["data"]["id"]) for each in receiver.got]
    last = User.objects.get().revision
    assert sorted(told) == sorted(
        [
            (last - 1, "task.completed", rent["id"]),
            (last - 1, "task.created", str(following.pk)),
            (last, "tag.updated", tag["id"]),
            (last, "task.updated", rent["id"]),
            (last, "task.updated", str(following.pk)),
        ]
    )


def test_the_object_is_as_it_is_when_it_is_sent(api, hook, receiver, deliver):
    hook()
    task = f"/tasks/{api.post('/tasks/', {'title': 'Buy milk'}).json()['id']}/"
    now = api.patch(task, {"title": "Buy oat milk"}).json()
    deliver()
    api.delete(task)
    deliver()

    assert [each.body["data"]["object"] for each in receiver.got] == [now, now, None]
    assert [each.body["data"]["revision"] for each in receiver.got] == [1, 2, 3]


def test_only_what_a_hook_asks_for_comes(api, hook, receiver, deliver):
    hook(events=["task.completed"])
    task = api.post("/tasks/", {"title": "Buy milk"}).json()
    api.post(f"/tasks/{task['id']}/complete/")

    deliver()

    assert receiver.types == ["task.completed"]


def test_writes_of_the_admin_and_of_commands_are_told_too(alice, hook, receiver, deliver):
    hook()
    task = Task.objects.create(owner=alice, title="Buy milk")
    Task.objects.filter(pk=task.pk).update(priority=3)
    Task.objects.filter(pk=task.pk).complete()

    deliver()

    assert receiver.types == ["task.created", "task.updated", "task.completed"]


def test_nothing_is_written_down_for_owners_without_a_hook(api, bobs_api, hook):
    hook()
    bobs_api.post("/tasks/", {"title": "Buy milk"})
    assert not Outbox.objects.exists()

    api.post("/tasks/", {"title": "Buy milk"})

    assert Outbox.objects.get().owner.email == "alice@example.com"


def test_what_is_undone_is_not_told(api, hook, receiver, deliver):
    hook()
    api.post("/tasks/", [{"title": "Buy milk"}, {"title": ""}])

    deliver()

    assert receiver.got == []
    assert not Outbox.objects.exists()


def test_a_write_whose_events_can_not_be_written_down_is_undone(api, hook, monkeypatch):
    hook()
    monkeypatch.setattr(Outbox.objects, "bulk_create", Mock(side_effect=DatabaseError))

    response = api.post("/tasks/", {"title": "Buy milk"})

    assert response.status_code >= 500
    assert not Task.objects.exists()


def test_a_refused_event_is_sent_again_with_its_id_and_holds_up_those_after_it(api, hook, receiver, deliver):
    made = hook()
    receiver.statuses = [500, 302, 404]
    for title in ("one", "two"):
        api.post("/tasks/", {"title": title})

    now = timezone.now()
    for seconds in (0, 4, 6, 35, 38, 337, 340):
        with time_machine.travel(now + timedelta(seconds=seconds)):
            deliver()

    assert [each.body["data"]["object"]["title"] for each in receiver.got] == ["one"] * 4 + ["two"]
    assert len({each.id for each in receiver.got[:4]}) == 1
    assert len({each.headers["webhook-timestamp"] for each in receiver.got[:4]}) == 4
    assert stored(made).failing_since is None
    two, one = api.get(f"/hooks/{made['id']}/deliveries/").json()["results"]
    assert (one["attempts"], one["status"], one["error"]) == (4, 204, "")
    assert None not in (one["delivered_at"], two["delivered_at"])


def test_after_three_days_it_is_switched_off_and_its_owner_gets_an_email(api, hook, receiver, deliver, work):
    made = hook()
    receiver.statuses = [500] * 200
    api.post("/tasks/", {"title": "one"})
    now, attempts = timezone.now(), []

    for hours in range(80):
        with time_machine.travel(now + timedelta(hours=hours, minutes=6 * hours)):
            deliver()
            attempts.append(len(receiver.got))

    assert attempts[-1] == attempts[70] > 60
    assert api.get(f"/hooks/{made['id']}/").json()["enabled"] is False
    assert (Delivery.objects.count(), User.objects.get().is_watched) == (0, False)
    with time_machine.travel(now + timedelta(hours=80)):
        OutgoingMail.objects.update(send_at=timezone.now(), created_at=timezone.now())
        work()
    [message] = mail.outbox
    assert message.to == ["alice@example.com"]
    assert message.subject == "Your webhook was switched off"
    assert receiver.url in message.body


def test_one_that_is_switched_on_again_is_tried_at_once(api, hook, receiver, deliver):
    made = hook()
    receiver.statuses = [500]
    api.post("/tasks/", {"title": "one"})
    deliver()
    deliver()
    assert len(receiver.got) == 1

    api.patch(f"/hooks/{made['id']}/", {"enabled": True})
    deliver()

    assert len(receiver.got) == 2


def test_a_slow_receiver_holds_up_no_other(api, hook, receiver, work):
    silent = hook(url="http://127.0.0.1:1/")
    hook()
    api.post("/tasks/", {"title": "one"})

    work()

    assert receiver.types == ["task.created"]
    [failed] = api.get(f"/hooks/{silent['id']}/deliveries/").json()["results"]
    assert (failed["error"], failed["status"], failed["delivered_at"]) == ("connection", None, None)


def test_slow_receivers_of_one_user_leave_threads_for_the_others(api, bobs_api, hook):
    for number in range(Hook.MAX_OF_AN_OWNER):
        hook(url=f"http://127.0.0.1:1/{number}")
    api.post("/tasks/", {"title": "one"})
    bobs = bobs_api.post("/hooks/", {"url": "http://127.0.0.1:1/bob"}).json()
    bobs_api.post("/tasks/", {"title": "Bob's"})
    delivering.FanOut().round()

    first, second = delivering.claim_hooks(THREADS), delivering.claim_hooks(THREADS)

    assert Counter(each.pk == stored(bobs).pk for each in first) == {False: 10, True: 1}
    assert second == []
    with time_machine.travel(timezone.now() + delivering.LEASE + timedelta(seconds=1)):
        assert len(delivering.claim_hooks(THREADS)) == 11


def test_two_workers_never_send_for_the_same_hook(api, hook):
    hook()
    api.post("/tasks/", {"title": "one"})
    delivering.FanOut().round()

    assert len(delivering.claim_hooks(20)) == 1
    assert delivering.claim_hooks(20) == []
    with time_machine.travel(timezone.now() + delivering.LEASE + timedelta(seconds=1)):
        assert len(delivering.claim_hooks(20)) == 1  # the first one was killed


def test_what_comes_while_a_hook_is_released_is_not_left_lying(api, hook, receiver):
    made = hook()
    api.post("/tasks/", {"title": "one"})
    delivering.FanOut().round()
    [claimed] = delivering.claim_hooks(20)
    sender = delivering.Sender(claimed)
    for each in claimed.deliveries.pending():
        assert sender.send(each)

    api.post("/tasks/", {"title": "two"})
    delivering.FanOut().round()
    sender.release(None)

    assert stored(made).next_attempt_at is not None


def test_both_secrets_verify_after_rotating(api, hook, receiver, deliver):
    made = hook()
    rotated = api.post(f"/hooks/{made['id']}/rotate/").json()
    api.post("/tasks/", {"title": "one"})

    deliver()

    for secret in (made["secret"], rotated["secret"]):
        receiver.got[0].verify(secret)


def test_deliveries_are_forgotten_after_a_week(api, hook, receiver, work):
    hook()
    api.post("/tasks/", {"title": "one"})
    work()
    api.post("/events/ticket/")

    with time_machine.travel(timezone.now() + timedelta(days=7, hours=1)):
        work()

    assert (Delivery.objects.count(), StreamTicket.objects.count()) == (0, 0)


def test_an_owner_who_is_watched_for_nothing_is_watched_no_more(alice, deliver):
    User.objects.filter(pk=alice.pk).update(is_watched=True)
    Task.objects.create(owner=alice, title="Buy milk")

    deliver()

    assert not User.objects.get(pk=alice.pk).is_watched
    assert not Outbox.objects.exists()


def test_a_deleted_hook_gets_nothing_more(api, hook, receiver, deliver):
    made = hook()
    api.post("/tasks/", {"title": "one"})
    api.delete(f"/hooks/{made['id']}/")

    deliver()

    assert receiver.got == []
    assert not Hook.objects.exists()


def test_the_state_is_read_as_the_owner(api, bobs_task, hook, receiver, deliver):
    """Should another's id ever get into the queue, it tells nothing."""
    hook()
    api.post("/tasks/", {"title": "one"})
    Outbox.objects.update(events=[["task.updated", str(bobs_task.pk)]])

    deliver()

    assert [each.body["data"]["object"] for each in receiver.got] == [None]

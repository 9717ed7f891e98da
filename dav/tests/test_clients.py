"""What each client sends when somebody ticks a recurring task, as their sources and bug lists show it."""

from datetime import date

import pytest
import time_machine

from dav.tests.conftest import lines_of, vtodo
from todos.models import Task

MONTHLY = ["DUE;VALUE=DATE:20300131", "RRULE:FREQ=MONTHLY", "X-A:b", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M"]
MONTHLY += ["END:VALARM"]


@pytest.fixture(autouse=True)
def _in_january():
    with time_machine.travel("2030-01-20T12:00:00Z", tick=False):
        yield


@pytest.fixture
def series(dav):
    """A task of every month, that a client made."""
    assert dav.put_text("inbox/milk.ics", vtodo(*MONTHLY)).status_code == 201


def tasks() -> list[tuple]:
    return [(task.due_date, task.completed) for task in Task.objects.present().order_by("due_date", "created_at")]


def successor() -> Task:
    return Task.objects.present().get(completed_at=None)


DONE_AND_NEXT = [(date(2030, 1, 31), True), (date(2030, 2, 28), False)]


def two(*exception: str, master: list[str] | None = None) -> str:
    """A series with a component for one of its dates."""
    other = ["BEGIN:VTODO", "UID:milk", "DTSTAMP:20300120T000000Z", "SUMMARY:Buy milk", *exception, "END:VTODO"]
    text = vtodo(*(master or MONTHLY))
    return text.replace("END:VCALENDAR", "\r\n".join([*other, "END:VCALENDAR"]))


def test_home_assistant_and_plain_clients_complete_the_task(dav, series):
    """They send the whole task with STATUS:COMPLETED, rule and all: the next one appears."""
    sent = vtodo("STATUS:COMPLETED", *MONTHLY)

    response = dav.put_text("inbox/milk.ics", sent)

    assert response.status_code == 204
    assert "ETag" not in response
    assert tasks() == DONE_AND_NEXT
    assert "RRULE" not in dav.text("inbox/milk.ics")
    following = successor()
    text = dav.text(f"inbox/{following.pk}.ics")
    assert {
        f"UID:{following.pk}",
        "DUE;VALUE=DATE:20300228",
        "RRULE:FREQ=MONTHLY",
        "X-A:b",
        "STATUS:NEEDS-ACTION",
    } <= set(lines_of(text))
    assert text.count("BEGIN:VALARM") == 1


def test_completing_twice_makes_one_next_task(dav, series):
    sent = vtodo("STATUS:COMPLETED", *MONTHLY)

    dav.put_text("inbox/milk.ics", sent)
    dav.put_text("inbox/milk.ics", sent)

    assert tasks() == DONE_AND_NEXT


def test_tasks_org_moves_the_date_on(dav, series):
    moved = [line.replace("20300131", "20300228") for line in MONTHLY]

    response = dav.put_text("inbox/milk.ics", vtodo(*moved))

    assert "ETag" in response
    assert tasks() == [(date(2030, 2, 28), False)]
    dav.put_text("inbox/milk.ics", vtodo("STATUS:COMPLETED", *moved))
    assert tasks()[-1] == (date(2030, 3, 31), False)


def test_tasks_org_takes_one_off_the_count(dav):
    rule = ["DUE;VALUE=DATE:20300107", "RRULE:FREQ=WEEKLY;COUNT=3"]
    dav.put_text("inbox/milk.ics", vtodo(*rule))

    dav.put_text("inbox/milk.ics", vtodo("DUE;VALUE=DATE:20300114", "RRULE:FREQ=WEEKLY;COUNT=2"))

    task = Task.objects.get()
    assert (task.due_date, task.recurrence) == (date(2030, 1, 14), "FREQ=WEEKLY;COUNT=2")
    assert "RRULE:FREQ=WEEKLY;COUNT=2" in dav.text("inbox/milk.ics")


def test_apple_and_todoman_write_a_completed_copy_and_move_the_series(dav, series):
    moved = [line.replace("20300131", "20300228") for line in MONTHLY]

    dav.put_text("inbox/copy.ics", vtodo("DUE;VALUE=DATE:20300131", "STATUS:COMPLETED", uid="copy"))
    dav.put_text("inbox/milk.ics", vtodo(*moved))

    assert tasks() == DONE_AND_NEXT


def test_thunderbird_adds_a_completed_date_and_leaves_the_series_alone(dav, series):
    sent = two("RECURRENCE-ID;VALUE=DATE:20300131", "STATUS:COMPLETED", "COMPLETED:20300120T100000Z")

    response = dav.put_text("inbox/milk.ics", sent)

    assert "ETag" not in response
    assert tasks() == DONE_AND_NEXT
    assert dav.text("inbox/milk.ics").count("BEGIN:VTODO") == 1
    assert "STATUS:COMPLETED" in dav.text("inbox/milk.ics")
    assert "X-A:b" in dav.text(f"inbox/{successor().pk}.ics")


def test_nextcloud_adds_a_completed_date_and_moves_the_series(dav, series):
    moved = [line.replace("20300131", "20300228") for line in MONTHLY]

    dav.put_text("inbox/milk.ics", two("RECURRENCE-ID;VALUE=DATE:20300131", "STATUS:COMPLETED", master=moved))

    assert tasks() == DONE_AND_NEXT
    assert successor().recurrence == "FREQ=MONTHLY"


def test_what_is_written_about_the_series_with_it_is_the_next_ones(dav, series):
    sent = two("RECURRENCE-ID;VALUE=DATE:20300131", "STATUS:COMPLETED", master=[*MONTHLY, "PRIORITY:1"])

    dav.put_text("inbox/milk.ics", sent)

    assert [task.priority for task in Task.objects.order_by("due_date")] == [0, 4]


def test_repeating_it_changes_nothing(dav, series):
    sent = two("RECURRENCE-ID;VALUE=DATE:20300131", "STATUS:COMPLETED")

    dav.put_text("inbox/milk.ics", sent)
    dav.put_text("inbox/milk.ics", sent)

    assert tasks() == DONE_AND_NEXT


def test_repeating_it_after_a_change_elsewhere_does_not_reopen(dav, series, api):
    task = Task.objects.get()
    sent = two("RECURRENCE-ID;VALUE=DATE:20300131", "STATUS:COMPLETED")
    dav.put_text("inbox/milk.ics", sent)
    api.patch(f"/tasks/{task.pk}/", {"title": "Buy oat milk"})

    dav.put_text("inbox/milk.ics", sent)

    task.refresh_from_db()
    assert (tasks(), task.title) == (DONE_AND_NEXT, "Buy milk")


def test_another_date_of_the_series_is_kept_but_not_shown(dav, series):
    sent = two("RECURRENCE-ID;VALUE=DATE:20300630", "STATUS:COMPLETED")

    response = dav.put_text("inbox/milk.ics", sent)

    assert "ETag" not in response
    assert tasks() == [(date(2030, 1, 31), False)]
    assert dav.text("inbox/milk.ics") == vtodo(*MONTHLY)


def test_jtx_sends_single_dates_without_their_series(dav):
    """They are taken for the task (DAVx5's issue 2238)."""
    sent = vtodo("RECURRENCE-ID;VALUE=DATE:20300131", "DUE;VALUE=DATE:20300131")

    assert dav.put_text("inbox/milk.ics", sent).status_code == 201
    assert tasks() == [(date(2030, 1, 31), False)]
    assert "RECURRENCE-ID" not in dav.text("inbox/milk.ics")


def test_reopening_takes_the_next_one_back(dav, series):
    dav.put_text("inbox/milk.ics", vtodo("STATUS:COMPLETED", *MONTHLY))
    _, token = dav.sync("inbox/")
    name = f"{successor().pk}.ics"

    dav.put_text("inbox/milk.ics", vtodo("STATUS:NEEDS-ACTION", *MONTHLY))

    assert tasks() == [(date(2030, 1, 31), False)]
    assert dav.sync("inbox/", token)[0] == {"milk.ics": 200, name: 404}


def test_completing_it_in_the_api_gives_the_next_one_its_text(dav, series, api):
    api.post(f"/tasks/{Task.objects.get().pk}/complete/")

    lines = lines_of(dav.text(f"inbox/{successor().pk}.ics"))

    assert {"X-A:b", "DUE;VALUE=DATE:20300228", "TRIGGER:-PT5M"} <= set(lines)


def test_what_was_completed_in_the_api_and_noted_by_the_client_recurs_when_it_is_reopened(dav, series, api):
    task = Task.objects.get()
    api.post(f"/tasks/{task.pk}/complete/")
    text = dav.text("inbox/milk.ics")
    dav.put_text("inbox/milk.ics", text)
    dav.put_text("inbox/milk.ics", text.replace("END:VTODO", "DESCRIPTION:note\r\nEND:VTODO"))

    api.post(f"/tasks/{task.pk}/reopen/")

    assert list(Task.objects.present().values_list("pk", "recurrence")) == [(task.pk, "FREQ=MONTHLY")]


def test_apple_begins_with_the_well_known_address_and_falls_back_to_the_home(dav, alice):
    """It asks the principal for properties that nobody here has, and must find its home all the same."""
    names = [
        "c:calendar-home-set",
        "c:schedule-inbox-URL",
        "cs:email-address-set",
        "d:resource-id",
        "cs:dropbox-home-URL",
    ]

    [found] = dav.find(f"/dav/{alice.pk}/", *names).values()

    assert list(found) == ["calendar-home-set"]


def test_tasks_org_asks_for_tags_and_texts_in_one_multiget(dav, series, alice):
    href = f"/dav/{alice.pk}/inbox/milk.ics"
    inner = f"<d:prop><d:getcontenttype/><d:getetag/><c:calendar-data/></d:prop><d:href>{href}</d:href>"

    response = dav.report("inbox/", "c:calendar-multiget", inner)

    assert b"<d:getetag>&quot;2.0.0:" in response.content
    assert b"SUMMARY:Buy milk" in response.content


def test_thunderbird_asks_what_it_may_write(dav):
    [found] = dav.find("inbox/", "d:current-user-privilege-set", "cs:getctag").values()

    assert found["current-user-privilege-set"] is not None
    assert found["getctag"].startswith("urn:x-todo-sync:")

"""Where a text says one thing by another (a rule by its dates, an alarm by the start), it says what the task says."""

from dav.tests.conftest import lines_of, vtodo
from todos.models import Task

ALARM = ["BEGIN:VALARM", "ACTION:AUDIO", "TRIGGER:-PT15M", "ATTACH:song.mp3", "END:VALARM"]


def test_an_alarm_before_the_start_rings_as_before_when_the_due_time_moves(dav, api):
    dav.put_text("inbox/milk.ics", vtodo("DTSTART:20300131T080000Z", "DUE:20300131T100000Z", *ALARM))
    task = Task.objects.get()
    assert task.reminders == [{"minutes_before": 135}]

    api.patch(f"/tasks/{task.pk}/", {"due_time": "13:00"})

    lines = lines_of(dav.text("inbox/milk.ics"))
    assert lines[lines.index("BEGIN:VALARM") : lines.index("END:VALARM")] == [
        "BEGIN:VALARM",
        "ACTION:AUDIO",
        "TRIGGER;RELATED=END:-PT135M",
        "ATTACH:song.mp3",
    ]


def test_an_alarm_is_kept_when_dates_and_reminders_change_together(dav, api):
    dav.put_text("inbox/milk.ics", vtodo("DTSTART:20300131T080000Z", "DUE:20300131T100000Z", *ALARM))
    reminders = [{"minutes_before": 135}, {"minutes_before": 5}]

    api.patch(f"/tasks/{Task.objects.get().pk}/", {"due_time": "13:00", "reminders": reminders})

    lines = lines_of(dav.text("inbox/milk.ics"))
    assert [line for line in lines if line.startswith(("ACTION", "TRIGGER", "ATTACH"))] == [
        "ACTION:AUDIO",
        "TRIGGER;RELATED=END:-PT135M",
        "ATTACH:song.mp3",
        "ACTION:DISPLAY",
        "TRIGGER;RELATED=END:-PT5M",
    ]


def test_a_rule_that_was_none_without_dates_goes_when_dates_come(dav, api):
    dav.put_text("inbox/milk.ics", vtodo("RRULE:FREQ=DAILY"))

    api.patch(f"/tasks/{Task.objects.get().pk}/", {"due_date": "2030-01-31"})

    assert "RRULE" not in dav.text("inbox/milk.ics")


def test_a_date_that_follows_from_the_rule_stays_without_it(dav, api):
    dav.put_text("inbox/milk.ics", vtodo("DTSTART;VALUE=DATE:20300131", "RRULE:FREQ=DAILY"))

    api.patch(f"/tasks/{Task.objects.get().pk}/", {"recurrence": ""})

    assert "DUE;VALUE=DATE:20300131" in lines_of(dav.text("inbox/milk.ics"))


def test_two_alarms_at_one_moment_stay_when_a_reminder_comes(dav, api):
    two = [line.replace("AUDIO", action) for action in ("AUDIO", "DISPLAY") for line in ALARM]
    dav.put_text("inbox/milk.ics", vtodo("DUE:20300131T100000Z", *two))
    reminders = [{"minutes_before": 15}, {"minutes_before": 60}]

    api.patch(f"/tasks/{Task.objects.get().pk}/", {"reminders": reminders})

    assert dav.text("inbox/milk.ics").count("BEGIN:VALARM") == 3

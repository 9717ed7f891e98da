"""A sample of each source: what becomes of it, and what is named as lost."""

import json

import pytest
import time_machine

from testing.uploads import SAMPLES, named, sample, zipped
from todos.models import Project, Task
from transfer.tests.conftest import shown, tasks_of, told

pytestmark = pytest.mark.django_db


def test_csv(upload, alice):
    assert told(upload("csv", sample("csv"))) == []
    assert tasks_of(alice) == {
        "Plan the garden": {
            "description": "On two\nlines",
            "priority": 3,
            "start_date": "2027-02-01",
            "due_date": "2027-03-15",
            "due_time": "18:30:00",
            "recurrence": "FREQ=YEARLY",
            "project": "Garden",
            "reminders": [{"minutes_before": 30}, {"at": "2027-03-01T08:00:00Z"}],
            "repeat_from": "completion",
        },
        "=SUM(A1:A9)": {"completed_at": "2026-10-02 08:00:00+00:00"},
        "Buy seeds": {
            "priority": 2,
            "due_date": "2027-03-01",
            "project": "Garden",
            "parent": "Plan the garden",
            "tags": ["red, ripe", "shop"],
        },
    }


def test_icalendar(upload, alice):
    assert told(upload("ics", sample("ics"))) == [
        ("line 23: Call the bank", "LOCATION", "Tasks here have no such property."),
        ("line 38: A party", "VEVENT", "It isn't a task (VTODO)."),
    ]
    assert tasks_of(alice) == {
        "Call the bank": {
            "description": "First line\nsecond line",
            "priority": 4,
            "due_date": "2027-01-10",
            "due_time": "15:00:00",  # nine in New York
            "recurrence": "FREQ=WEEKLY;BYDAY=SU",
            "project": "Errands",
            "tags": ["a,b", "phone"],
            "reminders": [{"minutes_before": 15}],
        },
        "Ask for the long list, please": {
            "completed_at": "2026-10-01 08:00:00+00:00",
            "due_date": "2027-01-05",
            "project": "Errands",
            "parent": "Call the bank",
        },
    }


TODOIST = {
    "Write the report": {
        "description": "For the board",
        "priority": 4,
        "due_date": "2027-01-31",
        "project": "Work",
        "tags": ["office", "writing"],
    },
    "Tidy up": {
        "priority": 3,
        "due_date": "2026-11-30",
        "due_time": "09:30:00",
        "recurrence": "FREQ=WEEKLY;BYDAY=MO",
        "project": "Work",
        "tags": ["Later"],
    },
    "Collect the figures": {
        "description": "They are in the drawer",
        "due_date": "2026-11-29",
        "recurrence": "FREQ=WEEKLY;INTERVAL=3",
        "project": "Work",
        "parent": "Write the report",
    },
}


@time_machine.travel("2026-11-29T12:00:00Z", tick=False)
def test_todoist_csv(upload, alice):
    response = upload("todoist", sample("todoist"))

    assert response.json()["created"] == {"projects": 1, "tags": 3, "tasks": 4}
    assert told(response) == [
        ("line 6: Tidy up", "DATE", "The date isn't understood: 'every full moon'."),
        ("line 6: Tidy up", "RESPONSIBLE", "Tasks here have none: Dave (2)."),
    ]
    assert tasks_of(alice) == TODOIST


@time_machine.travel("2026-11-29T12:00:00Z", tick=False)
def test_todoist_zip(upload, alice):
    name = "Work [2203306141].csv"
    content = zipped(**{f"backup/{name}": (SAMPLES / name).read_bytes(), "backup/a.png": b"x"})

    response = upload("todoist", content)

    assert told(response)[-1] == ("backup/a.png", "", "Files of a backup aren't kept.")
    assert told(response)[0][0] == f"backup/{name}, line 6: Tidy up"
    assert tasks_of(alice) == TODOIST


def test_todoist_json(upload, alice):
    response = upload("todoist", named((SAMPLES / "todoist.json").read_bytes(), "sync.json"))

    assert told(response) == [
        ("items, item 2: Write the report", "duration", "It isn't known here."),
        ("projects, item 2: Work", "parent_id", "Projects here aren't nested."),
    ]
    assert Project.objects.get(owner=alice).color == "#b8256f"
    assert tasks_of(alice) == {
        "Write the report": {
            "description": "For the board\n\nA comment",
            "priority": 4,
            "due_date": "2027-01-31",
            "due_time": "10:00:00",
            "recurrence": "FREQ=MONTHLY;INTERVAL=2",
            "repeat_from": "completion",
            "project": "Work",
            "tags": ["Now", "writing"],
        },
        "In the inbox": {"completed_at": "2026-10-01 08:00:00+00:00", "priority": 2},
        "Collect the figures": {"project": "Work", "parent": "Write the report"},
    }


def test_ticktick(upload, alice):
    rule = "RRULE:FREQ=YEARLY;INTERVAL=1;TT_SKIP=HOLIDAY"
    assert told(upload("ticktick", sample("ticktick"))) == [
        ("line 9: Go to Rome", "Folder Name", "Projects here have no folders: 'Private'."),
        ("line 9: Go to Rome", "Repeat", f"TickTick's own parts aren't known here: {rule}"),
        ("line 10: Old thing", "Kind", "A note is a task here."),
    ]
    assert tasks_of(alice) == {
        "Buy tickets": {  # its day is midnight in Zurich, written as the evening before
            "priority": 3,
            "due_date": "2027-01-31",
            "project": "Trip",
            "parent": "Go to Rome",
            "tags": ["train"],
        },
        "Go to Rome": {
            "description": "With a map",
            "priority": 1,
            "start_date": "2027-02-10",
            "start_time": "09:00:00",
            "due_date": "2027-02-10",
            "due_time": "09:30:00",
            "recurrence": "FREQ=YEARLY",
            "project": "Trip",
            "tags": ["Plans", "summer", "train"],
            "reminders": [{"minutes_before": 30}],
        },
        "Old thing": {"completed_at": "2026-10-02 08:00:00+00:00"},
    }


def test_google_tasks(upload, alice):
    assert told(upload("google-tasks", sample("google-tasks"))) == [
        ("list 1, task 2: Cook potatoes", "task_recurrence_id", "It isn't known here.")
    ]
    assert tasks_of(alice) == {
        "Cook potatoes": {
            "description": "With salt",
            "priority": 3,
            "due_date": "2027-01-31",
            "project": "My Tasks",
        },
        "Eaten": {"completed_at": "2026-10-01 08:00:00+00:00", "project": "My Tasks"},
        "Peel them": {"project": "My Tasks", "parent": "Cook potatoes"},
    }


def test_microsoft_todo(upload, alice):
    assert told(upload("microsoft-todo", sample("microsoft-todo"))) == [
        ("list 1, task 1: Plain", "status", "inProgress isn't known here: the task is open."),
        ("list 2, task 1: Order paper", "attachments", "Tasks here have no attachments."),
    ]
    assert tasks_of(alice) == {
        "Plain": {"priority": 1},
        "Order paper": {
            "description": "Two boxes",
            "priority": 3,
            "due_date": "2027-01-31",
            "recurrence": "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1",
            "project": "Office",
            "tags": ["Blue"],
            "reminders": [{"at": "2027-01-30T08:00:00Z"}],
        },
        "Ask for offers": {
            "completed_at": "2026-10-02 08:00:00+00:00",
            "project": "Office",
            "parent": "Order paper",
        },
        "Sign": {"project": "Office", "parent": "Order paper"},
    }


@pytest.mark.parametrize("is_zip", [True, False])
def test_vikunja(upload, alice, is_zip):
    data = sample("vikunja").read()
    response = upload(
        "vikunja", zipped(**{"data.json": data, "VERSION": "0.24", "filters.json": "[]"}) if is_zip else data
    )

    assert told(response) == [
        ("project 1, task 2: Paint the wall", "priority", "The highest one here is 4, urgent."),
        ("project 1, task 2: Paint the wall", "percent_done", "It isn't known here."),
        ("project 1, task 2: Paint the wall", "assignees", "It isn't known here."),
        (
            "project 1, task 3: Every 36 hours",
            "repeat_after",
            "129600 seconds aren't whole days, or are too many of them.",
        ),
    ]
    assert tasks_of(alice) == {
        "Paint the wall": {
            "description": "In spring\n\n- brush",
            "priority": 4,
            "due_date": "2027-01-31",
            "due_time": "09:00:00",
            "recurrence": "FREQ=WEEKLY;INTERVAL=2",
            "project": "House",
            "tags": ["indoor"],
            "reminders": [{"minutes_before": 30}],
        },
        "Every 36 hours": {"completed_at": "2026-10-02 08:00:00+00:00", "priority": 1, "project": "House"},
        "Choose a color": {"project": "House", "parent": "Paint the wall"},
    }


def test_taskwarrior(upload, alice):
    response = upload("taskwarrior", sample("taskwarrior"))

    assert response.json()["created"] == {"projects": 1, "tags": 1, "tasks": 3}
    assert told(response) == [
        ("item 4: Buy a pot", "depends", "It isn't known here."),
        ("item 4: Buy a pot", "estimate", "It isn't known here."),
        ("item 5: Gone", "status", "It was deleted."),
    ]
    found = tasks_of(alice)
    assert found["Buy a pot"] == {
        "start_date": "2027-01-10",
        "start_time": "09:00:00",
        "due_date": "2027-01-11",
        "due_time": "18:00:00",
    }


def test_the_template_of_taskwarrior_and_its_open_instance_are_one_task(upload, alice):
    upload("taskwarrior", sample("taskwarrior"))

    [plants] = [shown(each) for each in Task.objects.open().filter(owner=alice, title="Water the plants")]
    assert (plants["recurrence"], plants["due_date"]) == ("FREQ=DAILY;INTERVAL=3", "2027-01-05")
    assert (plants["priority"], plants["tags"], plants["description"]) == (3, ["daily"], "Not the cactus")


def test_a_status_that_taskwarrior_may_get_counts_as_open(upload, alice):
    file = sample("taskwarrior").read().replace(b'"status":"pending"', b'"status":"blocked"')

    assert b'"blocked"' in file
    assert upload("taskwarrior", named(file, "tasks.json")).status_code == 200
    assert Task.objects.open().filter(owner=alice, title="Water the plants").count() == 1


@pytest.mark.parametrize("parent", ["1", "2"])
def test_a_template_of_taskwarrior_whose_parent_is_one_is_a_task_of_its_own(upload, alice, parent):
    rows = [{"uuid": "1", "description": "Water the plants"}, {"uuid": "2", "description": "Dust", "parent": parent}]
    template = {"status": "recurring", "recur": "weekly", "due": "20270101T080000Z"}
    file = json.dumps([row | template for row in rows]).encode()

    response = upload("taskwarrior", named(file, "tasks.json"))

    assert told(response) == []
    found = tasks_of(alice)
    assert {title: found[title]["recurrence"] for title in found} == dict.fromkeys(
        ["Water the plants", "Dust"], "FREQ=WEEKLY"
    )


def test_todo_txt(upload, alice):
    assert told(upload("todotxt", sample("todotxt"))) == [
        ("line 4: Read https://example.com/page see:also", "priority", "(F) isn't known here: it is low."),
        ("line 5", "due", "'tomorrow' isn't understood: it stays in the title."),
        ("line 5", "project", "A task has one project: summer is a tag."),
    ]
    assert tasks_of(alice) == {
        "Call Mum": {
            "priority": 4,
            "due_date": "2027-01-31",
            "recurrence": "FREQ=MONTHLY",
            "project": "family",
            "tags": ["phone"],
        },
        "Return the book": {
            "completed_at": "2026-10-02 22:00:00+00:00",
            "priority": 3,
            "project": "library",
        },
        "Read https://example.com/page see:also": {
            "priority": 1,
            "start_date": "2027-01-01",
            "due_date": "2027-01-01",
            "recurrence": "FREQ=WEEKLY;INTERVAL=2",
            "repeat_from": "completion",
        },
        "Mow the lawn due:tomorrow": {"project": "garden", "tags": ["summer"]},
    }

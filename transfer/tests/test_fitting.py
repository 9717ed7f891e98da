"""What doesn't fit the rules of tasks is changed as little as possible, and named."""

import json

import pytest
import time_machine

from testing.uploads import named
from todos.fitting import MAX_DESCRIPTION, MAX_TAG, MAX_TITLE
from todos.models import Task
from transfer.tests.conftest import tasks_of, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def put(upload):
    """Import tasks as an archive has them. Returns what is lost."""

    def send(*rows: dict, **parts) -> list[tuple[str, str, str]]:
        tasks = [{"id": str(number), "title": "x", **row} for number, row in enumerate(rows, 1)]
        content = {"format": "todo-archive", "version": 1, "tasks": tasks, **parts}
        return told(upload("archive", named(json.dumps(content).encode(), "archive.json")))

    return send


def test_the_rest_of_a_long_title_begins_the_description(put):
    title = "a" * MAX_TITLE + " and more"

    lost = put({"title": title, "description": "Text"})

    reason = f"It is longer than {MAX_TITLE} characters: the rest begins the description."
    assert lost == [(f"tasks, item 1: {'a' * 80}", "title", reason)]
    task = Task.objects.get()
    assert (task.title, task.description) == ("a" * MAX_TITLE, "and more\n\nText")


def test_a_long_description_is_cut(put):
    lost = put({"description": "a" * (MAX_DESCRIPTION + 7)})

    reason = f"It is longer than {MAX_DESCRIPTION:,} characters: 7 are cut off."
    assert lost == [("tasks, item 1: x", "description", reason)]
    assert len(Task.objects.get().description) == MAX_DESCRIPTION


@pytest.mark.parametrize("title", ["", "   ", "\u200b", "\n\t"])
def test_a_task_without_a_title_gets_one(put, title):
    assert [reason for *_, reason in put({"title": title})] == ["It was empty: the task is called Untitled."]
    assert Task.objects.get().title == "Untitled"


def test_a_title_is_one_line_of_text(put):
    assert put({"title": " a\n\tb\x07\ud800 "}) == [
        ("tasks, item 1: a b\x07?", "title", "Control characters were removed.")
    ]
    assert Task.objects.get().title == "a  b"


def test_a_null_character_in_a_description_is_removed(put):
    assert put({"description": "a\0b"}) == [
        ("tasks, item 1: x", "description", "Characters that aren't text were removed.")
    ]
    assert Task.objects.get().description == "ab"


@pytest.mark.parametrize(
    ("fields", "lost", "kept"),
    [
        ({"due_time": "09:00"}, ("due_time", "A time needs a date: 09:00:00."), {}),
        ({"start_time": "09:00"}, ("start_time", "A time needs a date: 09:00:00."), {}),
        (
            {"start_date": "2027-02-01", "due_date": "2027-01-31"},
            ("start_date", "2027-02-01 is later than the due date."),
            {"due_date": "2027-01-31"},
        ),
        ({"recurrence": "FREQ=DAILY"}, ("recurrence", "FREQ=DAILY: A recurrence needs a due date"), {}),
        (
            {"recurrence": "FREQ=HOURLY", "due_date": "2027-01-31"},
            ("recurrence", "FREQ=HOURLY: FREQ=HOURLY is not supported: use DAILY, WEEKLY, MONTHLY or YEARLY."),
            {"due_date": "2027-01-31"},
        ),
        (
            {"reminders": [{"minutes_before": 5}]},
            ("reminders", "A reminder before the due date needs a due date."),
            {},
        ),
        ({"parent": "7"}, ("parent", "The file has no such task: this one isn't a subtask any more."), {}),
        ({"parent": "1"}, ("parent", "It is below itself: it isn't a subtask any more."), {}),
        ({"project": "7"}, ("project", "The file has no such project: the task goes into the inbox."), {}),
        (
            {"tags": ["t" * (MAX_TAG + 1)]},
            ("tags", f"{'t' * (MAX_TAG + 1)!r}: a tag has 1 to {MAX_TAG} characters."),
            {},
        ),
        ({"shared_with": ["Bob"]}, ("shared_with", "It isn't known here."), {}),
    ],
)
def test_what_breaks_a_rule_is_left_out(put, alice, fields, lost, kept):
    assert put(fields) == [("tasks, item 1: x", *lost)]
    assert tasks_of(alice) == {"x": kept}


@time_machine.travel("2026-11-29T12:00:00Z", tick=False)
def test_nothing_was_completed_in_the_future(put, alice):
    moment = "2027-01-01T00:00:00+00:00"

    assert put({"completed_at": moment}) == [("tasks, item 1: x", "completed_at", f"{moment} is in the future.")]
    assert tasks_of(alice) == {"x": {"completed_at": "2026-11-29 12:00:00+00:00"}}


def test_a_task_has_so_many_tags_and_reminders(put):
    tags = [f"t{number}" for number in range(22)]
    reminders = [{"minutes_before": number} for number in range(12)]

    lost = put({"tags": tags, "reminders": reminders, "due_date": "2027-01-31"})

    assert lost == [
        ("tasks, item 1: x", "tags", "'t20': a task has at most 20."),
        ("tasks, item 1: x", "tags", "'t21': a task has at most 20."),
        ("tasks, item 1: x", "reminders", "A task has at most 10: 2 more."),
    ]
    assert (len(Task.objects.get().tags), len(Task.objects.get().reminders)) == (20, 10)


def test_spellings_of_one_tag_are_one(put):
    assert put({"tags": ["Red", "red"]}, {"tags": ["RED"]}) == []
    assert [task.tags for task in Task.objects.all()] == [["Red"], ["Red"]]


def test_what_is_too_deep_comes_up(put, alice):
    lost = put(*({"title": str(n), "parent": str(n - 1) if n > 1 else None} for n in range(1, 8)))

    reason = "Subtasks can be nested at most 5 levels deep: it comes one up."
    assert lost == [("tasks, item 6: 6", "parent", reason), ("tasks, item 7: 7", "parent", reason)]
    assert [tasks_of(alice)[title].get("parent") for title in "1234567"] == [None, "1", "2", "3", "4", "4", "4"]


def test_a_circle_is_opened(put, alice):
    lost = put(*({"title": str(n), "parent": str(n % 3 + 1)} for n in range(1, 4)))

    assert [(item, name) for item, name, _ in lost] == [("tasks, item 1: 1", "parent")]
    assert [tasks_of(alice)[title].get("parent") for title in "123"] == [None, "3", "1"]


def test_an_open_subtask_of_a_completed_task_is_completed_with_it(put, alice):
    done = "2026-10-01T08:00:00+00:00"

    lost = put({"title": "above", "completed_at": done}, {"title": "below", "parent": "1"})

    assert lost == [
        ("tasks, item 2: below", "completed", "It is a part of a completed task, and was completed with it.")
    ]
    assert tasks_of(alice)["below"]["completed_at"] == "2026-10-01 08:00:00+00:00"


def test_a_subtask_is_in_the_project_of_its_parent(put, alice):
    projects = [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]

    lost = put({"project": "a"}, {"title": "y", "project": "b", "parent": "1"}, projects=projects)

    assert lost == [("tasks, item 2: y", "project", "A subtask is always in its parent's project.")]
    assert tasks_of(alice)["y"] == {"project": "A", "parent": "x"}


def test_of_two_with_one_id_the_first_is_imported(put, alice):
    lost = put({"id": "1", "title": "first"}, {"id": "1", "title": "second"})

    assert lost == [("tasks, item 2: second", "id", "tasks, item 1 has the same id: this one isn't imported.")]
    assert tasks_of(alice) == {"first": {}}


def test_a_completed_recurring_task_makes_no_next_one(put, alice):
    put({"completed_at": "2026-10-01T08:00:00Z", "due_date": "2026-10-01", "recurrence": "FREQ=DAILY"})

    assert Task.objects.count() == 1

"""How a series goes on: postponing, skipping, another rule, undo, and subtasks that recur by themselves."""

from datetime import UTC, datetime
from math import nextafter

import pytest
import time_machine

from testing.problems import refused
from todos.models import Task

NOVEMBER_28 = datetime(2026, 11, 28, 20, 50, tzinfo=UTC)  # 21:50 in Zurich


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOVEMBER_28, tick=False) as clock:
        yield clock


@pytest.fixture
def make(api):
    def make(**fields) -> dict:
        response = api.post("/tasks/", {"title": "Water the plants", **fields})
        assert response.status_code == 201, response.json()
        return response.json()

    return make


@pytest.fixture
def do(api):
    def do(verb: str, task: dict, **body) -> dict:
        response = api.post(f"/tasks/{task['id']}/{verb}/", body)
        assert response.status_code == 200, response.json()
        return response.json()

    return do


@pytest.fixture
def change(api):
    def change(task: dict, **fields) -> dict:
        response = api.patch(f"/tasks/{task['id']}/", fields)
        assert response.status_code == 200, response.json()
        return response.json()

    return change


@pytest.fixture
def following(api, do):
    """Complete a task and give its next occurrence."""

    def following(task: dict) -> dict:
        return api.get(f"/tasks/{do('complete', task)['next_occurrence']}/").json()

    return following


def open_tasks(**fields) -> list[str]:
    return sorted(str(task.due_date) for task in Task.objects.present().open().filter(**fields))


def test_postponing_one_of_every_second_saturday_leaves_the_series_alone(make, change, following):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY;INTERVAL=2;BYDAY=SA")

    postponed = change(task, due_date="2026-12-07")

    assert postponed["occurrence_date"] == "2026-12-05"
    assert following(postponed)["due_date"] == "2026-12-19"


def test_a_week_moved_to_sunday_once_goes_back_to_saturday(make, change, following):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY")

    assert following(change(task, due_date="2026-12-06"))["due_date"] == "2026-12-12"


def test_a_month_moved_to_the_third_once_goes_back_to_the_first(make, change, following):
    task = make(due_date="2026-12-01", recurrence="FREQ=MONTHLY")

    assert following(change(task, due_date="2026-12-03"))["due_date"] == "2027-01-01"


def test_a_postponed_occurrence_goes_back_to_the_time_of_the_series(make, change, following):
    task = make(due_date="2026-12-05", due_time="09:00:00", recurrence="FREQ=WEEKLY")

    fresh = following(change(task, due_date="2026-12-06", due_time="17:00:00"))

    assert (fresh["due_date"], fresh["due_time"]) == ("2026-12-12", "09:00:00")


def test_another_time_alone_is_the_time_from_here_on(make, change, following):
    task = make(due_date="2026-12-05", due_time="09:00:00", recurrence="FREQ=WEEKLY")

    assert following(change(task, due_time="17:00:00"))["due_time"] == "17:00:00"


def test_three_occurrences_that_are_each_postponed_are_three_in_all(make, change, do, following):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY;COUNT=3")
    second = following(change(task, due_date="2026-12-06"))
    third = following(change(second, due_date="2026-12-13"))

    assert (second["due_date"], third["due_date"]) == ("2026-12-12", "2026-12-19")
    assert do("complete", change(third, due_date="2026-12-20"))["next_occurrence"] is None


def test_another_monthly_rule_keeps_the_day_that_the_series_was_set_for(make, change, following):
    february = following(make(due_date="2027-01-31", recurrence="FREQ=MONTHLY"))

    assert february["due_date"] == "2027-02-28"
    assert following(change(february, recurrence="FREQ=MONTHLY;UNTIL=20271231"))["due_date"] == "2027-03-31"


def test_29_february_survives_a_rule_that_is_edited_in_2029(make, change, following):
    task = following(make(due_date="2028-02-29", recurrence="FREQ=YEARLY"))
    assert task["due_date"] == "2029-02-28"

    task = change(task, recurrence="FREQ=YEARLY;UNTIL=20401231")
    for _ in range(3):
        task = following(task)

    assert task["due_date"] == "2032-02-29"


def test_what_calendar_files_put_around_a_rule_is_dropped(make):
    assert make(due_date="2026-12-05", recurrence="RRULE:FREQ=WEEKLY;")["recurrence"] == "FREQ=WEEKLY"


def test_the_same_rule_in_other_words_is_no_other_rule(make, change):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY;BYDAY=SA,SU")

    postponed = change(task, due_date="2026-12-07", recurrence="freq=weekly;interval=1;byday=su,sa")

    assert (postponed["occurrence_date"], postponed["due_date"]) == ("2026-12-05", "2026-12-07")


def test_restart_series_begins_it_anew_at_the_due_date(make, change, following):
    task = change(make(due_date="2026-12-05", recurrence="FREQ=WEEKLY"), due_date="2026-12-07")

    restarted = change(task, restart_series=True)

    assert restarted["occurrence_date"] == "2026-12-07"
    assert following(restarted)["due_date"] == "2026-12-14"


def test_what_repeats_a_value_changes_nothing(make, change):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY")

    assert change(task, due_date="2026-12-05", recurrence="FREQ=WEEKLY", restart_series=False) == task


def test_the_next_occurrence_is_never_born_overdue(make, following):
    task = make(due_date="2026-11-27", due_time="00:01:00", recurrence="FREQ=DAILY")

    assert following(task)["due_date"] == "2026-11-29"


def test_a_rule_that_repeats_from_completion_counts_from_the_day_of_completion(make, do, api):
    task = make(due_date="2026-11-20", recurrence="FREQ=DAILY;INTERVAL=10", repeat_from="completion")

    done = do("complete", task, completed_at="2026-11-25T12:00:00Z")

    assert done["completed_at"] == "2026-11-25T12:00:00Z"
    assert api.get(f"/tasks/{done['next_occurrence']}/").json()["due_date"] == "2026-12-05"


def test_count_ends_a_rule_that_repeats_from_completion(make, do, following):
    task = make(due_date="2026-11-28", recurrence="FREQ=DAILY;COUNT=2", repeat_from="completion")

    assert do("complete", following(task))["next_occurrence"] is None


def test_the_next_occurrence_keeps_the_position(api, make, do):
    tasks = [make(title=title, due_date="2026-11-28", recurrence="FREQ=DAILY") for title in "ABC"]

    do("complete", tasks[0])

    found = api.get("/tasks/?completed=false&ordering=position").json()["results"]
    assert [task["title"] for task in found] == ["A", "B", "C"]


def test_start_and_reminders_shift_with_the_due_date(make, following):
    task = make(
        due_date="2026-12-05",
        start_date="2026-12-03",
        start_time="08:00:00",
        reminders=[{"minutes_before": 30}, {"at": "2026-12-04T09:00:00Z"}],
        recurrence="FREQ=WEEKLY",
    )

    fresh = following(task)

    assert (fresh["start_date"], fresh["start_time"]) == ("2026-12-10", "08:00:00")
    assert fresh["reminders"] == [{"minutes_before": 30}, {"at": "2026-12-11T09:00:00Z"}]


# Skipping


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


# Undo


@pytest.mark.parametrize("way", ["reopen", "toggle"])
def test_reopening_brings_back_what_was_completed_along(make, do, way):
    parent = make(title="P")
    child = make(title="a", parent=parent["id"])
    make(title="grandchild", parent=child["id"])
    done_before = make(title="b", parent=parent["id"])
    do("complete", done_before)
    do("complete", parent)

    do(way, parent)

    assert set(Task.objects.open().values_list("title", flat=True)) == {"P", "a", "grandchild"}


def test_reopening_in_bulk_brings_back_what_was_completed_along(api, make, do):
    parent = make(title="P")
    make(title="a", parent=parent["id"])
    do("complete", parent)

    api.post("/tasks/bulk/", {"action": "reopen", "ids": [parent["id"]]})

    assert Task.objects.open().count() == 2


def test_reopening_a_child_leaves_its_siblings_done(make, do):
    parent = make(title="P")
    child = make(title="a", parent=parent["id"])
    make(title="b", parent=parent["id"])
    do("complete", parent)

    do("reopen", child)

    assert set(Task.objects.open().values_list("title", flat=True)) == {"P", "a"}


def test_what_stayed_done_stays_done_at_the_next_undo(make, do):
    parent = make(title="P")
    child = make(title="a", parent=parent["id"])
    make(title="b", parent=parent["id"])
    do("complete", parent)
    do("reopen", child)
    do("complete", parent)

    do("reopen", parent)

    assert set(Task.objects.open().values_list("title", flat=True)) == {"P", "a"}


def test_a_recurring_subtask_that_was_completed_along_is_alive_again(make, do, following):
    parent = make(title="P")
    child = make(title="daily", parent=parent["id"], due_date="2026-11-29", recurrence="FREQ=DAILY")
    do("complete", parent)

    do("reopen", parent)

    assert open_tasks(title="daily") == ["2026-11-29"]
    assert following(child)["due_date"] == "2026-11-30"


@pytest.mark.parametrize(
    "change_tag", [lambda api, tag: api.patch(tag, {"name": "b"}), lambda api, tag: api.delete(tag)]
)
def test_a_tag_that_is_renamed_or_deleted_is_no_touch(api, make, do, change_tag):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY", tags=["a"])
    do("complete", task)
    [tag] = api.get("/tags/").json()["results"]
    change_tag(api, f"/tags/{tag['id']}/")

    do("reopen", task)

    assert open_tasks() == ["2026-12-05"]


def test_being_moved_along_with_a_parent_is_no_touch(api, make, do):
    parent = make(title="P")
    task = make(parent=parent["id"], due_date="2026-12-05", recurrence="FREQ=WEEKLY")
    do("complete", task)
    project = api.post("/projects/", {"name": "Home"}).json()
    do("move", parent, project=project["id"])

    do("reopen", task)

    assert open_tasks(recurrence="FREQ=WEEKLY") == ["2026-12-05"]


def test_a_new_position_because_another_task_was_moved_is_no_touch(make, do):
    task, other = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY"), make()
    following = do("complete", task)["next_occurrence"]
    Task.objects.filter(pk=other["id"]).update(position=nextafter(task["position"], 0))  # no room in between
    do("move", make(), before=following)

    do("reopen", task)

    assert open_tasks(recurrence="FREQ=WEEKLY") == ["2026-12-05"]


def test_a_next_occurrence_that_somebody_changed_stays(make, do, change, following):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY")
    change(following(task), title="Water them well")

    do("reopen", task)

    assert open_tasks() == ["2026-12-05", "2026-12-12"]


# Subtasks that recur


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


def test_under_the_last_occurrence_it_is_completed_along(make, do):
    parent = make(title="P", due_date="2026-11-28", recurrence="FREQ=WEEKLY;COUNT=1")
    make(title="daily", parent=parent["id"], due_date="2026-11-29", recurrence="FREQ=DAILY")

    do("complete", parent)

    assert open_tasks() == []


# Values that are refused


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"completed_at": "2026-11-01T00:00:00Z"}, ("completed_at", "needs_completed")),
        ({"completed": True, "completed_at": "2026-11-29T00:00:00Z"}, ("completed_at", "in_future")),
        ({"completed": True, "completed_at": "yesterday"}, ("completed_at", "invalid")),
        ({"start_time": "09:00"}, ("start_time", "needs_start_date")),
        ({"start_date": "2026-12-06", "due_date": "2026-12-05"}, ("start_date", "after_due")),
        (
            {"start_date": "2026-12-05", "start_time": "09:01", "due_date": "2026-12-05", "due_time": "09:00"},
            ("start_time", "after_due"),
        ),
        ({"reminders": [{"minutes_before": 5}]}, ("reminders", "needs_due_date")),
        ({"reminders": [{"minutes_before": -1}]}, ("reminders.0", "min_value")),
        ({"reminders": [{"minutes_before": 525_601}]}, ("reminders.0", "max_value")),
        ({"reminders": [{"minutes_before": "5"}]}, ("reminders.0", "invalid")),
        ({"reminders": [{"at": "noon"}]}, ("reminders.0", "invalid")),
        ({"reminders": [{"at": "2026-12-05T09:00:00Z", "minutes_before": 5}]}, ("reminders.0", "invalid")),
        ({"reminders": [5]}, ("reminders.0", "invalid")),
        ({"reminders": [{"at": "2026-12-05T09:00:00Z"}] * 11}, ("reminders", "max_length")),
        ({"repeat_from": "start"}, ("repeat_from", "invalid_choice")),
        ({"restart_series": "yes"}, ("restart_series", "invalid")),
    ],
    ids=str,
)
def test_bad_values_are_refused_by_name(api, alice, fields, expected):
    assert refused(api.post("/tasks/", {"title": "x", **fields})) == [expected]
    assert not Task.objects.exists()


def test_no_date_of_completion_is_no_way_to_reopen(api, make):
    done, open_one = make(completed=True), make()

    assert refused(api.patch(f"/tasks/{done['id']}/", {"completed_at": None})) == [("completed_at", "needs_completed")]
    assert api.patch(f"/tasks/{open_one['id']}/", {"completed_at": None}).status_code == 200
    assert api.patch(f"/tasks/{done['id']}/", {"completed_at": None, "completed": False}).status_code == 200


def test_a_task_that_is_done_keeps_its_date(make, change):
    task = make(completed=True, completed_at="2026-11-01T12:00:00Z")

    again = change(task, completed=True, completed_at="2026-11-02T12:00:00Z")

    assert task["completed_at"] == again["completed_at"] == "2026-11-01T12:00:00Z"

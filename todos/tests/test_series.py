"""How a series goes on: postponing, another rule, another time."""

import pytest

from testing.problems import refused
from todos.models import Task

pytestmark = pytest.mark.usefixtures("clock")


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


@pytest.mark.parametrize(
    ("start", "time", "expected"),
    [
        (("2026-12-06", "19:00:00"), "20:00:00", ("2026-12-12", "17:00:00")),  # postponed like the due time
        (("2026-12-06", "17:30:00"), "20:00:00", ("2026-12-12", "17:30:00")),
        (("2026-12-06", "19:00:00"), None, ("2026-12-12", "18:00:00")),
        (("2026-12-05", "19:00:00"), "20:00:00", ("2026-12-11", "19:00:00")),
    ],
)
def test_the_start_is_never_after_the_time_of_the_series(make, change, following, start, time, expected):
    task = make(due_date="2026-12-05", due_time="18:00:00", recurrence="FREQ=WEEKLY")
    postponed = change(task, due_date="2026-12-06", due_time=time, start_date=start[0], start_time=start[1])

    fresh = following(postponed)

    assert (fresh["start_date"], fresh["start_time"]) == expected
    assert (fresh["due_date"], fresh["due_time"]) == ("2026-12-12", "18:00:00")


def test_the_start_goes_back_over_midnight(make, change, following):
    task = make(due_date="2026-12-05", due_time="00:30:00", recurrence="FREQ=WEEKLY")
    change(task, due_date="2026-12-06", due_time="20:00:00", start_date="2026-12-06", start_time="19:00:00")

    fresh = following(task)

    assert (fresh["start_date"], fresh["start_time"]) == ("2026-12-11", "23:30:00")


def test_another_time_alone_is_the_time_from_here_on(make, change, following):
    task = make(due_date="2026-12-05", due_time="09:00:00", recurrence="FREQ=WEEKLY")

    assert following(change(task, due_time="17:00:00"))["due_time"] == "17:00:00"


@pytest.mark.parametrize("time", ["17:00:00", None])
def test_another_time_with_another_rule_is_the_time_from_here_on_too(make, change, following, time):
    task = make(due_date="2026-12-05", due_time="09:00:00", recurrence="FREQ=DAILY")

    fresh = following(change(task, recurrence="FREQ=WEEKLY", due_time=time))

    assert (fresh["due_date"], fresh["due_time"]) == ("2026-12-12", time)


def test_another_rule_for_a_postponed_occurrence_leaves_the_time_of_the_series_alone(make, change, following):
    task = make(due_date="2026-12-05", due_time="09:00:00", recurrence="FREQ=DAILY")
    change(task, due_date="2026-12-06", due_time="17:00:00")

    assert following(change(task, recurrence="FREQ=WEEKLY"))["due_time"] == "09:00:00"


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


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-01T03:00:00Z"])
def test_a_completion_in_the_first_hours_of_the_calendar_counts(api, alice, make, do, moment):
    alice.timezone = "America/New_York"
    alice.save()
    task = make(due_date="2026-12-05", recurrence="FREQ=DAILY", repeat_from="completion")

    following = do("complete", task, completed_at=moment)["next_occurrence"]

    assert api.get(f"/tasks/{following}/").json()["due_date"] == "2026-11-28"


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("America/New_York", "0001-01-01T00:00:00Z"),
        ("America/New_York", "9999-12-31T23:59:59Z"),
        ("America/New_York", "9999-12-31T02:00:00Z"),
        ("Europe/Zurich", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_reminder_at_the_end_of_the_calendar_stays_there(alice, make, following, zone, at):
    alice.timezone = zone
    alice.save()
    task = make(due_date="2026-12-05", recurrence="FREQ=DAILY", reminders=[{"at": at}])

    assert following(task)["reminders"] == [{"at": at}]


def test_a_start_that_can_not_go_so_far_back_is_when_it_is_due(make, following):
    dates = {"start_date": "5000-01-01", "start_time": "09:00", "due_date": "9999-12-01", "due_time": "10:00"}
    task = make(recurrence="FREQ=DAILY", repeat_from="completion", **dates)

    fresh = following(task)

    assert (fresh["due_date"], fresh["due_time"]) == ("2026-11-29", "10:00:00")
    assert (fresh["start_date"], fresh["start_time"]) == ("2026-11-29", "10:00:00")


def test_a_subtask_at_the_end_of_the_calendar_is_copied_as_it_is(api, make, following):
    task = make(due_date="2026-12-05", recurrence="FREQ=WEEKLY")
    make(parent=task["id"], start_date="9999-12-24", due_date="9999-12-28")

    fresh = following(task)

    [copy] = api.get(f"/tasks/?parent={fresh['id']}").json()["results"]
    assert (copy["start_date"], copy["due_date"]) == ("9999-12-24", "9999-12-28")


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

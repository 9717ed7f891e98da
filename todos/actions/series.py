"""How a task follows its series: what a change of its dates or its rule means, and when the next occurrence is due."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from api.ids import uuid7
from ownership.validation import invalid
from todos.recurrence import Recurrence, Series
from todos.reminders import reminder_at

if TYPE_CHECKING:
    from todos.models.task import Task

# The columns whose change may mean something for the series.
RULED_BY = frozenset({"recurrence", "due_date", "due_time"})


def follow(task: "Task", changed: set[str]) -> None:
    """Let the series follow a change of these columns.

    Another due date postpones this occurrence alone. Another due time alone is the time from here on. Another rule
    counts from this occurrence. Both, a first rule, or `restart_series` begin a series at the due date.
    """
    if not task.recurrence or task.due_date is None:
        leave(task)
    elif task.restart_series or not task.was("recurrence") or {"recurrence", "due_date"} <= changed:
        begin(task)
    elif "recurrence" in changed:
        change_rule(task)
    elif "due_date" not in changed:
        task.series_time = task.due_time


def leave(task: "Task") -> None:
    task.series_start = task.series_day = task.series_time = task.occurrence_date = None
    task.series_passed = 0


def begin(task: "Task") -> None:
    task.series = task.series or uuid7()
    task.series_start = task.occurrence_date = task.due_date
    task.series_day, task.series_passed, task.series_time = None, 0, task.due_time


def change_rule(task: "Task") -> None:
    before = series_of(task, task.was("recurrence"))
    after = before.with_rule(rule_of(task, task.recurrence), task.occurrence_date or before.start)
    task.series_start, task.series_day, task.series_passed = after.start, after.day, after.already
    task.occurrence_date = after.start


def rule_of(task: "Task", text: str) -> Recurrence:
    return Recurrence.parse(text, ZoneInfo(task.owner.timezone))


def is_same_rule(task: "Task") -> bool:
    """Whether its rule is the one that it had before, perhaps in other words."""
    before, after = task.was("recurrence"), task.recurrence
    return bool(before and after) and rule_of(task, before) == rule_of(task, after)


def series_of(task: "Task", text: str) -> Series:
    start: Any = task.series_start or task.due_date  # one of them is set: a constraint says so
    return Series(rule_of(task, text), start, task.series_day, task.series_passed)


def next_occurrence(task: "Task", now: datetime) -> dict | None:
    """The values of the next occurrence that aren't the task's, seen from `now` on the owner's clock; None at the end.

    A task whose rule counts from completion counts from the day of `completed_at`, or from `now` while it is open.
    """
    if not task.recurrence or task.due_date is None:
        return None
    is_past = task.series_time is not None and task.series_time < now.time()
    not_before = now.date() + timedelta(days=is_past)
    if task.repeat_from == "completion":
        done_on = timezone.localtime(task.completed_at or now, now.tzinfo).date()
        series = Series(rule_of(task, task.recurrence), done_on, None, task.series_passed)
        found = series.next_date(done_on, not_before)
    else:
        series = series_of(task, task.recurrence)
        found = series.next_date(max(task.occurrence_date or task.due_date, task.due_date), not_before)
    if found is None:
        return None
    values = {**shifted(task, found - task.due_date), "due_date": found, "due_time": task.series_time}
    values["occurrence_date"] = found
    if task.repeat_from == "completion":
        values |= {"series_start": found, "series_day": None, "series_passed": series.passed(found) - 1}
    return values


def shifted(task: "Task", by: timedelta) -> dict:
    """The dates and reminders of the task that much later."""
    zone = ZoneInfo(task.owner.timezone)
    return {
        "due_date": later(task.due_date, by),
        "start_date": later(task.start_date, by),
        "reminders": [shifted_reminder(each, by, zone) for each in task.reminders],
    }


def shifted_reminder(reminder: dict, by: timedelta, zone: ZoneInfo) -> dict:
    if "at" not in reminder:
        return reminder
    moment = later(datetime.fromisoformat(reminder["at"]).astimezone(zone), by)  # the wall clock stays
    return reminder_at(moment)


def later(day, by: timedelta):
    try:
        return day and day + by
    except OverflowError:  # after the year 9999
        return day


def skip(task: "Task") -> None:
    """Set the task to its next date, without completing it. Raises ValidationError."""
    if not task.recurrence or task.due_date is None:
        raise invalid("recurrence", "This task does not recur.", "not_recurring")
    values = next_occurrence(task, task.owner.now())
    if values is None:
        raise invalid("recurrence", "This is the last occurrence: complete it instead.", "last_occurrence")
    for name, value in values.items():
        setattr(task, name, value)

"""How a task follows its series: what a change of its dates or its rule means, and when the next occurrence is due."""

from contextlib import suppress
from datetime import date, datetime, timedelta
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

    Another due date postpones this occurrence alone, with its time. Another due time without it is the time from here
    on. Another rule counts from this occurrence. With another due date, as a first one, or with `restart_series`, it
    begins a series at the due date.
    """
    if not task.recurrence or task.due_date is None:
        leave(task)
    elif task.restart_series or not task.was("recurrence") or {"recurrence", "due_date"} <= changed:
        begin(task)
    elif "due_date" not in changed:
        if "recurrence" in changed:
            change_rule(task)
        if "due_time" in changed:
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
    """The values of the next occurrence that aren't the task's, from `now` on the owner's clock on; None at the end."""
    if not task.recurrence or task.due_date is None:
        return None
    is_past = task.series_time is not None and task.series_time < now.time()
    not_before = now.date() + timedelta(days=is_past)
    if task.repeat_from == "completion":
        counted_from = completion_date(task, now)
        series = Series(rule_of(task, task.recurrence), counted_from, None, task.series_passed)
        found = series.next_date(counted_from, not_before)
    else:
        series = series_of(task, task.recurrence)
        found = series.next_date(max(task.occurrence_date or task.due_date, task.due_date), not_before)
    if found is None:
        return None
    values = {**shifted(task, found - task.due_date), "due_date": found, "due_time": task.series_time}
    values |= {"occurrence_date": found, **start_in_time(task, values)}
    if task.repeat_from == "completion":
        values |= {"series_start": found, "series_day": None, "series_passed": series.passed(found) - 1}
    return values


def completion_date(task: "Task", now: datetime) -> date:
    """The day of `completed_at`. An open task is skipped: as if it were completed on its due date, or today if late."""
    if task.completed_at is None:
        return max(now.date(), task.due_date or now.date())
    try:
        return timezone.localtime(task.completed_at, now.tzinfo).date()
    except OverflowError:  # before the year 1
        return task.completed_at.date()


def start_in_time(task: "Task", values: dict) -> dict:
    """The start, where it would be after the due time that these values of the next occurrence go back to.

    This one was postponed to a later time, and its start along with it. The time between them stays the same.
    """
    if not (task.start_date and task.start_time and values["due_time"]):
        return {}
    due = datetime.combine(values["due_date"], values["due_time"])
    if datetime.combine(values.get("start_date", task.start_date), task.start_time) <= due:
        return {}
    was_due: Any = task.due_date, task.due_time or task.start_time
    try:
        start = due - (datetime.combine(*was_due) - datetime.combine(task.start_date, task.start_time))
    except OverflowError:  # before the year 1
        start = due
    return {"start_date": start.date(), "start_time": start.time()}


def shifted(task: "Task", by: timedelta) -> dict:
    """The dates and reminders of the task that much later; as they are, where the calendar doesn't go so far."""
    zone = ZoneInfo(task.owner.timezone)
    values: dict[str, Any] = {"reminders": [shifted_reminder(each, by, zone) for each in task.reminders]}
    with suppress(OverflowError):
        values |= {name: day + by for name in ("due_date", "start_date") if (day := getattr(task, name))}
    return values


def shifted_reminder(reminder: dict, by: timedelta, zone: ZoneInfo) -> dict:
    if "at" not in reminder:
        return reminder
    with suppress(OverflowError):
        return reminder_at(datetime.fromisoformat(reminder["at"]).astimezone(zone) + by)  # the wall clock stays
    return reminder


def skip(task: "Task") -> None:
    """Set the task to its next date, without completing it. Raises ValidationError."""
    if not task.recurrence or task.due_date is None:
        raise invalid("recurrence", "This task does not recur.", "not_recurring")
    if task.completed:
        raise invalid("completed", "This task is completed. Reopen it first.", "completed")
    values = next_occurrence(task, task.owner.now())
    if values is None:
        raise invalid("recurrence", "This is the last occurrence: complete it instead.", "last_occurrence")
    for name, value in values.items():
        setattr(task, name, value)

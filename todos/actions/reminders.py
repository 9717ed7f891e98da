"""When a task reminds of itself next."""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from ownership.transactions import open_transactions
from users.models import moment_of

if TYPE_CHECKING:
    from todos.models.task import Task

# What the moments follow from.
REMINDED_BY = frozenset({"due_date", "due_time", "reminders", "completed_at", "deleted_at"})


def moments(task: "Task", zone: str) -> list[datetime]:
    """When it reminds, in order, for an owner in this zone. What is due on a day is due as it begins."""
    if task.completed_at or task.deleted_at:
        return []
    found = set()
    for each in task.reminders:
        if "at" in each:
            found.add(datetime.fromisoformat(each["at"]))
        elif task.due_date:
            found.add(before(due_moment(task, zone), each["minutes_before"]))
    return sorted(found)


def due_moment(task: "Task", zone: str) -> datetime:
    fields: list[Any] = [task._meta.get_field(name) for name in ("due_date", "due_time")]
    day, at = (field.to_python(getattr(task, field.name)) for field in fields)  # Django takes texts, too
    return moment_of(datetime.combine(day, at or time.min), zone)


def before(moment: datetime, minutes: int) -> datetime:
    try:
        return moment - timedelta(minutes=minutes)
    except OverflowError:  # in the year 1
        return datetime.min.replace(tzinfo=UTC)


def next_moment(task: "Task", now: datetime, zone: str) -> datetime | None:
    """The next moment, or one that has passed but for which no reminder has gone out yet."""
    pending = task.remind_at
    if pending and pending <= now and task.pk and not task._state.adding:
        # The object may have been read before the worker reminded.
        pending = type(task).objects.filter(pk=task.pk).values_list("remind_at", flat=True).first()
    later = max(now, task.reminded_at or now)
    return min((each for each in moments(task, zone) if each > later or each == pending), default=None)


def follow(task: "Task") -> None:
    """Work out the next reminder, if a write changes what it follows from. Call it in the revision transaction."""
    changed = task._state.adding or not REMINDED_BY.isdisjoint(task.changed_fields())
    if changed and (task.reminders or task.remind_at):
        work_out(task)


def work_out(task: "Task") -> None:
    current = open_transactions.get()[task.owner_id]
    task.remind_at = next_moment(task, timezone.now(), current.timezone)
    if task.remind_at:
        current.wakes_worker = True

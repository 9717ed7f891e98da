"""Reminders as tasks store them: `{"minutes_before": …}` or `{"at": …}`."""

from datetime import UTC, datetime

MAX_REMINDERS = 10  # of a task
MAX_MINUTES_BEFORE = 525_600  # a year


def reminder_at(moment: datetime) -> dict[str, str]:
    """A reminder at this moment, which is aware. Stored as JSON has it: in UTC, ending in Z."""
    return {"at": moment.astimezone(UTC).isoformat().replace("+00:00", "Z")}

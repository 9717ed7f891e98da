"""Reminders as tasks store them: `{"minutes_before": …}` or `{"at": …}`."""

from datetime import UTC, datetime


def reminder_at(moment: datetime) -> dict[str, str]:
    """A reminder at this moment, which is aware. Stored as JSON has it: in UTC, ending in Z."""
    return {"at": moment.astimezone(UTC).isoformat().replace("+00:00", "Z")}

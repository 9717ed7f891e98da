"""The archive of this server: everything of an account. `transfer/exports/archive.py` writes it."""

from typing import IO, Any
from zoneinfo import ZoneInfo

from todos.models import Task
from todos.reminders import reminder_at
from transfer.extensions import ARCHIVE_PARTS
from transfer.files import BadFileError
from transfer.files.json_stream import JSONStream
from transfer.records import Contents, ProjectRecord, TagRecord, TaskRecord
from transfer.sources.fields import Members
from users.models import known_timezones

FORMAT, VERSION = "todo-archive", 1
KNOWN = {
    *("id", "title", "description", "completed_at", "priority", "start_date", "start_time", "due_date", "due_time"),
    *("reminders", "recurrence", "repeat_from", "project", "parent", "tags", "position", "created_at", "updated_at"),
    *("deleted_at", "series", "series_start", "series_day", "series_passed", "series_time", "occurrence_date"),
    *("next_occurrence", "carried_from", "untouched", "completed_together"),
}
GROUPS = 2**62  # of what was completed together
MAX_ITEM = 8 * 1024 * 1024  # characters: of a text of 1 MiB each one may be escaped


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    contents.max_rows = None
    named = False
    parts = PARTS | {part.name: part.read for part in ARCHIVE_PARTS}
    with JSONStream(file, MAX_ITEM) as stream:
        for name in stream.members():
            if name == "format":
                named = check_format(stream.value())
            elif not named:
                raise stream.refuse("This isn't an archive of this server: it doesn't begin with its format.")
            elif name in parts:
                for number in stream.elements():
                    parts[name](Members.of(f"{name}, item {number}", stream.value()), contents)
            elif name == "settings":
                read_settings(Members.of("settings", stream.value()), contents)
            elif name == "version":
                check_version(stream.value())
            elif stream.value() is not None and name != "complete":
                contents.lose(name, "", "This server doesn't know it.")
        stream.end()
    if not named:
        raise BadFileError("line 1: This isn't an archive of this server.")


def check_format(value: Any) -> bool:
    if value != FORMAT:
        raise BadFileError(f"line 1: This isn't an archive of this server: its format isn't \"{FORMAT}\".")
    return True


def check_version(value: Any) -> None:
    if value != VERSION:
        raise BadFileError("line 1: The archive was written by a newer version of this server.")


def read_settings(members: Members, contents: Contents) -> None:
    contents.settings = {"name": members.text("name")[:100].replace("\0", ""), "timezone": members.text("timezone")}
    if contents.settings["timezone"] not in known_timezones():
        contents.lose("settings", "timezone", f"{contents.settings.pop('timezone')[:60]!r} isn't known here.")
    if "reminders_by_email" in members.values:
        contents.settings["reminders_by_email"] = members.flag("reminders_by_email")
    members.lose_others(contents, "settings", {"name", "timezone", "reminders_by_email"})


def read_project(members: Members, contents: Contents) -> None:
    contents.add_project(
        ProjectRecord(
            members.where,
            key_of(members),
            members.text("name"),
            members.text("color"),
            members.number("position", -1e300, 1e300),
            **moments(members),
        )
    )


def read_tag(members: Members, contents: Contents) -> None:
    contents.tags.append(TagRecord(members.where, members.text("name"), **moments(members)))


def read_task(members: Members, contents: Contents) -> None:
    completed_at = members.moment("completed_at")
    task = TaskRecord(
        members.where,
        key_of(members),
        members.text("title"),
        members.text("description"),
        completed_at is not None,
        completed_at,
        members.whole("priority", 0, 4),
        members.day("start_date"),
        members.clock("start_time"),
        members.day("due_date"),
        members.clock("due_time"),
        members.text("recurrence"),
        "completion" if members.text("repeat_from") == "completion" else "due",
        project=members.id("project"),
        parent=members.id("parent"),
        tags=[*members.texts("tags")],
        position=members.number("position", -1e300, 1e300),
        series=read_series(members),
        **moments(members),
    )
    for each in members.items("reminders"):
        reminder = read_reminder(each)
        task.reminders.append(reminder) if reminder else contents.lose(task.item, "reminders", f"{each!r:.100}")
    members.lose_others(contents, task.item, KNOWN)
    contents.add_task(task)


def read_series(members: Members) -> dict[str, Any]:
    if members.values.get("recurrence") and members.day("series_start") is None:
        return {}  # it begins at the due date
    passed = Task._meta.get_field("series_passed").default
    return {
        "series": members.id("series"),
        "series_start": members.day("series_start"),
        "series_day": members.whole("series_day", 1, 31) if members.values.get("series_day") else None,
        "series_passed": members.whole("series_passed", 0, 100_000) or passed,
        "series_time": members.clock("series_time"),
        "occurrence_date": members.day("occurrence_date"),
        "next_occurrence": members.id("next_occurrence"),
        "carried_from": members.id("carried_from"),
        "untouched": members.flag("untouched"),
        "completed_together": members.number("completed_together", -GROUPS, GROUPS),
    }


def read_reminder(value: Any) -> dict | None:
    if not isinstance(value, dict) or len(value) != 1:
        return None
    minutes = value.get("minutes_before")
    if isinstance(minutes, int) and not isinstance(minutes, bool) and 0 <= minutes <= 525_600:
        return {"minutes_before": minutes}
    if isinstance(value.get("at"), str):
        try:
            moment = Members("", value).moment("at")
        except BadFileError:
            return None
        return reminder_at(moment) if moment else None
    return None


def key_of(members: Members) -> str:
    key = members.id()
    if not key:
        raise BadFileError(f"{members.where}: It has no id.")
    return key


def moments(members: Members) -> dict[str, Any]:
    return {name: members.moment(name) for name in ("created_at", "updated_at", "deleted_at")}


PARTS = {"projects": read_project, "tags": read_tag, "tasks": read_task}

"""Microsoft To Do: an array of lists with `tasks`, as Microsoft Graph has them."""

from datetime import datetime, time
from typing import IO, Any
from zoneinfo import ZoneInfo

from todos.icalendar.moments import zone_named
from todos.reminders import reminder_at
from transfer.files import BadFileError
from transfer.files.json_stream import JSONStream
from transfer.records import Contents, ProjectRecord, TaskRecord
from transfer.sources.fields import Members
from transfer.sources.times import Wall, on_the_clock, plain_text

LIST = {"id", "displayName", "wellknownListName", "isOwner", "isShared", "@odata.etag", "tasks@odata.context", "tasks"}
TASK = {
    *("id", "title", "body", "importance", "status", "dueDateTime", "startDateTime", "completedDateTime", "recurrence"),
    *("reminderDateTime", "isReminderOn", "categories", "createdDateTime", "lastModifiedDateTime", "checklistItems"),
    *("bodyLastModifiedDateTime", "@odata.etag", "hasAttachments", "checklistItems@odata.context"),
    *("linkedResources@odata.context", "attachments@odata.context", "attachments"),
}
IMPORTANCE = {"low": 1, "normal": 0, "high": 3}
NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
DAYS = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    with JSONStream(file) as stream:
        if stream.peek() == "{":  # a page of Graph: {"value": […]}
            for name in stream.members():
                read_lists(stream, zone, contents) if name == "value" else stream.value()
        else:
            read_lists(stream, zone, contents)
        stream.end()
        if not contents.rows:
            raise stream.refuse("This isn't an array of task lists, as Microsoft Graph has them.")


def read_lists(stream: JSONStream, zone: ZoneInfo, contents: Contents) -> None:
    for number in stream.elements():
        read_list(stream, f"list {number}", zone, contents)


def read_list(stream: JSONStream, where: str, zone: ZoneInfo, contents: Contents) -> None:
    values: dict[str, Any] = {}
    tasks: list[TaskRecord] = []
    for name in stream.members():
        if name != "tasks":
            values[name] = stream.value()
            continue
        for number in stream.elements():
            tasks += read_task(Members.of(f"{where}, task {number}", stream.value()), zone, contents)
    members = Members(where, values)
    key = members.id() or f"name:{members.text('displayName')}"
    if not members.text("displayName"):
        raise BadFileError(f"{where}: It has no displayName. Is this an array of task lists?")
    if members.text("wellknownListName") == "defaultList":
        key = ""  # the inbox
        contents.count(where)
    else:
        contents.add_project(ProjectRecord(where, key, members.text("displayName")))
    members.lose_others(contents, where, LIST)
    for task in tasks:
        task.project = key
        contents.add_task(task)


def read_task(members: Members, zone: ZoneInfo, contents: Contents) -> list[TaskRecord]:
    """The task, and its steps as subtasks."""
    status = members.text("status")
    task = TaskRecord(
        members.where,
        members.id(),
        members.text("title"),
        completed=status == "completed",
        priority=IMPORTANCE.get(members.text("importance"), 0),
        tags=[*members.texts("categories")],
        created_at=members.moment("createdDateTime"),
    )
    if status in ("inProgress", "waitingOnOthers", "deferred"):
        contents.lose(task.item, "status", f"{status} isn't known here: the task is open.")
    read_body(task, members)
    if due := wall(members, "dueDateTime", zone):
        task.due_date = due[0]  # To Do has days only
    if start := wall(members, "startDateTime", zone):
        task.start_date = start[0]
    if (done := zoned(members, "completedDateTime", zone)) and task.completed:
        task.completed_at = done
    if (reminder := zoned(members, "reminderDateTime", zone)) and members.values.get("isReminderOn") is not False:
        task.reminders.append(reminder_at(reminder))
    read_recurrence(task, members, contents)
    if members.values.get("hasAttachments") is True or members.values.get("attachments"):
        contents.lose(task.item, "attachments", "Tasks here have no attachments.")
    members.lose_others(contents, task.item, TASK)
    steps = [
        read_step(task, Members.of(f"{members.where}, step {number}", each))
        for number, each in enumerate(members.items("checklistItems"), 1)
    ]
    return [task, *steps]


def read_body(task: TaskRecord, members: Members) -> None:
    if (body := members.values.get("body")) is not None:
        parts = Members.of(f"{members.where}: body", body)
        content = parts.text("content")
        task.description = plain_text(content) if parts.text("contentType") == "html" else content


def read_step(task: TaskRecord, members: Members) -> TaskRecord:
    if not task.key:
        raise BadFileError(f"{task.where}: It has steps, but no id.")
    return TaskRecord(
        members.where,
        f"{task.key}/{members.id()}" if members.id() else "",
        members.text("displayName"),
        completed=members.flag("isChecked"),
        completed_at=members.moment("checkedDateTime") if members.flag("isChecked") else None,
        parent=task.key,
        created_at=members.moment("createdDateTime"),
    )


def zoned(members: Members, name: str, zone: ZoneInfo) -> datetime | None:
    """A `dateTimeTimeZone`, in its zone; in the owner's, where that isn't known here."""
    if members.values.get(name) is None:
        return None
    parts = Members.of(f"{members.where}: {name}", members.values[name])
    try:
        moment = datetime.fromisoformat(parts.text("dateTime")[:26])
    except ValueError:
        raise parts.refuse("dateTime", "a date and time") from None
    if moment.tzinfo:
        return moment
    return moment.replace(tzinfo=zone_named(parts.text("timeZone") or "UTC") or zone)


def wall(members: Members, name: str, zone: ZoneInfo) -> Wall | None:
    moment = zoned(members, name, zone)
    if moment is None:
        return None
    # Midnight, wherever that is, means the day. Anything else is midnight where the owner was.
    return (moment.date(), None) if moment.time() == time() else on_the_clock(moment, zone)


def read_recurrence(task: TaskRecord, members: Members, contents: Contents) -> None:
    if members.values.get("recurrence") is None:
        return
    outer = Members.of(f"{members.where}: recurrence", members.values["recurrence"])
    rule = rule_of(Members.of(f"{outer.where}: pattern", outer.values.get("pattern") or {}))
    end = end_of(Members.of(f"{outer.where}: range", outer.values.get("range") or {}))
    if rule is None or end is None:
        contents.lose(task.item, "recurrence", f"It isn't understood: {outer.values!r:.200}")
    else:
        task.recurrence = rule + end


def rule_of(pattern: Members) -> str | None:
    kind, interval = pattern.text("type"), pattern.whole("interval", 0, 999) or 1
    days = [day[:2].upper() for day in pattern.texts("daysOfWeek") if day in DAYS]
    by_day, month_day = ",".join(days), pattern.whole("dayOfMonth", 0, 31)
    number, month = NUMBERS.get(pattern.text("index")), pattern.whole("month", 0, 12)
    every = f";INTERVAL={interval}" if interval > 1 else ""
    match kind:
        case "daily":
            return f"FREQ=DAILY{every}"
        case "weekly" if days:
            first = pattern.text("firstDayOfWeek")
            start = f";WKST={first[:2].upper()}" if first in DAYS and interval > 1 else ""
            return f"FREQ=WEEKLY{every};BYDAY={by_day}{start}"
        case "absoluteMonthly" if month_day:
            return f"FREQ=MONTHLY{every};BYMONTHDAY={month_day}"
        case "relativeMonthly" if days and number:
            return f"FREQ=MONTHLY{every};BYDAY={by_day};BYSETPOS={number}"
        case "absoluteYearly" if month and month_day:
            return f"FREQ=YEARLY{every};BYMONTH={month};BYMONTHDAY={month_day}"
        case "relativeYearly" if month and days and number:
            return f"FREQ=YEARLY{every};BYMONTH={month};BYDAY={by_day};BYSETPOS={number}"
    return None


def end_of(limits: Members) -> str | None:
    match limits.text("type"):
        case "" | "noEnd":
            return ""
        case "endDate" if day := limits.day("endDate"):
            return f";UNTIL={day:%Y%m%d}"
        case "numbered" if count := limits.whole("numberOfOccurrences", 0, 999):
            return f";COUNT={count}"
    return None

"""Google Tasks, as Google Takeout exports them: lists with their tasks."""

from datetime import UTC, datetime, time
from typing import IO, Any
from zoneinfo import ZoneInfo

from transfer.files.json_stream import JSONStream
from transfer.records import Contents, ProjectRecord, TaskRecord
from transfer.sources.fields import Members
from transfer.sources.times import on_the_clock

LIST = {"kind", "id", "title", "updated", "selfLink", "etag", "created"}
TASK = LIST | {
    "notes",
    "status",
    "due",
    "completed",
    "parent",
    "position",
    "deleted",
    "hidden",
    "starred",
    "webViewLink",
}
TASK |= {"task_type", "scheduled_time"}


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    with JSONStream(file) as stream:
        kind = ""
        for name in stream.members():
            if name == "items":
                for number in stream.elements():
                    read_list(stream, f"list {number}", zone, contents)
                kind = kind or "tasks#taskLists"
            elif (value := stream.value()) and name == "kind":
                kind = str(value)
        stream.end()
        if kind != "tasks#taskLists":
            raise stream.refuse("This isn't the Tasks.json of Google Takeout: it has no task lists.")


def read_list(stream: JSONStream, where: str, zone: ZoneInfo, contents: Contents) -> None:
    values: dict[str, Any] = {}
    tasks: list[TaskRecord] = []
    for name in stream.members():
        if name != "items":
            values[name] = stream.value()
            continue
        for number in stream.elements():
            members = Members.of(f"{where}, task {number}", stream.value())
            tasks.append(read_task(members, zone, contents))
    members = Members(where, values)
    key = members.id() or f"name:{members.text('title')}"
    contents.add_project(ProjectRecord(where, key, members.text("title")))
    members.lose_others(contents, where, LIST)
    for task in tasks:
        task.project = key
        contents.add_task(task)


def read_task(members: Members, zone: ZoneInfo, contents: Contents) -> TaskRecord:
    task = TaskRecord(
        members.where,
        members.id(),
        members.text("title"),
        members.text("notes"),
        members.text("status") == "completed",
        members.moment("completed"),
        3 if members.flag("starred") else 0,
        parent=members.id("parent"),
        created_at=members.moment("created"),
    )
    if due := members.moment("due"):
        task.due_date = due.date()  # a day, written as midnight in UTC
    read_schedule(task, members, zone, contents)
    if members.flag("deleted"):
        task.deleted_at = members.moment("updated") or datetime.now(UTC)
    members.lose_others(contents, task.item, TASK)
    return task


def read_schedule(task: TaskRecord, members: Members, zone: ZoneInfo, contents: Contents) -> None:
    for each in members.items("scheduled_time"):
        planned = Members.of(f"{members.where}: scheduled_time", each)
        start = planned.moment("start")
        if start is None or not planned.flag("current"):
            contents.lose(task.item, "scheduled_time", f"Only the current time is kept: {each!r:.100}")
        elif start.time() == time():
            task.due_date, task.due_time = start.date(), None
        else:
            task.due_date, task.due_time = on_the_clock(start, zone)

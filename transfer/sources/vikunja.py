"""Vikunja: the zip of its data export, or the `data.json` in it."""

from typing import IO, Any
from zoneinfo import ZoneInfo

from todos.reminders import MAX_MINUTES_BEFORE, reminder_at
from transfer.files import BadFileError
from transfer.files.json_stream import JSONStream
from transfer.files.zips import is_zip, unpack
from transfer.records import Contents, ProjectRecord, TaskRecord
from transfer.sources.fields import Members
from transfer.sources.times import on_the_clock, plain_text

DAY = 86_400  # seconds
PROJECT = {
    "id",
    "title",
    "hex_color",
    "position",
    "created",
    "updated",
    "tasks",
    "owner",
    "views",
    "buckets",
    "identifier",
}
PROJECT |= {
    "is_favorite",
    "subscription",
    "max_permission",
    "background_blur_hash",
    "background_information",
    "positions",
}
PROJECT |= {"task_buckets", "max_right", "background_file_id"}
TASK = {
    *("id", "title", "description", "done", "done_at", "due_date", "start_date", "repeat_after", "repeat_mode"),
    *("priority", "labels", "reminders", "related_tasks", "created", "updated", "position", "project_id", "bucket_id"),
    *("index", "identifier", "created_by", "cover_image_attachment_id", "subscription", "kanban_position", "uid"),
    *("list_id", "reminder_dates", "is_unread", "comment_count", "reactions"),
}


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    if not is_zip(file):
        read_data(file, zone, contents)
        return
    found = False
    for name, content in unpack(file):
        if name.rpartition("/")[2] == "data.json":
            found = True
            read_data(content, zone, contents)
        elif name.rpartition("/")[2] not in ("VERSION", "filters.json"):
            contents.lose(name[:80], "", "Files of an export aren't kept.")
    if not found:
        raise BadFileError("The zip has no data.json: it isn't an export of Vikunja.")


def read_data(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    with JSONStream(file) as stream:
        parents: list[tuple[str, str]] = []  # of subtasks, by the ids of both
        for number in stream.elements():
            read_project(stream, f"project {number}", zone, contents, parents)
        stream.end()
    for child, parent in parents:
        if child in contents.tasks and not contents.tasks[child].parent:
            contents.tasks[child].parent = parent


def read_project(stream: JSONStream, where: str, zone: ZoneInfo, contents: Contents, parents: list) -> None:
    values: dict[str, Any] = {}
    tasks: list[TaskRecord] = []
    for name in stream.members():
        if name == "tasks" and stream.peek() == "[":
            for number in stream.elements():
                members = Members.of(f"{where}, task {number}", stream.value())
                tasks.append(read_task(members, zone, contents, parents))
        else:
            values[name] = stream.value()
    members = Members(where, values)
    key = members.id()
    if not key or not members.text("title"):
        raise BadFileError(f"{where}: It has no id or no title. Is this an export of Vikunja?")
    color = members.text("hex_color")
    position = members.number("position", -1e300, 1e300)
    contents.add_project(
        ProjectRecord(where, key, members.text("title"), f"#{color}" if color else "", position=position)
    )
    members.lose_others(contents, f"{where}: {members.text('title')[:80]}", PROJECT)
    for task in tasks:
        task.project = key
        contents.add_task(task)


def read_task(members: Members, zone: ZoneInfo, contents: Contents, parents: list) -> TaskRecord:
    priority = members.whole("priority", 0, 100)
    task = TaskRecord(
        members.where,
        members.id(),
        members.text("title"),
        plain_text(members.text("description")),
        members.flag("done"),
        members.moment("done_at") if members.flag("done") else None,
        min(priority, 4),
        tags=[Members.of(f"{members.where}: labels", each).text("title") for each in members.items("labels")],
        created_at=members.moment("created"),
        position=members.number("position", -1e300, 1e300),
    )
    if priority > 4:
        contents.lose(task.item, "priority", "The highest one here is 4, urgent.")
    if due := members.moment("due_date"):
        task.due_date, task.due_time = on_the_clock(due, zone)
    if start := members.moment("start_date"):
        task.start_date, task.start_time = on_the_clock(start, zone)
    if members.moment("end_date"):
        contents.lose(task.item, "end_date", "Tasks here have a start date and a due date.")
    read_reminders(task, members, contents)
    read_repetition(task, members, contents)
    read_relations(task, members, contents, parents)
    members.lose_others(contents, task.item, TASK | {"end_date"})
    return task


def read_reminders(task: TaskRecord, members: Members, contents: Contents) -> None:
    for each in members.items("reminders"):
        if isinstance(each, str):  # before 0.21
            each = {"reminder": each}
        reminder = Members.of(f"{members.where}: reminders", each)
        seconds = -reminder.whole("relative_period", -(2**40), 2**40)
        if reminder.text("relative_to") == "due_date" and seconds % 60 == 0 and 0 <= seconds <= MAX_MINUTES_BEFORE * 60:
            task.reminders.append({"minutes_before": seconds // 60})
        elif moment := reminder.moment("reminder"):
            task.reminders.append(reminder_at(moment))
        else:
            contents.lose(task.item, "reminders", f"It isn't understood: {each!r:.100}")


def read_repetition(task: TaskRecord, members: Members, contents: Contents) -> None:
    """Vikunja counts in seconds. Whole days are kept, and its months, which are a mode of their own."""
    seconds, mode = members.whole("repeat_after", 0, 2**53), members.whole("repeat_mode", 0, 100)
    days, rest = divmod(seconds, DAY)
    if mode == 1:
        task.recurrence = "FREQ=MONTHLY"
    elif seconds and not rest and 1 <= days <= 999 * 7:
        task.recurrence = f"FREQ=WEEKLY;INTERVAL={days // 7}" if days % 7 == 0 else f"FREQ=DAILY;INTERVAL={days}"
        task.repeat_from = "completion" if mode == 2 else "due"
    elif seconds:
        contents.lose(task.item, "repeat_after", f"{seconds} seconds aren't whole days, or are too many of them.")


def read_relations(task: TaskRecord, members: Members, contents: Contents, parents: list) -> None:
    if members.values.get("related_tasks") is None:
        return
    relations = Members.of(f"{members.where}: related_tasks", members.values["related_tasks"])
    for kind in relations.values:
        others = [Members.of(relations.where, each).id() for each in relations.items(kind)]
        if kind == "parenttask":
            parents += [(task.key, other) for other in others[:1]]
        elif kind == "subtask":
            parents += [(other, task.key) for other in others]
        elif others:
            contents.lose(task.item, "related_tasks", f"Tasks here know no relation of the kind {str(kind)[:40]}.")
        if kind == "parenttask" and len(others) > 1:
            contents.lose(task.item, "related_tasks", "A task is a part of one other: the first one is kept.")

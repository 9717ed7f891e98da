"""The JSON of Todoist's sync endpoint."""

from datetime import date, datetime, time
from typing import IO
from zoneinfo import ZoneInfo

from transfer.files import BadFileError
from transfer.files.json_stream import JSONStream
from transfer.records import Contents, ProjectRecord, TaskRecord
from transfer.sources.fields import Members
from transfer.sources.times import on_the_clock
from transfer.sources.todoist_dates import read_deadline, read_words

API_PRIORITIES = {4: 4, 3: 3, 2: 2, 1: 0, 0: 0}  # 4 is the highest, other than in the CSV
COLORS = {
    "berry_red": "#b8256f",
    "red": "#db4035",
    "orange": "#ff9933",
    "yellow": "#fad000",
    "olive_green": "#afb83b",
    "lime_green": "#7ecc49",
    "green": "#299438",
    "mint_green": "#6accbc",
    "teal": "#158fad",
    "sky_blue": "#14aaf5",
    "light_blue": "#96c3eb",
    "blue": "#4073ff",
    "grape": "#884dff",
    "violet": "#af38eb",
    "lavender": "#eb96eb",
    "magenta": "#e05194",
    "salmon": "#ff8d85",
    "charcoal": "#808080",
    "grey": "#b8b8b8",
    "taupe": "#ccac93",
}
PROJECT = {
    *("id", "name", "color", "child_order", "inbox_project", "is_deleted", "created_at", "updated_at", "is_favorite"),
    *(
        "collapsed",
        "is_collapsed",
        "view_style",
        "can_assign_tasks",
        "v2_id",
        "sync_id",
        "creator_uid",
        "default_order",
    ),
    *("access", "role", "public_key", "status"),
}
ITEM = {
    *(
        "id",
        "content",
        "description",
        "project_id",
        "section_id",
        "parent_id",
        "child_order",
        "labels",
        "priority",
        "due",
    ),
    *("deadline", "checked", "completed_at", "added_at", "is_deleted", "user_id", "added_by_uid", "day_order", "v2_id"),
    *("collapsed", "is_collapsed", "updated_at", "sync_id", "completed_by_uid", "note_count", "goal_ids"),
}


class SyncReader:
    """The JSON of the sync endpoint, whose members come in any order."""

    def __init__(self, zone: ZoneInfo, contents: Contents):
        self.zone, self.contents = zone, contents
        self.today = datetime.now(zone).date()
        self.sections: dict[str, str] = {}
        self.of_section: list[tuple[TaskRecord, str]] = []
        self.notes: list[tuple[str, str]] = []
        self.inbox: set[str] = set()
        self.items = 0

    def read(self, file: IO[bytes]) -> None:
        readers = {"projects": self.project, "items": self.item, "sections": self.add_section, "notes": self.note}
        with JSONStream(file) as stream:
            for name in stream.members():
                if name in readers and stream.peek() == "[":
                    for number in stream.elements():
                        readers[name](Members.of(f"{name}, item {number}", stream.value()))
                    self.items += name == "items"
                elif (value := stream.value()) and name in ("filters", "reminders", "project_notes"):
                    self.contents.lose(name, "", f"They aren't kept: {len(value)}.")
            stream.end()
            if not self.items:
                raise stream.refuse("This isn't the JSON of Todoist's sync endpoint: it has no items.")
        self.finish()

    def finish(self) -> None:
        for task, section in self.of_section:
            if section in self.sections:
                task.tags.append(self.sections[section])
            else:
                self.contents.lose(task.item, "section_id", "The file has no such section.")
        for key, note in self.notes:
            if key in self.contents.tasks:
                task = self.contents.tasks[key]
                task.description = "\n\n".join(filter(None, [task.description, note]))
        for task in self.contents.tasks.values():
            if task.project in self.inbox:
                task.project = ""

    def project(self, members: Members) -> None:
        if members.flag("is_deleted"):
            return
        if members.flag("inbox_project"):
            self.inbox.add(members.id())
            self.contents.count(members.where)
            return
        color = COLORS.get(members.text("color"), "")
        item = f"{members.where}: {members.text('name')[:80]}"
        record = ProjectRecord(members.where, members.id(), members.text("name"), color)
        record.position = members.number("child_order", -1e9, 1e9)
        if members.id("parent_id"):
            self.contents.lose(item, "parent_id", "Projects here aren't nested.")
        members.lose_others(self.contents, item, PROJECT | {"parent_id"})
        self.contents.add_project(record)

    def add_section(self, members: Members) -> None:
        self.sections[members.id()] = members.text("name")

    def note(self, members: Members) -> None:
        if not members.flag("is_deleted"):
            self.notes.append((members.id("item_id"), members.text("content")))
            if members.values.get("file_attachment"):
                self.contents.lose(members.where, "file_attachment", "Tasks here have no attachments.")

    def item(self, members: Members) -> None:
        if "content" not in members.values:
            raise BadFileError(f"{members.where}: It has no content. Is this the JSON of Todoist's sync endpoint?")
        task = TaskRecord(
            members.where,
            members.id(),
            members.text("content"),
            members.text("description"),
            members.flag("checked"),
            members.moment("completed_at") if members.flag("checked") else None,
            API_PRIORITIES.get(members.whole("priority", 0, 4), 0),
            project=members.id("project_id"),
            parent=members.id("parent_id"),
            tags=[*members.texts("labels")],
            position=members.number("child_order", -1e9, 1e9),
            created_at=members.moment("added_at"),
        )
        if members.flag("is_deleted"):
            self.contents.count(task.where)
            self.contents.lose(task.item, "is_deleted", "It was deleted.")
            return
        if section := members.id("section_id"):
            self.of_section.append((task, section))
        self.read_due(task, members)
        members.lose_others(self.contents, task.item, ITEM)
        self.contents.add_task(task)

    def read_due(self, task: TaskRecord, members: Members) -> None:
        if members.values.get("due") is not None:
            due = Members.of(f"{members.where}: due", members.values["due"])
            text = due.text("date")
            if len(text) <= 10:
                task.due_date = due.day("date")
            elif moment := self.moment(due, text):
                task.due_date, task.due_time = moment
            if due.flag("is_recurring"):
                words = due.text("string")
                read_words(task, words, task.due_date, self.today, self.contents, "due", is_rule=True)
        if members.values.get("deadline") is not None:
            deadline = Members.of(f"{members.where}: deadline", members.values["deadline"])
            read_deadline(task, deadline.day("date"), deadline.text("date"), self.contents)

    def moment(self, due: Members, text: str) -> tuple[date, time | None] | None:
        if text.endswith("Z"):
            found = due.moment("date")
            return on_the_clock(found, self.zone) if found else None
        try:
            floating = datetime.fromisoformat(text[:40])
        except ValueError:
            raise due.refuse("date", "a date") from None
        return floating.date(), floating.time()

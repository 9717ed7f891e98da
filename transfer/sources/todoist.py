"""Todoist: the CSV of a project from its backup, the zip of the backup, or the JSON of the sync endpoint."""

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO
from zoneinfo import ZoneInfo

from transfer.files import BadFileError, lines_of
from transfer.files.tables import read_rows
from transfer.files.zips import is_zip, unpack
from transfer.records import Contents, TaskRecord
from transfer.sources.todoist_dates import read_deadline, read_words
from transfer.sources.todoist_json import SyncReader
from transfer.sources.words import day_in_words

LABEL = re.compile(r"(?:^|(?<=\s))@(\S+)")
PRIORITIES = {"1": 4, "2": 3, "3": 2, "4": 0, "": 0}  # in the CSV 1 is the highest


def read(file: IO[bytes], zone: ZoneInfo, contents: Contents) -> None:
    if is_zip(file):
        for name, content in unpack(file):
            if name.lower().endswith(".csv"):
                TableReader(PurePosixPath(name).stem, zone, contents, f"{name[:80]}, ").read(content)
            else:
                contents.lose(name[:80], "", "Files of a backup aren't kept.")
        if not contents.rows:
            raise BadFileError("The zip has no CSV with tasks: it isn't a backup of Todoist.")
        return
    file.seek(0)
    if file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        SyncReader(zone, contents).read(file)
        return
    name = PurePosixPath(str(getattr(file, "name", "") or "")).stem
    TableReader(name, zone, contents).read(file)


class TableReader:
    """The CSV of one project: rows of tasks, with their notes below them, and of sections."""

    def __init__(self, name: str, zone: ZoneInfo, contents: Contents, prefix: str = ""):
        self.name = re.sub(r"\s*\[\d+\]$", "", name)  # "Work [2203306141].csv"
        self.zone, self.contents, self.prefix = zone, contents, prefix
        self.today = datetime.now(zone).date()
        self.above: list[TaskRecord] = []  # the last task of each level
        self.section = self.project = ""

    def read(self, file: IO[bytes]) -> None:
        try:
            for where, cells in read_rows(lines_of(file), {"type", "content", "priority", "indent"}):
                self.read_row(f"{self.prefix}{where}", cells)
        except BadFileError as error:
            raise BadFileError(f"{self.prefix}{error}") from None

    def read_row(self, where: str, cells: dict[str, str]) -> None:
        kind, content = cells["type"].strip().lower(), cells["content"]
        if kind == "task":
            self.add(where, cells)
        elif kind == "section":
            self.section, self.above = content.strip(), []
        elif kind == "note" and self.above:
            self.contents.count(where)
            task = self.above[-1]
            task.description = "\n\n".join(filter(None, [task.description, content]))
        elif kind != "meta":
            self.contents.count(where)
            self.contents.lose(f"{where}: {content[:80]}", "TYPE", f"A row of the type {kind[:40]!r} isn't known here.")

    def add(self, where: str, cells: dict[str, str]) -> None:
        self.project = self.project or (
            "" if self.name in ("", "Inbox") else self.contents.project_named(where, self.name)
        )
        content = cells["content"]
        task = TaskRecord(where, title=LABEL.sub("", content), description=cells.get("description", ""))
        task.tags = LABEL.findall(content)
        task.project = self.project
        if self.section:
            task.tags.append(self.section)
        priority = cells["priority"].strip()
        task.priority = PRIORITIES.get(priority, 0)
        if priority not in PRIORITIES:
            self.contents.lose(task.item, "PRIORITY", f"{priority[:40]!r} isn't known here.")
        self.hang(task, cells["indent"].strip())
        self.read_date(task, cells)
        for column in ("responsible", "duration"):
            if (cell := cells.get(column, "").strip()) and cell != "None":
                self.contents.lose(task.item, column.upper(), f"Tasks here have none: {cell[:60]}.")
        self.contents.add_task(task)

    def hang(self, task: TaskRecord, indent: str) -> None:
        level = int(indent) if indent.isdecimal() and len(indent) < 3 and indent != "0" else 1
        self.above = self.above[: level - 1]
        if self.above:
            task.parent = self.above[-1].key
        task.key = self.contents.key_of(task)
        self.above.append(task)

    def read_date(self, task: TaskRecord, cells: dict[str, str]) -> None:
        text = cells.get("date", "").strip()
        if text:
            read_words(task, text, None, self.today, self.contents, "DATE")
        if deadline := cells.get("deadline", "").strip():
            day = day_in_words(deadline, self.today)
            read_deadline(task, day, deadline, self.contents)

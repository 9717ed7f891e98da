"""The programs that tasks are imported from. Each has a module that turns its file into neutral records.

`read(file, zone, contents)`: `file` is open for bytes and can seek; `zone` is the owner's time zone, for moments that
have to become days and times on a clock. Raises BadFileError, with the line or item, for a file that can't be read.
"""

from collections.abc import Callable
from typing import IO
from zoneinfo import ZoneInfo

from transfer.records import Contents
from transfer.sources import (
    archive,
    google_tasks,
    ics,
    microsoft_todo,
    table,
    taskwarrior,
    ticktick,
    todoist,
    todotxt,
    vikunja,
)

SOURCES: dict[str, Callable[[IO[bytes], ZoneInfo, Contents], None]] = {
    "archive": archive.read,
    "csv": table.read,
    "ics": ics.read,
    "todoist": todoist.read,
    "ticktick": ticktick.read,
    "google-tasks": google_tasks.read,
    "microsoft-todo": microsoft_todo.read,
    "vikunja": vikunja.read,
    "taskwarrior": taskwarrior.read,
    "todotxt": todotxt.read,
}

"""What every source is turned into: neutral records of projects, tags and tasks, and what of them could not be kept."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from transfer.files import BadFileError

MAX_ROWS = 50_000  # in a file; an archive may have more
SHOWN_LENGTH = 80  # of a title in a report


@dataclass(slots=True)
class Record:
    """A row of a file."""

    where: str  # such as "line 12" or "item 3"
    key: str = ""  # its id in the source; for a task without one, made of the content
    _: KW_ONLY
    position: float | None = None
    deleted_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    # Of an archive: the columns that have no attribute here, and the keys of what others refer to.
    columns: dict[str, Any] = field(default_factory=dict)
    references: dict[str, Any] = field(default_factory=dict)

    @property
    def item(self) -> str:
        """What it is called in a report."""
        return self.where


@dataclass(slots=True)
class TagRecord(Record):
    name: str = ""

    @property
    def item(self) -> str:
        return f"{self.where}: {self.name[:SHOWN_LENGTH]}"


@dataclass(slots=True)
class ProjectRecord(TagRecord):
    color: str = ""


@dataclass(slots=True)
class TaskRecord(Record):
    """Dates and times are on the clock of the owner's zone; moments are aware."""

    title: str = ""
    description: str = ""
    completed: bool = False
    completed_at: datetime | None = None
    priority: int = 0
    start_date: date | None = None
    start_time: time | None = None
    due_date: date | None = None
    due_time: time | None = None
    recurrence: str = ""
    repeat_from: str = "due"
    reminders: list[dict] = field(default_factory=list)
    project: str = ""  # a key
    parent: str = ""  # a key
    tags: list[str] = field(default_factory=list)
    series: dict[str, Any] | None = None  # the columns of its series, as an archive has them

    @property
    def item(self) -> str:
        title = " ".join(self.title[:SHOWN_LENGTH].split())
        return f"{self.where}: {title}" if title else self.where


@dataclass(slots=True)
class Lost:
    item: str
    field: str
    reason: str


@dataclass
class Contents:
    """All records of a file, and what was lost on the way."""

    max_rows: int | None = MAX_ROWS  # None: without a limit
    settings: dict[str, Any] = field(default_factory=dict)
    projects: dict[str, ProjectRecord] = field(default_factory=dict)  # by key, in their order
    tags: list[TagRecord] = field(default_factory=list)
    tasks: dict[str, TaskRecord] = field(default_factory=dict)  # by key, in their order
    others: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))  # of other apps, by part
    lost: list[Lost] = field(default_factory=list)
    rows: int = 0
    repeats: dict[str, int] = field(default_factory=dict)  # how often a key of content was made

    def lose(self, item: str, name: str, reason: str) -> None:
        self.lost.append(Lost(*map(well_formed, (item, name, reason))))

    def count(self, where: str) -> None:
        """Count a row. Raises BadFileError for one too many."""
        self.rows += 1
        if self.max_rows is not None and self.rows > self.max_rows:
            raise BadFileError(f"{where}: The file has more than {self.max_rows:,} rows. Import it in parts.")

    def add_project(self, project: ProjectRecord) -> None:
        self.count(project.where)
        if project.key in self.projects:
            self.lose(project.item, "id", "Another project has the same id.")
            return
        self.projects[project.key] = project

    def project_named(self, where: str, name: str) -> str:
        """The key of the project with this name, for sources whose projects have no ids. It is added if it is new."""
        key = f"name:{name}"
        if name and key not in self.projects:
            self.projects[key] = ProjectRecord(where, key, name)  # no row of its own
        return key if name else ""

    def add_task(self, task: TaskRecord) -> None:
        self.count(task.where)
        if not task.key:
            task.key = self.key_of(task)
        if task.key in self.tasks:
            self.lose(task.item, "id", f"{self.tasks[task.key].where} has the same id: this one isn't imported.")
            return
        self.tasks[task.key] = task

    def key_of(self, task: TaskRecord) -> str:
        """A key for a task without an id: where it stands, its title, and a number where that is there twice."""
        base = f"content:{task.project}\n{task.parent}\n{task.title}"
        number, key = 1, base
        while key in self.tasks:
            number = self.repeats[base] = self.repeats.get(base, 1) + 1
            key = f"{base}\n{number}"
        return key


@dataclass
class Report:
    """What an import did, or would do."""

    created: dict[str, int]
    unchanged: int
    lost: list[Lost]


def well_formed(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can escape, and nothing can send."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def chunks(items: list, size: int) -> Iterator[list]:
    return (items[start : start + size] for start in range(0, len(items), size))


def parse_uuid(text: object) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) and len(text) <= 36 else None
    except ValueError:
        return None

"""Makes records fit the rules of tasks. What doesn't fit is changed as little as possible, and named as lost."""

import math
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from api.text import fold, is_blank, to_line
from todos.models import Project, Task
from todos.models.rules import MAX_LEVEL
from todos.recurrence import Recurrence, RecurrenceError
from todos.serializers.task import MAX_TAG
from transfer.records import Contents, ProjectRecord, TagRecord, TaskRecord

# The halves of surrogate pairs and the null character are no text, which no database takes.
NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")  # not in a line
COLOR = re.compile(r"#[0-9a-f]{6}")
UNTITLED = "Untitled"
MAX_REMINDERS = 10
MAX_TITLE: int = Task._meta.get_field("title").max_length  # type: ignore[assignment]
MAX_DESCRIPTION: int = Task._meta.get_field("description").max_length  # type: ignore[assignment]
MAX_PROJECT: int = Project._meta.get_field("name").max_length  # type: ignore[assignment]
ENDLESS = float(2**40)  # a position beyond it leaves no room for new ones


def one_line(text: str) -> str:
    return CONTROL.sub("", to_line(text)).strip()


class Fitting:
    """Fits the records of one file, for an owner in `zone`."""

    def __init__(self, contents: Contents, zone: ZoneInfo):
        self.contents, self.zone, self.now = contents, zone, timezone.now()

    def fit(self) -> None:
        for project in self.contents.projects.values():
            self.fit_project(project)
        self.contents.tags = [tag for tag in self.contents.tags if self.fit_tag(tag)]
        for task in self.contents.tasks.values():
            self.fit_text(task)
            self.fit_dates(task)
            self.fit_moments(task)
            self.fit_lists(task)
        self.fit_tree()

    # Projects and tags

    def fit_project(self, project: ProjectRecord) -> None:
        item = f"{project.where}: {project.name[:80]}"
        name = one_line(project.name)
        if len(name) > MAX_PROJECT:
            self.contents.lose(item, "name", f"It is cut at {MAX_PROJECT} characters: {name[MAX_PROJECT:][:1000]}")
        project.name = name[:MAX_PROJECT].strip() if not is_blank(name) else UNTITLED
        color = project.color.strip().lower()[:7]
        if color and not COLOR.fullmatch(color):
            self.contents.lose(item, "color", f"{project.color[:40]!r} isn't a color like #1565c0.")
        project.color = color if COLOR.fullmatch(color) else ""
        project.created_at = self.past(project.created_at)

    def fit_tag(self, tag: TagRecord) -> bool:
        tag.name = one_line(tag.name)
        if not is_blank(tag.name) and len(tag.name) <= MAX_TAG:
            return True
        self.contents.lose(f"{tag.where}: {tag.name[:80]}", "tags", f"A tag has 1 to {MAX_TAG} characters.")
        return False

    # Tasks

    def lose(self, task: TaskRecord, name: str, reason: str) -> None:
        self.contents.lose(task.item, name, reason)

    def fit_text(self, task: TaskRecord) -> None:
        title = one_line(task.title)
        if CONTROL.search(task.title):
            self.lose(task, "title", "Control characters were removed.")
        if NO_TEXT.search(task.description):
            self.lose(task, "description", "Characters that aren't text were removed.")
            task.description = NO_TEXT.sub("", task.description)
        if is_blank(title):
            title = UNTITLED
            self.lose(task, "title", f"It was empty: the task is called {UNTITLED}.")
        if len(title) > MAX_TITLE:
            self.lose(task, "title", f"It is longer than {MAX_TITLE} characters: the rest begins the description.")
            rest = title[MAX_TITLE:].strip()
            task.description = f"{rest}\n\n{task.description}" if task.description else rest
        task.title = title[:MAX_TITLE].strip()
        if len(task.description) > MAX_DESCRIPTION:
            cut = len(task.description) - MAX_DESCRIPTION
            self.lose(task, "description", f"It is longer than {MAX_DESCRIPTION:,} characters: {cut:,} are cut off.")
            task.description = task.description[:MAX_DESCRIPTION]

    def fit_dates(self, task: TaskRecord) -> None:
        if task.due_time and not task.due_date:
            self.lose(task, "due_time", f"A time needs a date: {task.due_time}.")
            task.due_time = None
        if task.start_time and not task.start_date:
            self.lose(task, "start_time", f"A time needs a date: {task.start_time}.")
            task.start_time = None
        if task.start_date and task.due_date and self.starts_late(task):
            self.lose(task, "start_date", f"{task.start_date} is later than the due date.")
            task.start_date = task.start_time = None
        if task.recurrence:
            self.fit_rule(task)

    @staticmethod
    def starts_late(task: TaskRecord) -> bool:
        start, due = task.start_date, task.due_date
        late_time = task.start_time and task.due_time and task.start_time > task.due_time
        return bool(start and due and (start > due or (start == due and late_time)))

    def fit_rule(self, task: TaskRecord) -> None:
        try:
            Recurrence.parse(task.recurrence, self.zone)
            if task.due_date:
                return
            reason = "A recurrence needs a due date"
        except RecurrenceError as error:
            reason = str(error)
        self.lose(task, "recurrence", f"{task.recurrence[:200]}: {reason}")
        task.recurrence = ""

    def fit_moments(self, task: TaskRecord) -> None:
        if task.completed_at and task.completed_at > self.now:
            self.lose(task, "completed_at", f"{task.completed_at.isoformat()} is in the future.")
            task.completed_at = self.now
        if task.completed_at:
            task.completed = True
        elif task.completed:
            task.completed_at = self.now
        if task.created_at and task.created_at > self.now:
            self.lose(task, "created_at", f"{task.created_at.isoformat()} is in the future.")
        task.created_at, task.updated_at = self.past(task.created_at), self.past(task.updated_at)
        if task.position is not None and not (math.isfinite(task.position) and abs(task.position) < ENDLESS):
            task.position = None

    def past(self, moment: datetime | None) -> datetime | None:
        return moment if moment is None or moment <= self.now else None

    def fit_lists(self, task: TaskRecord) -> None:
        task.tags = self.fit_tags(task)
        reminders = [each for each in task.reminders if self.fits(task, each)]
        if len(reminders) > MAX_REMINDERS:
            self.lose(task, "reminders", f"A task has at most {MAX_REMINDERS}: {len(reminders) - MAX_REMINDERS} more.")
        task.reminders = reminders[:MAX_REMINDERS]

    def fit_tags(self, task: TaskRecord) -> list[str]:
        kept: dict[str, str] = {}
        for tag in task.tags:
            name = one_line(tag)
            if is_blank(name) or len(name) > MAX_TAG:
                self.lose(task, "tags", f"{name[:80]!r}: a tag has 1 to {MAX_TAG} characters.")
            elif len(kept) < Task.MAX_TAGS:
                kept.setdefault(fold(name), name)
            elif fold(name) not in kept:
                self.lose(task, "tags", f"{name!r}: a task has at most {Task.MAX_TAGS}.")
        return list(kept.values())

    def fits(self, task: TaskRecord, reminder: dict) -> bool:
        if "minutes_before" in reminder and task.due_date is None:
            self.lose(task, "reminders", "A reminder before the due date needs a due date.")
            return False
        return True

    # The tree

    def fit_tree(self) -> None:
        """Let each task hang under one that is there, at most 5 levels deep and in its project."""
        tasks = self.contents.tasks
        self.levels: dict[str, int] = {}
        for task in tasks.values():
            if task.project and task.project not in self.contents.projects:
                self.lose(task, "project", "The file has no such project: the task goes into the inbox.")
                task.project = ""
            elif task.project and task.deleted_at is None and self.contents.projects[task.project].deleted_at:
                self.lose(task, "project", "It is in the trash: the task goes into the inbox.")
                task.project = ""
            if task.parent and task.parent not in tasks:
                self.lose(task, "parent", "The file has no such task: this one isn't a subtask any more.")
                task.parent = ""
        for task in list(tasks.values()):
            self.place(task)
        # What is above comes first.
        self.contents.tasks = dict(sorted(tasks.items(), key=lambda item: self.levels[item[0]]))

    def place(self, task: TaskRecord) -> None:
        """Set the level of this task, after those of the tasks above it."""
        above: dict[str, TaskRecord] = {}
        while task.key not in self.levels and task.key not in above:
            above[task.key] = task
            if not task.parent:
                break
            task = self.contents.tasks[task.parent]
        else:
            if task.key in above:
                self.lose(task, "parent", "It is below itself: it isn't a subtask any more.")
                task.parent = ""
                self.levels[task.key] = 1
        for each in reversed(above.values()):
            if each.key not in self.levels:
                self.levels[each.key] = self.hang(each)

    def hang(self, task: TaskRecord) -> int:
        if not task.parent:
            return 1
        parent = self.contents.tasks[task.parent]
        if self.levels[parent.key] >= MAX_LEVEL:
            self.lose(task, "parent", f"Subtasks can be nested at most {MAX_LEVEL} levels deep: it comes one up.")
            task.parent = parent.parent
            parent = self.contents.tasks[task.parent]
        if task.project != parent.project:
            if task.project:
                self.lose(task, "project", "A subtask is always in its parent's project.")
            task.project = parent.project
        if task.deleted_at is None and parent.deleted_at is not None:
            self.lose(task, "parent", "It is in the trash: this one isn't a subtask any more.")
            task.parent = ""
            return 1
        if parent.completed and not task.completed and task.deleted_at is None:
            self.lose(task, "completed", "It is a part of a completed task, and was completed with it.")
            task.completed, task.completed_at = True, parent.completed_at
        return self.levels[parent.key] + 1

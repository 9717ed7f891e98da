"""Makes records fit the rules of tasks. What doesn't fit is changed as little as possible, and named as lost."""

import re
from zoneinfo import ZoneInfo

from api.text import is_blank
from todos.fitting import MAX_PROJECT, MAX_TAG, UNTITLED, TaskFitting, one_line
from todos.models.rules import MAX_LEVEL
from transfer.records import Contents, ProjectRecord, TagRecord, TaskRecord

COLOR = re.compile(r"#[0-9a-f]{6}")


class Fitting(TaskFitting):
    """Fits the records of one file, for an owner in `zone`."""

    def __init__(self, contents: Contents, zone: ZoneInfo):
        super().__init__(zone)
        self.contents = contents

    def fit(self) -> None:
        for project in self.contents.projects.values():
            self.fit_project(project)
        self.contents.tags = [tag for tag in self.contents.tags if self.fit_tag(tag)]
        for task in self.contents.tasks.values():
            self.fit_task(task)
            self.fit_moments(task)
        self.fit_tree()

    # Projects and tags

    def fit_project(self, project: ProjectRecord) -> None:
        item = project.item
        name = one_line(project.name)
        if len(name) > MAX_PROJECT:
            self.contents.lose(item, "name", f"It is cut at {MAX_PROJECT} characters: {name[MAX_PROJECT:][:1000]}")
        project.name = name[:MAX_PROJECT].strip() if not is_blank(name) else UNTITLED
        color = project.color.strip().lower()[:7]
        if color and not COLOR.fullmatch(color):
            self.contents.lose(item, "color", f"{project.color[:40]!r} isn't a color like #1565c0.")
            color = ""
        project.color = color
        project.created_at = self.past(project.created_at)

    def fit_tag(self, tag: TagRecord) -> bool:
        tag.name = one_line(tag.name)
        if not is_blank(tag.name) and len(tag.name) <= MAX_TAG:
            return True
        self.contents.lose(tag.item, "tags", f"A tag has 1 to {MAX_TAG} characters.")
        return False

    # Tasks

    def lose(self, task: TaskRecord, name: str, reason: str) -> None:
        self.contents.lose(task.item, name, reason)

    def fit_moments(self, task: TaskRecord) -> None:
        if task.created_at and task.created_at > self.now:
            self.lose(task, "created_at", f"{task.created_at.isoformat()} is in the future.")
        task.created_at, task.updated_at = self.past(task.created_at), self.past(task.updated_at)

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

from todos.models.project import Project
from todos.models.tag import Tag, TaskTag
from todos.models.task import Task

__all__ = ["Project", "Tag", "Task", "TaskTag"]

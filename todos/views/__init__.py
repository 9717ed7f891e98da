from todos.views.project import ProjectViewSet
from todos.views.sync import SyncView
from todos.views.tag import TagViewSet
from todos.views.task import TaskViewSet

__all__ = ["ProjectViewSet", "SyncView", "TagViewSet", "TaskViewSet"]

from transfer.views.exports import ArchiveView, CalendarView, TableView
from transfer.views.feeds import FeedView, FeedViewSet
from transfer.views.imports import IMPORT_VIEWS

__all__ = ["IMPORT_VIEWS", "ArchiveView", "CalendarView", "FeedView", "FeedViewSet", "TableView"]

from django.urls import path

from transfer.views import IMPORT_VIEWS, ArchiveView, CalendarView, TableView

urlpatterns = [
    path("export/archive.json", ArchiveView.as_view(), name="export-archive"),
    path("export/tasks.csv", TableView.as_view(), name="export-table"),
    path("export/tasks.ics", CalendarView.as_view(), name="export-calendar"),
    *(path(f"import/{view.source}/", view.as_view(), name=f"import-{view.source}") for view in IMPORT_VIEWS),
]

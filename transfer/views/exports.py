from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from api.parameters import FormatField
from api.renderers import PageRenderer
from api.serializers import EmptySerializer
from ownership.viewsets import CallerView
from todos.filters import TaskFilters
from todos.models import Task
from transfer.exports.archive import write_archive
from transfer.exports.tasks import write_calendar, write_table
from transfer.renderers import ArchiveRenderer, CalendarRenderer, FileNegotiation, TableRenderer


class ExportFilters(TaskFilters):
    limit = cursor = ordering = None  # type: ignore[assignment]


@extend_schema_field({"type": "string", "enum": ["csv"]})
class TableFormat(FormatField):
    pass


@extend_schema_field({"type": "string", "enum": ["ics"]})
class CalendarFormat(FormatField):
    pass


class TableFilters(ExportFilters):
    format = TableFormat(required=False, help_text="Overrides the Accept header.")


class CalendarFilters(ExportFilters):
    format = CalendarFormat(required=False, help_text="Overrides the Accept header.")


class ExportView(CallerView):
    """The base of the calls that stream a file."""

    serializer_class = EmptySerializer
    content_negotiation_class = FileNegotiation
    file_name: str

    def stream(self, content: Iterator[bytes]) -> HttpResponseBase:
        renderer: Any = self.request.accepted_renderer
        if renderer.format == "api":  # the page explains the call, and has a link
            url = replace_query_param(self.request.build_absolute_uri(), "format", self.renderer_classes[0].format)
            return Response({"download": url})
        content_type = f"{renderer.media_type}; charset=utf-8" if renderer.charset else renderer.media_type
        headers = {"Content-Disposition": f'attachment; filename="{self.file_name}"'}
        return StreamingHttpResponse(content, content_type=content_type, headers=headers)

    def tasks(self) -> QuerySet:
        user = self.request.user
        return ExportFilters.apply(Task.objects.present().owned_by(user), self.parameters, user)


class ArchiveView(ExportView):
    """Export everything of your account as one JSON file.

    Your settings, projects, tags and tasks, with the trash and all series. `POST import/archive/` reads it: an empty
    account then is the same, but for ids and revisions.
    """

    renderer_classes = [ArchiveRenderer, PageRenderer]
    file_name = "archive.json"

    @extend_schema(operation_id="export_archive", responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request):
        return self.stream(write_archive(request.user))


class TableView(ExportView):
    """Export tasks as CSV, for spreadsheets.

    The filters are those of `GET tasks/`. What a spreadsheet would run as a formula begins with an apostrophe.
    """

    renderer_classes = [TableRenderer, PageRenderer]
    parameters_class = TableFilters
    file_name = "tasks.csv"

    @extend_schema(
        operation_id="export_table", parameters=[TableFilters], responses={(200, "text/csv"): OpenApiTypes.STR}
    )
    def get(self, request):
        return self.stream(write_table(request.user, self.tasks()))


class CalendarView(ExportView):
    """Export tasks as iCalendar (RFC 5545), for calendars and task programs.

    The filters are those of `GET tasks/`.
    """

    renderer_classes = [CalendarRenderer, PageRenderer]
    parameters_class = CalendarFilters
    file_name = "tasks.ics"

    @extend_schema(
        operation_id="export_calendar",
        parameters=[CalendarFilters],
        responses={(200, "text/calendar"): OpenApiTypes.STR},
    )
    def get(self, request):
        return self.stream(write_calendar(request.user, self.tasks(), "Tasks"))

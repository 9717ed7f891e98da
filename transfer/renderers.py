"""The media types of exports, and the page of an import."""

from typing import Any

from rest_framework.exceptions import NotAcceptable

from api.negotiation import Negotiation
from api.renderers import PROBLEM_TYPE, JSONRenderer, PageRenderer


class StreamRenderer(JSONRenderer):
    """Writes what isn't streamed, such as an error, as JSON."""

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        response = (renderer_context or {}).get("response")
        if response is not None and response.accepted_renderer.format != "api":  # the page shows it inside
            response["Content-Type"] = PROBLEM_TYPE if response.status_code >= 400 else "application/json"
        return super().render(data, accepted_media_type, renderer_context)


class ArchiveRenderer(StreamRenderer):
    media_type, format, charset = "application/json", "json", None


class TableRenderer(StreamRenderer):
    media_type, format, charset = "text/csv", "csv", "utf-8"


class CalendarRenderer(StreamRenderer):
    media_type, format, charset = "text/calendar", "ics", "utf-8"


class FileNegotiation(Negotiation):
    """The name of the file says what it is, whatever a client accepts: many ask for JSON in every call."""

    def select_renderer(self, request, renderers, format_suffix=None):
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            return renderers[0], renderers[0].media_type


class ImportPageRenderer(PageRenderer):
    """The page of an import: the report as tables, and the form again."""

    template = "transfer/import.html"
    SHOWN = 500  # lines of a report

    def get_context(self, data, accepted_media_type, renderer_context) -> dict[str, Any]:
        context = super().get_context(data, accepted_media_type, renderer_context)
        lost = data.get("lost", []) if isinstance(data, dict) else []
        shown = {"shown_lost": lost[: self.SHOWN], "more_lost": max(len(lost) - self.SHOWN, 0)}
        return {**context, **shown, "is_dry_run": context["view"].is_dry_run}

    def get_raw_data_form(self, data, view, method, request):
        return None  # a file can only be chosen in the form

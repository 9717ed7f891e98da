import orjson
from rest_framework import renderers

PROBLEM_TYPE = "application/problem+json"


def dumps(data, indent: bool = False) -> bytes:
    """JSON (RFC 8259) of rows as the database driver gives them; instants in UTC, ending in Z."""
    options = orjson.OPT_UTC_Z | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(data, default=str, option=options)


class PageRenderer(renderers.BrowsableAPIRenderer):
    """The browsable API."""

    renderer_context: dict

    def show_form_for_method(self, view, method, request, obj):
        # A form offers choices from the database; when that is away, the page that says so must not need it.
        failed = self.renderer_context["response"].status_code >= 500
        return not failed and super().show_form_for_method(view, method, request, obj)


class JSONRenderer(renderers.JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        if data is None:
            return b""
        context = renderer_context or {}
        response = context.get("response")
        # The browsable API calls this for the JSON inside its page, which stays text/html.
        if response is not None and response.status_code >= 400 and response.accepted_renderer.format == "json":
            response["Content-Type"] = PROBLEM_TYPE
        return dumps(data, indent=bool(self.get_indent(accepted_media_type or "", context)))

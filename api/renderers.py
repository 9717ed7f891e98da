from typing import Any

import orjson
from rest_framework import renderers
from rest_framework.utils.serializer_helpers import ReturnDict

from api.serializers import EmptySerializer

PROBLEM_TYPE = "application/problem+json"


def dumps(data, indent: bool = False) -> bytes:
    """JSON (RFC 8259) of rows as the database driver gives them; instants in UTC, ending in Z."""
    options = orjson.OPT_UTC_Z | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(data, default=str, option=options)


class PageRenderer(renderers.BrowsableAPIRenderer):
    """The browsable API."""

    renderer_context: dict

    def show_form_for_method(self, view, method, request, obj):
        status = self.renderer_context["response"].status_code
        # A form offers choices from the database; when that is away, the page that says so must not need it.
        failed = status >= 500 or self.is_about_nothing(view, status)
        if method == "DELETE" and view.deletes_with_body:
            return False  # a page's button sends none
        return not failed and super().show_form_for_method(view, method, request, obj)

    @staticmethod
    def is_about_nothing(view, status: int) -> bool:
        """Whether the page says that its thing doesn't exist: then there is nothing to do with it."""
        return status == 404 and view.detail

    def get_rendered_html_form(self, data, view, method, request):
        # What an action answers with (`complete` with the task) is nothing to fill its own form with.
        answer = getattr(data, "serializer", None)
        if request.method == method and answer and not isinstance(answer, view.get_serializer_class()):
            data = None
        return super().get_rendered_html_form(data, view, method, request)

    def get_context(self, data, accepted_media_type, renderer_context) -> dict[str, Any]:
        if refused := getattr(renderer_context["response"], "serializer", None):
            data = ReturnDict(data, serializer=refused)
        context = super().get_context(data, accepted_media_type, renderer_context)
        status = context["response"].status_code
        # The page of a call that can only be posted to is a 405; to whoever opens it for its form that is no problem.
        context["problem"] = data if status >= 400 and status != 405 else None
        if status >= 400:
            context["response_headers"]["Content-Type"] = PROBLEM_TYPE
        return {**context, "data": data, "things": self.get_things(data, context["view"])}

    @staticmethod
    def get_things(data, view) -> list[dict]:
        """Links to those that a page of a list shows, by what stands after the id: it is what people call them."""
        leads_to = {"list": "detail", "trash": "restore"}.get(getattr(view, "action", ""))
        if leads_to is None or "results" not in data:
            return []
        names = [(row["id"], next(value for name, value in row.items() if name != "id")) for row in data["results"]]
        words = "Restore " if leads_to == "restore" else ""
        return [{"name": f"{words}{name}", "url": view.reverse_action(leads_to, args=[pk])} for pk, name in names]

    def get_extra_actions(self, view, status_code):
        """The further calls; those on one object that take no fields (verbs) can be made with a button."""
        urls = {} if self.is_about_nothing(view, status_code) else super().get_extra_actions(view, status_code) or {}
        calls = {action.kwargs["name"]: action.kwargs for action in view.get_extra_actions()} if urls else {}
        return [
            {"name": name, "url": url, "is_verb": calls[name].get("serializer_class") is EmptySerializer}
            for name, url in urls.items()
            if not (view.detail and "queryset" in calls[name])  # it is for what is in the trash
        ]


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

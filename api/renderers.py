import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
from django.template.defaultfilters import linebreaks_filter
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from rest_framework import renderers, serializers
from rest_framework.fields import empty
from rest_framework.request import override_method
from rest_framework.utils.field_mapping import ClassLookupDict
from rest_framework.utils.serializer_helpers import ReturnDict

from api.serializers import EmptySerializer

PROBLEM_TYPE = "application/problem+json"
CODE = re.compile("`([^`]+)`")
SINGLE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")


def name_things(text: str, view: Any) -> str:
    """A docstring, with the names of the view's model for `{thing}` and `{things}`, as actions say that it inherits."""
    queryset = getattr(view, "queryset", None)
    if queryset is None:
        return text
    meta = queryset.model._meta
    return text.replace("{things}", str(meta.verbose_name_plural)).replace("{thing}", str(meta.verbose_name))


def dumps(data, indent: bool = False) -> bytes:
    """JSON (RFC 8259) of rows as the database driver gives them; instants in UTC, ending in Z."""
    options = orjson.OPT_UTC_Z | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(data, default=str, option=options)


class FormRenderer(renderers.HTMLFormRenderer):
    """Renders every field with one template, which connects the label with the control."""

    LISTS = (serializers.ListField, serializers.DictField, serializers.BaseSerializer)

    # A browser's own input for moments has no offset from UTC.
    moment = {"base_template": "input.html", "input_type": "text", "placeholder": "2027-01-31T12:00:00Z"}
    styles = {**renderers.HTMLFormRenderer.default_style.mapping, serializers.DateTimeField: moment}
    default_style = ClassLookupDict(
        {field: {**style, "template": "rest_framework/field.html"} for field, style in styles.items()}
    )

    @classmethod
    def needs_raw_data(cls, field: serializers.Field) -> bool:
        """Whether a form can't say it: a list, or, about an object that exists, that the field is left out."""
        sends_blank = field.allow_null or getattr(field, "allow_blank", False) or field.default_empty_html is not empty
        can_be_left_out = not field.required and field.default is empty
        exists = bool(getattr(field.context.get("view"), "kwargs", None))
        return isinstance(field, cls.LISTS) or (sends_blank and can_be_left_out and exists)

    def render_field(self, field, parent_style):
        if self.needs_raw_data(field._field):
            return format_html('<p class="field"><b>{}</b> can only be sent as raw data.</p>', field.label)
        return super().render_field(field, parent_style)


def is_secret(field: serializers.Field) -> bool:
    return field.style.get("input_type") == "password"


class PageRenderer(renderers.BrowsableAPIRenderer):
    """The browsable API. HTML forms are for POST: one for PUT would reset what it can't show."""

    form_renderer_class = FormRenderer
    renderer_context: dict

    def render(self, data, accepted_media_type=None, renderer_context=None):
        page = super().render(data, accepted_media_type, renderer_context)
        self.renderer_context["response"].headers.pop("ETag", None)  # it is the tag of the JSON
        # REST framework's page names no language, and has a main landmark inside the main landmark.
        page = page.replace("<html>", '<html lang="en">', 1)
        return page.replace(' role="main"  aria-label="main content"', "", 1)

    def show_form_for_method(self, view, method, request, obj):
        status = self.renderer_context["response"].status_code
        # A form offers choices from the database: while that is down, the page that says so must do without.
        if status >= 500 or status == 204 or self.is_about_nothing(view, status):
            return False
        if method == "DELETE" and getattr(view, "deletes_with_body", False):
            return False  # the button sends no body
        return super().show_form_for_method(view, method, request, obj)

    def get_description(self, view, status_code):
        """The docstring, in paragraphs. REST framework's breaks the lines where the source code does."""
        text = name_things(view.get_view_description(), view) if status_code not in (401, 403) else ""
        return mark_safe(CODE.sub(r"<code>\1</code>", linebreaks_filter(SINGLE_BREAK.sub(" ", text))))  # noqa: S308

    @staticmethod
    def is_about_nothing(view, status: int) -> bool:
        """Whether the page says that its object doesn't exist: then there is nothing to do with it."""
        return status == 404 and bool(view.kwargs)

    def get_rendered_html_form(self, data, view, method, request):
        if method == "PUT":
            return None
        # The form shows again what was refused. What an action returns is not what its own form asks for.
        refused = getattr(self.renderer_context["response"], "serializer", None)
        data = ReturnDict({}, serializer=refused) if refused else None
        return super().get_rendered_html_form(data, view, method, request)

    def render_form_for_serializer(self, serializer):
        fields = getattr(serializer, "fields", {}).values()
        if any(field.required and FormRenderer.needs_raw_data(field) for field in fields):
            return None  # it could never be sent
        return super().render_form_for_serializer(serializer)

    def get_raw_data_form(self, data, view, method, request):
        form = super().get_raw_data_form(data, view, method, request)
        if form is None or form.fields["_content"].initial is None:
            return form
        with override_method(view, request, method):
            serializer = view.get_serializer()
        fields = getattr(getattr(serializer, "child", serializer), "fields", {}).values()
        content = self.get_raw_data(data, [field for field in fields if not field.read_only], method, request)
        form.fields["_content"].initial = content
        return None if content is None else form

    def get_raw_data(self, data, fields: list, method: str, request) -> str | None:
        """What the form begins with: what was refused, the object as it is, or the defaults. None: there is nothing."""
        failed = self.renderer_context["response"].status_code >= 400
        was_refused = failed and method == request.method
        if was_refused and "json" in request.content_type and not any(map(is_secret, fields)):
            return request._request.body.decode(errors="replace")
        if method != "POST" and (failed or not isinstance(data, dict)):
            return None
        values = {}
        for field in fields:
            with suppress(serializers.SkipField, KeyError):
                if method != "POST":
                    values[field.field_name] = data[field.field_name]
                elif not isinstance(field, serializers.HiddenField):
                    values[field.field_name] = field.get_initial() if field.required else field.get_default()
        return dumps(values, indent=True).decode()

    def get_context(self, data, accepted_media_type, renderer_context) -> dict[str, Any]:
        context = super().get_context(data, accepted_media_type, renderer_context)
        status = context["response"].status_code
        if status >= 400:
            context["response_headers"]["Content-Type"] = PROBLEM_TYPE
            context["problem"] = data
        # A call that can only be posted to has a page for its form, with 405: that is no problem.
        if status == 405 and context["request"].method == "GET":
            context |= {"problem": None, "is_form_page": True}
        return {**context, "data": data, "links": self.get_links(data, context["view"])}

    @staticmethod
    def get_links(data, view) -> Iterator[dict]:
        """The objects of a list by their first field after the id, which is what people call them."""
        route = {"list": "detail", "trash": "restore"}.get(getattr(view, "action", None) or "")
        for row in data.get("results", []) if route and isinstance(data, dict) else []:
            with suppress(KeyError, NoReverseMatch):
                name = next((str(value) for name, value in row.items() if name != "id" and value), row["id"])
                yield {"name": name, "url": view.reverse_action(route, args=[row["id"]])}

    def get_extra_actions(self, view, status_code):
        """The further calls; those on one object that take no fields (verbs) can be made with a button."""
        urls = {} if self.is_about_nothing(view, status_code) else super().get_extra_actions(view, status_code) or {}
        calls = {action.kwargs.get("name"): action.kwargs for action in view.get_extra_actions()} if urls else {}
        return [
            {
                "name": name,
                "url": url,
                "is_verb": issubclass(calls.get(name, {}).get("serializer_class", object), EmptySerializer),
            }
            for name, url in urls.items()
            # Those with rows of their own are for what is in the trash.
            if status_code != 204 and not (view.detail and "queryset" in calls.get(name, {}))
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

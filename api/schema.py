"""The OpenAPI document: what drf-spectacular can't find out from the views and serializers."""

import inspect
import json
import re
from collections import defaultdict
from itertools import chain
from operator import itemgetter
from typing import Any

from drf_spectacular import openapi
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.viewsets import ViewSetMixin

from api.components import headers, ref
from api.fields import LineField, StringField
from api.renderers import name_things
from api.serializers import EmptySerializer
from api.text import INVISIBLE

# No database stores the character 0. `\s` alone doesn't match all the white space that Python trims.
TEXT = r"^[^\x00]*$"
BLANK = rf"\s\u2800{INVISIBLE}"
TEXT_THAT_IS_NOT_BLANK = rf"^[^\x00]*[^{BLANK}\x00\x1c-\x1f\x85][^\x00]*$"
IN_LINE = r"[^\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]*"
LINE_THAT_IS_NOT_BLANK = rf"^{IN_LINE}[^{BLANK}\x00-\x1f\x7f-\x9f]{IN_LINE}$"

FIRST_SENTENCE = re.compile(r"(?<=\.)\s")


class AutoSchema(openapi.AutoSchema):
    """Adds headers, problems and the view's `filterset_class`, and leaves out what generated clients get wrong."""

    def get_summary(self) -> str:
        return FIRST_SENTENCE.split(self.documentation(), maxsplit=1)[0]

    def get_description(self) -> str:  # type: ignore[override]
        """The text after the summary. If there is none, the same text again, because linters ask for both."""
        text = self.documentation()
        return text.removeprefix(self.get_summary()).lstrip() or text

    def documentation(self) -> str:
        """The docstring of the action, or else of its view, without the line breaks that Swagger UI would show."""
        text = name_things(super().get_description(), self.view)
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))

    def get_override_parameters(self):
        filterset_class = getattr(self.view, "filterset_class", None)
        return [filterset_class] if filterset_class and self.method == "GET" and self._is_list_view() else []

    def get_operation(self, *args, **kwargs):
        operation = super().get_operation(*args, **kwargs)
        if not operation:
            return operation
        if operation["security"] == [{}]:
            operation["security"] = []  # means the same, but generated clients demand a token for [{}]
        parameters = operation.setdefault("parameters", [])
        for parameter in parameters:
            if "enum" in parameter["schema"]:  # generators can't combine the two
                parameter["schema"].pop("minLength", None)
        self.add_headers(operation["responses"])
        for status in sorted(self.problem_statuses(operation)):
            operation["responses"][str(status)] = ref("responses", f"Problem{status}")
        parameters += [ref("parameters", name) for name in self.request_headers()]
        return operation

    def request_headers(self) -> list[str]:
        """The headers for conditional requests and retries that this call supports."""
        view: Any = self.view
        if getattr(view, "has_no_etag", False) and self.method != "GET":
            return ["If-Match"]
        if not getattr(view, "is_revised", False):
            return []
        if self.method == "GET":
            return ["If-None-Match"] if view.detail or self._is_list_view() else []
        found = ["If-Match"] if view.detail else []
        return [*found, "Idempotency-Key"] if self.method == "POST" else found

    def add_headers(self, responses: dict) -> None:
        read, is_revised = self.request_headers(), getattr(self.view, "is_revised", False)
        creates = is_revised and "201" in responses
        sent = {
            "ETag": creates or (is_revised and bool({"If-Match", "If-None-Match"} & {*read})),
            "Location": creates,
            "Idempotency-Replayed": "Idempotency-Key" in read,
        }
        names = [name for name in sent if sent[name]]
        for status, response in responses.items():
            response["headers"] = headers("X-Request-ID", *(names if status in ("200", "201") else []))
        if "204" in responses:
            responses["204"] = ref("responses", "NoContent")
        if "If-None-Match" in read:
            responses["304"] = ref("responses", "NotModified")

    def problem_statuses(self, operation: dict) -> set[int]:
        """The statuses of the problems that this call can respond with. A view adds its own as `problems`."""
        found = {400, 406, 429, 503, *map(int, getattr(self.view, "problems", ()))}
        if operation["security"]:
            found |= {401, 403}
        if "{" in self.path or any(parameter["name"] == "format" for parameter in operation["parameters"]):
            found |= {404}
        if self.method in ("POST", "PUT", "PATCH") or "requestBody" in operation:
            found |= {409, 413, 415}
        if any(parameter["in"] == "query" for parameter in operation["parameters"]):
            found |= {414}
        for name in self.request_headers():
            found |= {431, {"If-Match": 412, "Idempotency-Key": 422}.get(name, 431)}
        return found

    def map_parsers(self) -> list[str]:
        # Forms are for the web pages. They can't express lists or null. A file can be sent by nothing else.
        serializer = self.get_request_serializer()
        fields = getattr(serializer, "_declared_fields", {}).values()
        has_file = any(isinstance(field, serializers.FileField) for field in fields)
        return ["multipart/form-data" if has_file else "application/json"]

    def _get_serializer_field_meta(self, field, direction):
        # As text only. Generated clients would send a default with every PATCH, or require the field.
        meta = super()._get_serializer_field_meta(field, direction)
        default = meta.pop("default", None)
        if direction == "request" and self.method in ("POST", "PUT") and default is not None:
            words = f"`{json.dumps(default)}` by default."
            meta["description"] = f"{meta['description']} {words}" if "description" in meta else words
        return meta

    def _unwrap_list_serializer(self, serializer, direction):
        schema: Any = super()._unwrap_list_serializer(serializer, direction)
        if direction == "request" and isinstance(serializer, serializers.ListSerializer):
            least, most = int(not serializer.allow_empty), serializer.max_length  # type: ignore[attr-defined]
            schema |= {"minItems": least, "maxItems": most}
        return schema

    def _insert_field_validators(self, field, schema):
        super()._insert_field_validators(field, schema)
        schema.update(getattr(field, "document", {}))
        if isinstance(field, serializers.ListField) and not field.allow_empty:
            schema["minItems"] = 1
        if isinstance(field, StringField) and not field.read_only:
            if alternatives := schema.pop("oneOf", None):  # a pattern or ""; generated clients need a single string
                schema.update({**alternatives[0], "pattern": or_nothing(alternatives[0]["pattern"])})
            may_be_blank = field.allow_blank or not field.trim_whitespace
            if isinstance(field, LineField):
                schema["pattern"] = LINE_THAT_IS_NOT_BLANK
            schema.setdefault("pattern", TEXT if may_be_blank else TEXT_THAT_IS_NOT_BLANK)

    def _map_basic_serializer(self, serializer, direction):
        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "response":  # it always has all fields; `required` in serializers is about requests
            schema["required"] = sorted(schema["properties"])
        else:  # clients may send back the read-only fields, but no unknown ones
            schema["propertyNames"] = {"enum": sorted(serializer.fields)}
        return schema

    def _get_request_body(self, direction="request"):
        # drf-spectacular gives DELETE no body. It has one if `extend_schema` says so.
        serializer = self.get_request_serializer() if self.method == "DELETE" else None
        if not isinstance(serializer, type):
            return super()._get_request_body(direction)
        schema, _ = self._get_request_for_media_type(serializer, direction)
        return {"content": {"application/json": {"schema": schema}}}

    def _get_request_for_media_type(self, serializer, direction="request"):
        schema, required = super()._get_request_for_media_type(serializer, direction)
        return schema, required or isinstance(serializer, PolymorphicProxySerializer)

    def get_response_serializers(self):
        serializer = super().get_response_serializers()
        # An action without fields responds with the object, as `ApiView.represent` does.
        if isinstance(serializer, EmptySerializer):
            return type(self.view).serializer_class()  # type: ignore[attr-defined]
        return serializer

    def _is_list_view(self, serializer=None) -> bool:
        # An action without an id, on rows of its own, lists them.
        lists_others = "queryset" in vars(self.view) and not getattr(self.view, "detail", True)
        return (lists_others and self.method == "GET") or super()._is_list_view(serializer)

    def get_tags(self) -> list[str]:
        return [tag_of(self.path)]


def tag_of(path: str) -> str:
    # /api/v1/auth/login/ and /api/v1/me/ belong together.
    first = path.removeprefix("/api/v1/").split("/")[0]
    return "account" if first in ("auth", "me") else first


def or_nothing(pattern: str) -> str:
    return f"^({pattern.removeprefix('^').removesuffix('$')})?$"


def describe_tags(result: dict, generator, **kwargs) -> dict:
    """Add the docstrings of the viewsets to the descriptions in the settings (TAGS)."""
    viewsets = {
        tag_of(path): view.cls for path, _, _, view in generator.endpoints if issubclass(view.cls, ViewSetMixin)
    }
    described = [{"name": tag, "description": inspect.getdoc(viewset)} for tag, viewset in viewsets.items()]
    result["tags"] = sorted([*result["tags"], *described], key=itemgetter("name"))
    return result


def name_server(result: dict, request, **kwargs) -> dict:
    """Set the URL that the paths are relative to: `/`, unless the API is served under a prefix."""
    url = request.path.removesuffix(request.path_info) if request else ""
    result["servers"] = [{"url": url or "/", "description": "The server that provides this document."}]
    return result


def share_parameters(result: dict, **kwargs) -> dict:
    """Move the parameters that are the same in most calls that have one of this name to the components."""
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    found = defaultdict(list)
    for parameter in chain.from_iterable(operation["parameters"] for operation in operations):
        if "name" in parameter:
            found[parameter["name"]].append(parameter)
    usual = {name: max(forms, key=forms.count) for name, forms in found.items() if len(forms) > 1}
    shared = {name: form for name, form in usual.items() if found[name].count(form) * 2 > len(found[name])}
    result["components"]["parameters"] |= shared
    for operation in operations:
        parameters = operation.pop("parameters")
        if parameters:
            operation["parameters"] = [
                ref("parameters", each["name"]) if each in shared.values() else each for each in parameters
            ]
    return result

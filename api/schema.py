"""The parts of the OpenAPI document that hold for every call: problems, headers, query parameters."""

import json
from typing import Any

from drf_spectacular import openapi
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from api.errors import CODES, problem
from api.fields import StringField
from api.renderers import PROBLEM_TYPE
from api.serializers import EmptySerializer

DESCRIPTIONS = {
    "400": "Something in the request is wrong; nothing was changed.",
    "401": "No credentials, or bad, expired or revoked ones.",
    "403": "The caller may not do this.",
    "404": "There is no such thing, or it is somebody else's: the answer is the same.",
    "406": "The answer can't be written as the Accept header asks for it.",
    "409": "Another request was faster; nothing was changed.",
    "410": "What was deleted since then is forgotten. Start again without `since`.",
    "412": "It was changed since the client read it; nothing was changed now.",
    "413": "The body is larger than 1 MiB.",
    "414": "The URL is longer than 8190 bytes.",
    "415": "The body is of a type that is not read here.",
    "422": "The key was used for another request; nothing was changed.",
    "429": "Too many calls, or too many failed sign-ins. Try again after `Retry-After` seconds.",
    "431": "A header is longer than 8190 bytes.",
    "503": "The database is away or busy. Try again after `Retry-After` seconds.",
}
PROBLEM = {
    "type": "object",
    "description": "A problem (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "description": "For programs: it stays the same when the words change."},
        "detail": {"type": "string", "description": "For people."},
        "errors": {
            "type": "array",
            "description": "For validation only: every value that is wrong.",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string", "description": "Dotted path; empty when no single field is to blame."},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string"},
    },
}
REQUEST_ID = {"description": "The client's own id, if it sent a sane one.", "schema": {"type": "string"}}
RETRY_AFTER = {"description": "In how many seconds to try again.", "schema": {"type": "integer"}}
READ = {
    "If-None-Match": "The `ETag` of what the client has: 304 when it is unchanged.",
    "If-Match": "The `ETag` of what the client has read: 412 when it was changed since.",
    "Idempotency-Key": "1 to 255 visible ASCII characters. Sent again within 24 hours, the request changes nothing and "
    "gets the answer of its first success again.",
}
TAGS = {"type": "string"}
READ_SCHEMAS: dict[str, dict] = {
    "If-None-Match": TAGS,
    "If-Match": TAGS,
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
# No database takes the character 0. White space is what Python trims: `\s` leaves some of it out.
TEXT = r"^[^\x00]*$"
TEXT_THAT_IS_NOT_BLANK = r"^[^\x00]*[^\s\x00\x1c-\x1f\x85][^\x00]*$"
SENT: dict[str, dict] = {
    "ETag": {"description": "Changes with what is answered.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new object is, when it is one.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {"description": "On an answer that is given again.", "schema": {"const": "true"}},
}


class AutoSchema(openapi.AutoSchema):
    """Reads the query parameters from the view's `parameters_class`; says only what generated clients take rightly."""

    def get_summary(self) -> str:
        return self.paragraphs()[0]

    def get_description(self) -> str:  # type: ignore[override]
        return "\n\n".join(self.paragraphs()[1:])

    def paragraphs(self) -> list[str]:
        """Those of the call's docstring, or else of its view's, without the line breaks that Swagger UI would show.

        Where several viewsets share one, `{thing}` and `{things}` stand for what the call is about.
        """
        text = super().get_description()
        queryset: Any = getattr(self.view, "queryset", None)
        if queryset is not None:
            meta = queryset.model._meta
            text = text.replace("{things}", str(meta.verbose_name_plural)).replace("{thing}", str(meta.verbose_name))
        return [" ".join(each.split()) for each in text.split("\n\n")]

    def get_override_parameters(self):
        in_list = self._is_list_view() and self.method == "GET"
        parameters_class = getattr(self.view, "filterset_class", None)
        read = [
            OpenApiParameter(name, READ_SCHEMAS[name], "header", description=READ[name]) for name in self.read_headers()
        ]
        return [*([parameters_class] if in_list and parameters_class else []), *read]

    def read_headers(self) -> list[str]:
        """The headers of conditional requests and retries that this call reads."""
        view: Any = self.view
        if not getattr(view, "is_revised", False):
            return []
        if self.method == "GET":
            return ["If-None-Match"] if view.detail or self._is_list_view() else []
        found = ["If-Match"] if view.detail else []
        return [*found, "Idempotency-Key"] if self.method == "POST" else found

    def get_operation(self, *args, **kwargs):
        operation = super().get_operation(*args, **kwargs)
        if operation:
            self.document_changes(operation["responses"], self.read_headers())
        return operation

    def document_changes(self, responses: dict, read: list[str]) -> None:
        """Add to the answers what comes of the headers that are read, and the view's own `problems`."""
        creates = bool(read) and "201" in responses
        sends = {
            "ETag": creates or "If-Match" in read or "If-None-Match" in read,
            "Location": creates,
            "Idempotency-Replayed": "Idempotency-Key" in read,
        }
        for status in responses.keys() & {"200", "201"}:
            responses[status].setdefault("headers", {}).update({name: SENT[name] for name in SENT if sends[name]})
        if "If-None-Match" in read:
            responses["304"] = {"description": "Unchanged; no body.", "headers": {"ETag": SENT["ETag"]}}
        refused = {"If-Match": "412", "Idempotency-Key": "422"}
        for status in [*(refused[name] for name in read if name in refused), *getattr(self.view, "problems", ())]:
            responses[status] = problem_response(status)

    def map_parsers(self) -> list[str]:
        # Forms are for the pages: in them a list is words with commas, and null is nothing.
        return ["application/json"]

    def _get_serializer_field_meta(self, field, direction):
        # The default in words alone: generated clients send it with every PATCH, or demand the field.
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
            if alternatives := schema.pop("oneOf", None):  # of a pattern and nothing: clients want one string
                schema.update({**alternatives[0], "pattern": or_nothing(alternatives[0]["pattern"])})
            may_be_blank = field.allow_blank or not field.trim_whitespace
            schema.setdefault("pattern", TEXT if may_be_blank else TEXT_THAT_IS_NOT_BLANK)

    def _map_basic_serializer(self, serializer, direction):
        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "response":  # has all fields, always; `required` in the code is about requests
            schema["required"] = sorted(schema["properties"])
        else:  # other names are refused, but what was read may be sent back
            schema["propertyNames"] = {"enum": sorted(serializer.fields)}
        return schema

    def _get_request_body(self, direction="request"):
        serializer = self.get_request_serializer()
        # What a DELETE takes is said by `extend_schema`; else this is the serializer of the thing.
        if self.method != "DELETE" or not isinstance(serializer, type):
            return super()._get_request_body(direction)
        schema, _ = self._get_request_for_media_type(serializer, direction)
        return {"content": {"application/json": {"schema": schema}}}

    def _get_request_for_media_type(self, serializer, direction="request"):
        schema, required = super()._get_request_for_media_type(serializer, direction)
        return schema, required or isinstance(serializer, PolymorphicProxySerializer)

    def get_response_serializers(self):
        serializer = super().get_response_serializers()
        # A call without fields answers with what it is about, as `ApiView.represent` does.
        if isinstance(serializer, EmptySerializer):
            return type(self.view).serializer_class()  # type: ignore[attr-defined]
        return serializer

    def get_tags(self) -> list[str]:
        # /api/v1/auth/login/ and /api/v1/me/ are one chapter.
        first = self.path.removeprefix("/api/v1/").split("/")[0]
        return ["account" if first in ("auth", "me") else first]


def or_nothing(pattern: str) -> str:
    return f"^({pattern.removeprefix('^').removesuffix('$')})?$"


def problem_response(status: str) -> dict:
    headers = {"X-Request-ID": REQUEST_ID, **({"Retry-After": RETRY_AFTER} if status in ("429", "503") else {})}
    code = "validation_error" if status == "400" else CODES[int(status)]
    example = {**problem(int(status), code, DESCRIPTIONS[status]), "request_id": "6f1d5e0c"}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": DESCRIPTIONS[status], "headers": headers, "content": {PROBLEM_TYPE: content}}


def statuses(path: str, method: str, operation: dict) -> list[str]:
    """The problems that this call can answer with."""
    found = {"400", "406", "429", "503"}
    if operation.get("security") != [{}]:
        found |= {"401", "403"}
    parameters = operation.get("parameters", [])
    if "{" in path or any(each["name"] == "format" for each in parameters):
        found |= {"404"}
    if method not in ("get", "delete") or "requestBody" in operation:
        found |= {"409", "413", "415"}
    found |= {{"query": "414", "header": "431"}.get(each["in"], "400") for each in parameters}
    return sorted(found)


def document_problems(result: dict, generator, request, public) -> dict:
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for response in operation["responses"].values():
                response.setdefault("headers", {})["X-Request-ID"] = REQUEST_ID
            for status in statuses(path, method, operation):
                operation["responses"].setdefault(status, problem_response(status))
            if operation["security"] == [{}]:
                operation["security"] = []  # the same to OpenAPI; [{}] has generated clients demand a token
    return result

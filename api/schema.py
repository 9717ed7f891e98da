"""The parts of the OpenAPI document that hold for every call: problems, headers, query parameters."""

from drf_spectacular import openapi

from api.errors import CODES, problem
from api.renderers import PROBLEM_TYPE
from api.serializers import EmptySerializer

DESCRIPTIONS = {
    "400": "Something in the request is wrong; nothing was changed.",
    "401": "No credentials, or bad, expired or revoked ones.",
    "403": "The caller may not do this.",
    "404": "There is no such thing, or it is somebody else's: the answer is the same.",
    "409": "Another request was faster; nothing was changed.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is of a type that is not read here.",
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


class AutoSchema(openapi.AutoSchema):
    """Reads the query parameters from the view's `parameters_class`, and `PUT`'s defaults from the serializer."""

    def get_override_parameters(self):
        in_list = self._is_list_view() and self.method == "GET"
        parameters_class = getattr(self.view, "parameters_class", None)
        return [parameters_class] if in_list and parameters_class else []

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


def problem_response(status: str) -> dict:
    headers = {"X-Request-ID": REQUEST_ID, **({"Retry-After": RETRY_AFTER} if status == "503" else {})}
    code = "validation_error" if status == "400" else CODES[int(status)]
    example = {**problem(int(status), code, DESCRIPTIONS[status]), "request_id": "6f1d5e0c"}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": DESCRIPTIONS[status], "headers": headers, "content": {PROBLEM_TYPE: content}}


def statuses(path: str, method: str, operation: dict) -> list[str]:
    """The problems that this call can answer with."""
    found = ["400", "503"]
    if operation.get("security") != [{}]:
        found += ["401", "403"]
    if "{" in path:
        found += ["404"]
    if method not in ("get", "delete"):
        found += ["409", "413", "415"]
    return sorted(found)


def document_problems(result: dict, generator, request, public) -> dict:
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for response in operation["responses"].values():
                response.setdefault("headers", {})["X-Request-ID"] = REQUEST_ID
            for status in statuses(path, method, operation):
                operation["responses"].setdefault(status, problem_response(status))
    return result

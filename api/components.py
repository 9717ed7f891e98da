"""The components of the OpenAPI document that many calls share. The settings pass them on as APPEND_COMPONENTS.

Imports nothing of Django or REST framework, because the settings import it.
"""

from http.client import responses

# The code in the example of each problem, and the description.
PROBLEMS = {
    400: ("validation_error", "A value in the request is invalid. Nothing was changed."),
    401: ("not_authenticated", "The credentials are missing, wrong, expired or revoked."),
    403: ("permission_denied", "You do not have permission to do this."),
    404: ("not_found", "The object does not exist, or it belongs to another user."),
    406: ("not_acceptable", "The response is not available in a format that the `Accept` header allows."),
    409: ("conflict", "Another request changed the data at the same time. Nothing was changed; send it again."),
    410: ("sync_token_expired", "The sync token has expired. Start again without `since`."),
    412: ("precondition_failed", "The object has changed since you read it. Nothing was changed now."),
    413: ("too_large", "The request body is larger than 1 MiB, or a file to import larger than 32 MiB."),
    414: ("uri_too_long", "The URL is longer than 8190 bytes."),
    415: ("unsupported_media_type", "The media type of the request body is not supported."),
    422: ("idempotency_key_reused", "The `Idempotency-Key` was used for a different request. Nothing was changed."),
    429: ("throttled", "Too many requests, or too many failed sign-ins. Wait as long as `Retry-After` says."),
    431: ("headers_too_large", "A request header is longer than 8190 bytes, or there are more than 64."),
    503: ("unavailable", "The database is not available right now. Wait as long as `Retry-After` says."),
}
PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The name of the HTTP status."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "description": "Identifies the problem. It stays the same if the texts change."},
        "detail": {"type": "string", "description": "Explains the problem to people."},
        "errors": {
            "type": "array",
            "description": "Every invalid value. Only in problems with the code `validation_error`.",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {
                        "type": "string",
                        "description": "The path of the field, such as `tags.0`. Empty if no single field is wrong.",
                    },
                    "code": {"type": "string", "description": "Identifies the error, as the code above does."},
                    "message": {"type": "string", "description": "Explains the error to people."},
                },
            },
        },
        "request_id": {"type": "string", "description": "The `X-Request-ID` of the response."},
    },
}
HEADERS = {
    "X-Request-ID": {
        "description": "The `X-Request-ID` of the request if it is valid. Otherwise the server makes one.",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "The number of seconds to wait before trying again.", "schema": {"type": "integer"}},
    "ETag": {"description": "Changes whenever the body would.", "schema": {"type": "string"}},
    "Location": {
        "description": "The URL of the new object. Not sent if a list was created.",
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "Sent with the stored response of an earlier request with the same `Idempotency-Key`.",
        "schema": {"type": "string", "const": "true"},
    },
}
REQUEST_HEADERS = {
    "If-None-Match": {
        "description": "The `ETag` of your copy. The response is 304 if nothing has changed.",
        "schema": {"type": "string"},
    },
    "If-Match": {
        "description": "The `ETag` of the object as you read it, or its `revision` in quotes. The response is 412 if "
        "it has changed since. Accounts and tokens have no `ETag`: only `*` matches them.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "description": "1 to 255 visible ASCII characters. If you send the request again with the same key within 24 "
        "hours, nothing is changed and you get the response of the first success.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    },
}


def ref(kind: str, name: str) -> dict:
    return {"$ref": f"#/components/{kind}/{name}"}


def headers(*names: str) -> dict:
    return {name: ref("headers", name) for name in names}


def problem_response(status: int, code: str, description: str) -> dict:
    example = {
        "type": "about:blank",
        "title": responses[status],
        "status": status,
        "code": code,
        "detail": description.replace("`", ""),
        "request_id": "6f1d5e0c",
    }
    return {
        "description": description,
        "headers": headers("X-Request-ID", *(["Retry-After"] if status in (409, 429, 503) else [])),
        "content": {"application/problem+json": {"schema": ref("schemas", "Problem"), "example": example}},
    }


COMPONENTS = {
    "schemas": {"Problem": PROBLEM},
    "headers": HEADERS,
    "parameters": {name: {"name": name, "in": "header", **header} for name, header in REQUEST_HEADERS.items()},
    "responses": {
        "NoContent": {"description": "There is no body.", "headers": headers("X-Request-ID")},
        "NotModified": {"description": "Nothing has changed. No body.", "headers": headers("X-Request-ID", "ETag")},
        **{f"Problem{status}": problem_response(status, *texts) for status, texts in PROBLEMS.items()},
    },
}

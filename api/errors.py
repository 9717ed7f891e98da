"""Errors as problem details (RFC 9457), in one shape for every 4xx and 5xx of the API."""

import logging
from collections.abc import Iterator
from http.client import responses

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, IntegrityError, InterfaceError, InternalError, OperationalError, connection
from django.http import HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler as rest_exception_handler

from api.logs import request_id
from api.renderers import PROBLEM_TYPE, dumps
from api.serializers import MAX_ERRORS

logger = logging.getLogger("api.errors")

# What a status means when nobody said it more exactly.
CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    410: "sync_token_expired",
    412: "precondition_failed",
    413: "too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    422: "idempotency_key_reused",
    429: "throttled",
    431: "headers_too_large",
    500: "error",
    503: "unavailable",
}


class Conflict(exceptions.APIException):
    status_code = 409
    default_code = "conflict"
    default_detail = "This was changed by another request at the same moment. Try again."


class LengthRequired(exceptions.APIException):
    status_code = 411
    default_code = "length_required"
    default_detail = "The request needs a Content-Length."


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = "The request body is larger than 1 MiB."


class Unavailable(exceptions.APIException):
    status_code = 503
    default_code = "unavailable"
    default_detail = "The database is not available right now. Try again."
    wait = 1  # seconds: REST framework makes it the Retry-After


def problem(status: int, code: str = "", detail: str = "", errors: list | None = None) -> dict:
    """A problem details object (RFC 9457, section 3) for an HTTP `status`."""
    title = responses.get(status, "Error")
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code or CODES.get(status, "error"),
        "detail": detail or title,
    }
    if errors:
        body["errors"] = errors[:MAX_ERRORS]
    return {**body, "request_id": request_id()}


def problem_response(status: int, code: str = "", detail: str = "") -> HttpResponse:
    """The same, for those who answer outside of a view."""
    return HttpResponse(dumps(problem(status, code, detail)), status=status, content_type=PROBLEM_TYPE)


def flatten(detail, path: str = "") -> Iterator[dict]:
    """The errors of a ValidationError, one by one, each with the dotted path of its field."""
    if isinstance(detail, dict):
        for name, value in detail.items():
            step = "" if name in ("non_field_errors", "__all__") else str(name)
            yield from flatten(value, ".".join(filter(None, (path, step))))
    elif isinstance(detail, list):
        for value in detail:
            yield from flatten(value, path)
    else:
        yield {"field": path, "code": detail.code, "message": str(detail)}


def validation_problem(detail) -> dict:
    errors = list(flatten(detail))
    first = errors[0]
    text = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return problem(400, "validation_error", text, errors)


def as_api_exception(exc: Exception) -> Exception:
    """What REST framework can answer in the place of `exc`; `exc` itself when it can already, or is a defect."""
    match exc:
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation() | UnreadablePostError() | MultiPartParserError():
            return exceptions.ParseError("The request could not be read.")
        case DjangoValidationError():  # a rule of the model that only shows when it is saved
            return exceptions.ValidationError(as_serializer_error(exc))
        case IntegrityError():
            return Conflict()
        case _ if is_away(exc):
            logger.error("The database did not answer.", exc_info=exc)
            return Unavailable()
    return exc


def is_away(exc: Exception) -> bool:
    """Whether this says that the database is away, busy, or just now a replica that can't be written to."""
    if isinstance(exc, OperationalError | InterfaceError | InternalError) or type(exc) is DatabaseError:
        return True
    # What is tried on a connection that broke may raise anything.
    return isinstance(exc, DatabaseError) and not connection.is_usable()


def exception_handler(exc: Exception, context: dict) -> Response | None:
    exc = as_api_exception(exc)
    response = rest_exception_handler(exc, context)
    if response is None:
        return None  # a defect: Django logs it, and ProblemMiddleware answers 500
    if isinstance(exc, exceptions.ValidationError):
        response.data = validation_problem(exc.detail)
        # The browsable page shows its form again, with what was typed and what is wrong with it.
        response.serializer = getattr(exc.detail, "serializer", None)  # type: ignore[attr-defined]
    else:
        detail = response.data["detail"]
        response.data = problem(response.status_code, detail.code, str(detail))
    return response

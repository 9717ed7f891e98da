"""Errors as problem details (RFC 9457), the same for every 4xx and 5xx of the API."""

import logging
import sqlite3
from collections.abc import Iterator
from http.client import responses

from django.apps import apps
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, IntegrityError, InterfaceError, InternalError, OperationalError, connection
from django.db.models import CheckConstraint
from django.http import HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler as rest_exception_handler

from api.components import PROBLEMS
from api.logs import request_id
from api.renderers import PROBLEM_TYPE, dumps
from api.serializers import MAX_ERRORS

logger = logging.getLogger("api.errors")

# The code for each status, unless the exception has a more precise one.
CODES = {status: code for status, (code, _) in PROBLEMS.items()}
CODES |= {400: "bad_request", 405: "method_not_allowed", 500: "error"}

# REST framework's own text doesn't say what to do.
NOT_SIGNED_IN = "Sign in, or send a token in the header: Authorization: Bearer <token>."


class Conflict(exceptions.APIException):
    status_code = 409
    default_code = "conflict"
    default_detail = "Another request changed this at the same time. Try again."
    wait = 1  # seconds; REST framework sends it as Retry-After


class LengthRequired(exceptions.APIException):
    status_code = 411
    default_code = "length_required"
    default_detail = "The Content-Length header is missing: add the length of the body."


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = "The request body is too large. Send at most 1 MiB."


class Unavailable(exceptions.APIException):
    status_code = 503
    default_code = "unavailable"
    default_detail = "The database is temporarily unavailable. Try again."
    wait = 1


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
    """A problem as a response, for code outside of views."""
    return HttpResponse(dumps(problem(status, code, detail)), status=status, content_type=PROBLEM_TYPE)


def flatten(detail, path: str = "") -> Iterator[dict]:
    """The single errors of a ValidationError, each with the dotted path of its field."""
    if isinstance(detail, dict):
        for name, value in detail.items():
            step = "" if name in ("non_field_errors", "__all__") else str(name)
            yield from flatten(value, ".".join(filter(None, (path, step))))
    elif isinstance(detail, list):
        for value in detail:
            yield from flatten(value, path)
    else:
        yield {"field": path, "code": detail.code, "message": str(detail)}


def described(detail) -> tuple[str, list[dict]]:
    """The first of these errors as a text, and all of them."""
    errors = list(flatten(detail))
    first = errors[0] if errors else {"field": "", "message": ""}
    return f"{first['field']}: {first['message']}" if first["field"] else first["message"], errors


def validation_problem(detail) -> dict:
    return problem(400, "validation_error", *described(detail))


def returned_problem(response: Response) -> dict:
    """The problem of an error that a view returned instead of raising it: `Response(serializer.errors, status=400)`."""
    data, status = response.data, response.status_code
    detail = data.get("detail") if isinstance(data, dict) else data
    if data and not isinstance(detail, str):
        errors = exceptions.ValidationError(data).detail
        if status == 400:
            return validation_problem(errors)
        detail, _ = described(errors)
    given = data.get("code", "") if isinstance(data, dict) else ""
    code = getattr(detail, "code", "") or (given if isinstance(given, str) else "")
    return problem(status, code or ("error" if status in (410, 422) else ""), str(detail or ""))


def as_api_exception(exc: Exception) -> Exception:
    """The exception for REST framework to handle in place of `exc`. Defects are returned unchanged."""
    match exc:
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation() | UnreadablePostError() | MultiPartParserError():
            return exceptions.ParseError("The request could not be read. Check its body and its headers.")
        case DjangoValidationError():  # a rule of the model that is only checked when saving
            return exceptions.ValidationError(as_serializer_error(exc))
        case IntegrityError():
            return broken_rule(exc) or Conflict()
        case _ if is_away(exc):
            logger.error("The database is unavailable.", exc_info=exc)
            return Unavailable()
    return exc


def broken_rule(exc: IntegrityError) -> exceptions.ValidationError | None:
    """What a check constraint says that only the database could check: about an expression, or in `update()`."""
    diagnostics = getattr(exc.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None) or str(exc).removeprefix("CHECK constraint failed: ")
    for constraint in (each for model in apps.get_models() for each in model._meta.constraints):
        if isinstance(constraint, CheckConstraint) and constraint.name == name:
            message, code = constraint.get_violation_error_message(), constraint.violation_error_code or "invalid"
            return exceptions.ValidationError({getattr(constraint, "field", "non_field_errors"): message}, code)
    return None


def is_away(exc: Exception) -> bool:
    """Whether the database is unavailable: down, too busy, or a read-only replica during a failover."""
    if getattr(exc.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False  # it doesn't understand the statement: mostly, a migration was forgotten
    if isinstance(exc, OperationalError | InterfaceError | InternalError) or type(exc) is DatabaseError:
        return True
    # On a broken connection, a statement may raise any of these errors.
    return isinstance(exc, DatabaseError) and not connection.is_usable()


def exception_handler(exc: Exception, context: dict) -> Response | None:
    exc = as_api_exception(exc)
    response = rest_exception_handler(exc, context)
    if response is None:
        return None  # a defect: Django logs it, and ProblemMiddleware responds with 500
    if isinstance(exc, exceptions.ValidationError):
        response.data = validation_problem(exc.detail)
        # The browsable page shows the form again, with its input and the errors.
        response.serializer = getattr(exc.detail, "serializer", None)  # type: ignore[attr-defined]
    else:
        detail = response.data["detail"]
        how = getattr(context.get("view"), "how_to_sign_in", NOT_SIGNED_IN)
        text = how if detail.code == "not_authenticated" else str(detail)
        response.data = problem(response.status_code, detail.code, text)
    return response

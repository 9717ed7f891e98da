import io
import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject

from api.errors import problem, problem_response
from api.logs import current_request_id
from api.renderers import PROBLEM_TYPE, dumps

logger = logging.getLogger("api.requests")

SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


class Middleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response


def known_user_id(request: HttpRequest) -> str | None:
    """Who is calling, when that is known already: to look now could cost two queries for a log line."""
    user = getattr(request, "user", None)
    if user is None or (isinstance(user, SimpleLazyObject) and not request.session.accessed):
        return None
    return str(user.pk) if user.is_authenticated else None


class RequestLogMiddleware(Middleware):
    """Gives the request its id and, when it is answered, its one line in the log."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        queries = 0

        def count(execute, *arguments):
            nonlocal queries
            queries += 1
            return execute(*arguments)

        started = time.perf_counter()
        offered = request.headers.get("X-Request-ID", "")
        request_id = offered if SANE_ID.fullmatch(offered) else uuid4().hex
        context = current_request_id.set(request_id)
        try:
            with connection.execute_wrapper(count):
                response = self.get_response(request)
            response["X-Request-ID"] = request_id
            fields = {
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "ms": round((time.perf_counter() - started) * 1000, 1),
                "user": known_user_id(request),
                "queries": queries,
            }
            logger.info("request", extra={"fields": fields})
        finally:
            current_request_id.reset(context)
        return response


class HealthMiddleware(Middleware):
    """`/healthz` and `/readyz`. Here, because a platform's probe knows no host name, no TLS and no session."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            return self.ready()
        return self.get_response(request)

    @staticmethod
    def ready() -> HttpResponse:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            response = HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
            response["Retry-After"] = "1"
            return response
        return HttpResponse("ok\n", content_type="text/plain")


def explain_not_found(request: HttpRequest) -> str:
    try:
        resolve(f"{request.path_info}/")
    except Resolver404:
        return "Not found."
    return f"Not found. Did you mean {request.path}/ with the slash?"


class ProblemMiddleware(Middleware):
    """Answers under /api/ that no view made (unknown URLs, refused hosts, defects) become problems as well."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        made_by_view = hasattr(response, "accepted_renderer")
        if response.status_code < 400 or made_by_view or not request.path.startswith("/api/"):
            return response
        if response["Content-Type"].startswith("application/problem+json"):
            return response
        detail = explain_not_found(request) if response.status_code == 404 else ""
        # In place: Django has logged this response already, and would log another one again.
        response.content = dumps(problem(response.status_code, detail=detail))
        response["Content-Type"] = PROBLEM_TYPE
        return response


def refuse(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(status, code, detail)
    return HttpResponse(detail + "\n", status=status, content_type="text/plain")


class RequestBodyMiddleware(Middleware):
    """Refuses bodies that are too large or not UTF-8, for Django's own views too, before anything reads them."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            self.buffer(request, limit)
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            return refuse(request, 413, "too_large", f"The request body is larger than {limit} bytes.")
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower().replace("_", "-") not in ("utf-8", "utf8", "us-ascii", "ascii"):
            return refuse(request, 415, "unsupported_media_type", "The request body has to be in UTF-8.")
        return self.get_response(request)

    @staticmethod
    def buffer(request: HttpRequest, limit: int) -> None:
        # Django reads as many bytes as Content-Length says, so a chunked body would look empty to it.
        body = request.environ["wsgi.input"].read(limit + 1)  # type: ignore[attr-defined]
        request.META["CONTENT_LENGTH"] = str(len(body))
        request._stream = io.BytesIO(body)

import io
import logging
import re
import sys
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import LimitedStream, WSGIRequest
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject
from django.views import defaults
from rest_framework.exceptions import APIException, ParseError, Throttled, UnsupportedMediaType

from api.bodies import described, max_body
from api.conditional import keep_private
from api.errors import LengthRequired, TooLarge, as_api_exception, problem, problem_response
from api.logs import current_request_id
from api.methods import READING_METHODS
from api.renderers import PROBLEM_TYPE, dumps

logger = logging.getLogger("api.requests")

SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
LENGTH = re.compile(r"[0-9]{1,4000}", re.ASCII)  # int() refuses more digits than that
PLAIN = "text/plain; charset=utf-8"
BROKEN_OFF = "The request body is broken or incomplete. Send it again."


class Middleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response


def known_user_id(request: HttpRequest) -> str | None:
    """The user's id, if the user was loaded. Loading it now would cost queries for a log line, and might fail."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)  # where Django stores the session's user once it is loaded
    return str(user.pk) if user is not None and user.pk else None  # an account that was just erased has no id


def loggable_path(request: HttpRequest) -> str:
    """The path without a secret in it."""
    prefix = next((prefix for prefix in settings.SECRET_PATHS if request.path_info.startswith(prefix)), None)
    return request.path if prefix is None else f"{request.path.removesuffix(request.path_info)}{prefix}…"


def refused_host(request: HttpRequest) -> dict[str, str]:
    """Why the host that was called is refused, in Django's words, which name ALLOWED_HOSTS."""
    try:
        request.get_host()
    except DisallowedHost as error:
        return {"reason": str(error)}
    return {}


class RequestLogMiddleware(Middleware):
    """Gives each request an id, and logs one line when it is done."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        queries = 0

        def count(execute, *arguments):
            nonlocal queries
            queries += 1
            return execute(*arguments)

        started = time.perf_counter()
        offered = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = offered if SANE_ID.fullmatch(offered) else uuid4().hex
        context = current_request_id.set(request_id)
        try:
            with connection.execute_wrapper(count):
                response = self.get_response(request)
            response["X-Request-ID"] = request_id
            # Otherwise Django logs each 5xx again, without the id.
            response._has_been_logged = True  # type: ignore[attr-defined]
            fields = {
                "method": request.method,
                "path": loggable_path(request),
                "status": response.status_code,
                "ms": round((time.perf_counter() - started) * 1000, 1),
                "user": known_user_id(request),
                "queries": queries,
                **(refused_host(request) if response.status_code == 400 else {}),
            }
            logger.info("request", extra={"fields": fields})
        finally:
            current_request_id.reset(context)
        return response


class ReleaseMiddleware(Middleware):
    """Lets go of the bodies when the response is made. Django's and REST framework's objects refer to each other, so
    Python keeps some hundred of them until it looks for garbage: it counts objects, and doesn't see their size."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        request._body, request._stream = b"", io.BytesIO()
        if context := getattr(response, "renderer_context", None):
            context["request"]._data = context["request"]._full_data = {}
            context["view"].response = context["response"] = None
        return response


class ContentSecurityPolicyMiddleware(Middleware):
    """Sets the Content-Security-Policy header. Django 6.0 has this middleware, with the same setting."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        super().__init__(get_response)
        self.policy = "; ".join(f"{name} {' '.join(sources)}" for name, sources in settings.SECURE_CSP.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and settings.DEBUG and response.status_code in (404, 500):
            return response  # Django's debug pages have inline scripts
        # A page may have set a stricter one. Other responses load nothing, but could be shown in a frame.
        response.setdefault("Content-Security-Policy", self.policy if is_page else "frame-ancestors 'none'")
        return response


class RedirectMiddleware(Middleware):
    """Redirects a change for good with 308 (RFC 9110, section 15.4.9). After Django's 301 clients make a GET of it."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 301 and request.method not in READING_METHODS:
            response.status_code = 308
        return response


class HealthMiddleware(Middleware):
    """`/healthz` and `/readyz`. In a middleware, because probes send no valid Host header and don't use TLS."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return HttpResponse("ok\n", content_type=PLAIN)
        if request.path_info == "/readyz":
            return self.ready()
        return self.get_response(request)

    @staticmethod
    def ready() -> HttpResponse:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            response = HttpResponse("The database is unavailable.\n", status=503, content_type=PLAIN)
            response["Retry-After"] = "1"
            return response
        return HttpResponse("ok\n", content_type=PLAIN)


class RepeatMiddleware(Middleware):
    """Repeats a request that failed because the connection to the database broke, if that is safe: if it only reads, or
    has an Idempotency-Key. Neon closes connections whenever it moves or suspends a database."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = connection.connection
        response = self.get_response(request)
        if response.status_code == 503 and before and self.is_broken(before) and self.is_repeatable(request):
            connection.close()
            return self.get_response(request)
        return response

    @staticmethod
    def is_broken(before) -> bool:
        # When a transaction fails this way, Django has already reconnected.
        return connection.connection is not before or not connection.is_usable()

    @staticmethod
    def is_repeatable(request: HttpRequest) -> bool:
        if request.method in READING_METHODS:
            return True
        view = getattr(request.resolver_match.func, "cls", None) if request.resolver_match else None
        return getattr(view, "is_revised", False) and request.method == "POST" and "Idempotency-Key" in request.headers


def explain_not_found(request: HttpRequest) -> str:
    try:
        resolve(f"{request.path_info}/")
    except Resolver404:
        return "Not found."
    return f"Not found. Did you mean {request.path}/ with a slash at the end?"


class ProblemMiddleware(Middleware):
    """Turns the other errors under /api/ into problems: those outside of views (unknown URLs, refused hosts, defects),
    and those of the schema's view, whose renderers can't represent them."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith("/api/"):
            return response
        if "Cache-Control" not in response:  # views of signed-in users set it themselves
            keep_private(response)
        renderer = getattr(response, "accepted_renderer", None)
        if response["Content-Type"] == PROBLEM_TYPE or getattr(renderer, "format", "") == "api":
            return response
        # Changed in place, to keep the other headers.
        response.content = dumps(self.explain(request, response))
        response["Content-Type"] = PROBLEM_TYPE
        response["Content-Length"] = str(len(response.content))
        return response

    @staticmethod
    def process_exception(request: HttpRequest, exc: Exception) -> HttpResponse | None:
        # Raised in sign-in forms, which don't handle throttling themselves.
        return refuse(request, exc) if isinstance(exc, Throttled) else None

    @staticmethod
    def explain(request: HttpRequest, response: HttpResponse) -> dict:
        if data := getattr(response, "data", None):
            return problem(response.status_code, data["code"], data["detail"], data.get("errors"))
        return problem(response.status_code, detail=explain_not_found(request) if response.status_code == 404 else "")


def refuse(request: HttpRequest, error: APIException) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        response = problem_response(error.status_code, error.default_code, str(error.detail))
    else:
        response = HttpResponse(f"{error.detail}\n", status=error.status_code, content_type=PLAIN)
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(wait)
    return response


def page_unless_api(status: int, page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """An error handler for Django. Under /api/, the response is empty: ProblemMiddleware fills in a problem."""

    def handler(request: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponse(status=status) if request.path_info.startswith("/api/") else page(request, exception)

    return handler


bad_request = page_unless_api(400, defaults.bad_request)
permission_denied = page_unless_api(403, defaults.permission_denied)
not_found = page_unless_api(404, defaults.page_not_found)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500. Responds with 503 if a middleware or a page failed because the database is unavailable."""
    exc = sys.exc_info()[1]
    error = as_api_exception(exc) if isinstance(exc, Exception) else exc
    if isinstance(error, APIException):
        return refuse(request, error)
    # Under /api/, the response is empty: ProblemMiddleware fills in a problem.
    return HttpResponse(status=500) if request.path_info.startswith("/api/") else defaults.server_error(request)


class RequestBodyMiddleware(Middleware):
    """Refuses unreadable requests, for Django's own views too: bodies that are too large, incomplete or not in UTF-8,
    and session ids with a null character, which Postgres doesn't accept."""

    def __call__(self, request: WSGIRequest) -> HttpResponse:
        try:
            # Of an upload, only a form is large: REST framework reads all other bodies into memory.
            is_form = request.content_type == "multipart/form-data"
            self.check(request, max_body(request.path_info if is_form else ""))
        except APIException as error:
            return refuse(request, error)
        return self.get_response(request)

    def check(self, request: WSGIRequest, limit: int) -> None:
        if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""):
            raise ParseError("The session cookie is invalid. Delete it and sign in again.")
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not LENGTH.fullmatch(length):
            raise ParseError("The Content-Length header must be a number: the length of the body in bytes.")
        if int(length) > limit:
            raise TooLarge(f"The request body is too large. {described(limit)}")
        is_chunked = "HTTP_TRANSFER_ENCODING" in request.META
        if (int(length) or is_chunked) and request.headers.get("Content-Encoding", "").lower() not in ("", "identity"):
            raise UnsupportedMediaType("", "Send the request body without a Content-Encoding.")
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower().replace("_", "-") not in ("utf-8", "utf8", "us-ascii", "ascii"):
            raise UnsupportedMediaType("", "Encode the request body in UTF-8.")
        if is_chunked and not request.environ.get("wsgi.input_terminated"):
            raise LengthRequired  # the development server doesn't support chunks: reading them would never end
        is_large = limit > settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # then it stays where the server has it
        if is_chunked:
            self.keep_in_file(request, limit) if is_large else self.read_chunks(request, limit)
        elif not is_large and len(self.read(request, int(length))) < int(length):
            raise ParseError(BROKEN_OFF)

    def keep_in_file(self, request: WSGIRequest, limit: int) -> None:
        """Leave the chunks where the server has them, in a file if they are many: Django reads the form from there."""
        body = request.environ["wsgi.input"]
        length = body.seek(0, io.SEEK_END)
        body.seek(0)
        if length > limit:
            raise TooLarge(f"The request body is too large. {described(limit)}")
        request.META["CONTENT_LENGTH"] = str(length)
        request._stream = LimitedStream(body, length)  # type: ignore[assignment]

    def read_chunks(self, request: WSGIRequest, limit: int) -> None:
        # Django reads as many bytes as Content-Length says, so it would see an empty body without it.
        request.META["CONTENT_LENGTH"] = str(len(self.read(request, limit + 1)))
        if int(request.META["CONTENT_LENGTH"]) > limit:
            raise TooLarge

    def read(self, request: WSGIRequest, size: int) -> bytes:
        try:
            body = request.environ["wsgi.input"].read(size) if size else b""
        except Exception:  # each server raises its own exceptions for a broken body
            raise ParseError(BROKEN_OFF) from None
        # As if Django had read the body: then it can parse a form, and still return the body afterwards.
        request._body = body
        request._stream = io.BytesIO(body)
        return body

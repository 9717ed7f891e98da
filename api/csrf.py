"""The page of a form that CSRF protection refused."""

import logging
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

logger = logging.getLogger(__name__)

HTTPS_UNKNOWN = (
    "The browser used HTTPS, but this server takes the request for plain HTTP. Set TRUSTED_PROXIES to the number of "
    "proxies in front of it."
)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW. Where a setting is wrong, the page and the log name it."""
    hint = HTTPS_UNKNOWN if is_https_unknown(request) else ""
    if hint:
        logger.warning(hint)
    return render(request, "403_csrf.html", {"hint": hint}, status=403)


def is_https_unknown(request: HttpRequest) -> bool:
    source = urlsplit(request.headers.get("Origin") or request.headers.get("Referer", ""))
    return source.scheme == "https" and source.netloc == request.get_host() and not request.is_secure()

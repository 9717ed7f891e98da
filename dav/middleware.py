"""Errors below `/dav/` that no view makes: unknown addresses, bodies that are too large, defects."""

from http.client import responses

from django.http import HttpRequest, HttpResponse

from api.middleware import PLAIN, Middleware
from dav.xml import XML, error


class DavErrorMiddleware(Middleware):
    """Gives them the body that errors of WebDAV have."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_ours = request.path_info.startswith("/dav/") and response.status_code >= 400
        if is_ours and response.get("Content-Type") != XML:
            is_text = response.get("Content-Type") == PLAIN
            detail = response.content.decode().strip() if is_text else responses.get(response.status_code, "Error")
            response.content = error(detail).encode()
            response["Content-Type"] = XML
            response["Content-Length"] = str(len(response.content))
        return response

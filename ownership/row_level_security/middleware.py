from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from api.middleware import Middleware
from ownership import row_level_security


class RowLevelSecurityMiddleware(Middleware):
    """Opens the scope in which a view can act as its user, until the response is rendered."""

    def __init__(self, get_response):
        if not row_level_security.is_enabled():
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with row_level_security.request_scope():
            return self.get_response(request)

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from api.middleware import Middleware
from users import wall


class RowLevelSecurityMiddleware(Middleware):
    """Lets a view put its caller behind the wall (users/wall.py) until the answer is rendered."""

    def __init__(self, get_response):
        if not wall.is_wanted():
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with wall.guarded_request():
            return self.get_response(request)

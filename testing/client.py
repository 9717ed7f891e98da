"""The test client for the API, and the password of the test users."""

import json

from django.db import connection
from django.http import HttpResponse
from rest_framework.test import APIClient

from users.models import ApiToken, User

PASSWORD = "correct horse battery"


class Client(APIClient):
    """Sends JSON to /api/v1 as one user. Gets a 500 as a response instead of an exception, as a real client does."""

    def __init__(self, user: User | None = None, **token_fields):
        super().__init__(raise_request_exception=False)
        self.user = user
        if user:
            self.token, self.secret = ApiToken.issue(user, "test", **token_fields)
            self.credentials(HTTP_AUTHORIZATION=f"Bearer {self.secret}")

    def generic(self, method, path, *args, **kwargs):
        return whole(super().generic(method, f"/api/v1{path}", *args, **kwargs))


def whole(response):
    """The response with all of its content, where it is streamed."""
    if not response.streaming:
        return response
    content = b"".join(response.streaming_content)
    leave_role()
    read = HttpResponse(content, status=response.status_code, headers=response.headers)
    read.json = lambda: json.loads(read.content)
    return read


def leave_role() -> None:
    """Reset the role after a request: the test's transaction would keep that of row-level security."""
    if connection.vendor == "postgresql" and connection.in_atomic_block and not connection.needs_rollback:
        with connection.connection.cursor() as cursor:  # psycopg2's: it is not for the tests to count
            cursor.execute("SELECT set_config('role', 'none', true), set_config('app.owner', '', true)")

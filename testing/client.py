"""The test client for the API, and the password of the test users."""

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
        return super().generic(method, f"/api/v1{path}", *args, **kwargs)

"""A simple browser: it stores cookies and fills in forms, but doesn't follow redirects."""

import json
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from testing.servers import Server


class Stay(HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


class Browser:
    def __init__(self) -> None:
        self.jar = CookieJar(DefaultCookiePolicy(rfc2965=True))
        self.opener = build_opener(HTTPCookieProcessor(self.jar), Stay)

    def send(self, server: Server, method: str, path: str, body: bytes | None = None, **headers: str):
        """Return the status, the headers and the text of the response. `headers`: with _ instead of -."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(server.address + path, body, given, method=method)
        try:
            response = self.opener.open(request, timeout=30)
        except HTTPError as error:
            response = error
        with response:
            return response.status, response.headers, response.read().decode()

    def get(self, server: Server, path: str, **headers: str):
        return self.send(server, "GET", path, **headers)

    @property
    def csrf_token(self) -> str:
        return next((cookie.value or "" for cookie in self.jar if cookie.name == "csrftoken"), "")

    def submit(self, server: Server, path: str, **fields: str) -> None:
        """Open the page, fill in its form and submit it, which must succeed."""
        self.get(server, path)
        form = urlencode({"csrfmiddlewaretoken": self.csrf_token, **fields}).encode()
        status, _, text = self.send(server, "POST", path, form, Referer=server.address + path)
        assert status in (200, 302), (path, status, text)
        assert "errornote" not in text, (path, text)

    def call(self, server: Server, method: str, path: str, body: dict) -> int:
        """Call the API as a script on a page does."""
        headers = {"Content_Type": "application/json", "X_CSRFToken": self.csrf_token}
        return self.send(server, method, f"/api/v1/{path}", json.dumps(body).encode(), **headers)[0]

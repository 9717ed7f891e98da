"""A calendar client: it signs in with an app password, and speaks WebDAV."""

import base64
import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client as Browser

from testing.client import leave_role, whole
from users.models import ApiToken, User

XML = "application/xml; charset=utf-8"
CALENDAR = "text/calendar; charset=utf-8"


class Calendars(Browser):
    """Addresses are below the user's home, or whole. Gets a 500 as a response, as a real client does."""

    def __init__(self, user: User, **token_fields):
        super().__init__(raise_request_exception=False)
        self.user = user
        self.token, secret = ApiToken.issue(user, "calendar", kind=ApiToken.APP_PASSWORD, **token_fields)
        credentials = base64.b64encode(f"{user.email}:{secret}".encode()).decode()
        self.defaults["HTTP_AUTHORIZATION"] = f"Basic {credentials}"

    @property
    def home(self) -> str:
        return f"/dav/{self.user.pk}/"

    def ask(self, method: str, path: str = "", body: str | bytes = "", kind: str = XML, **headers: Any) -> HttpResponse:
        path = path if path.startswith("/") else f"{self.home}{path}"
        response = whole(self.generic(method, path, body, content_type=kind, headers=headers))
        leave_role()
        return response

    def store(self, path: str, text: str | bytes, **headers: Any) -> HttpResponse:
        return self.ask("PUT", path, text, CALENDAR, **headers)

    def names(self, path: str = "inbox/") -> list[str]:
        """The addresses of what is in a list or in the home."""
        found = re.findall(
            "<d:href>([^<]*)</d:href><d:propstat>", self.ask("PROPFIND", path, Depth="1").content.decode()
        )
        return [unescape(each) for each in found[1:]]

    def texts(self) -> dict[str, str]:
        """All objects of the user as they are, by their addresses below the home."""
        found = {}
        for path in [each for task_list in self.names("") for each in self.names(task_list)]:
            found[path.removeprefix(self.home)] = self.ask("GET", path).content.decode()
        return found


def calendar(*lines: str, uid: str = "uid-1", kind: str = "VTODO") -> str:
    """A calendar with one object of these lines."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", f"BEGIN:{kind}", f"UID:{uid}"]
    return "\r\n".join([*head, "DTSTAMP:20260101T000000Z", *lines, f"END:{kind}", "END:VCALENDAR", ""])

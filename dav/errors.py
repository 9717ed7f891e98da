"""Errors of WebDAV: a status, and where there is one the precondition that failed (RFC 4918, section 16)."""

from rest_framework.exceptions import APIException


class DavError(APIException):
    """`condition`: the name of an element, `d:…` or `c:…`. `content`: the XML in it."""

    condition = ""

    def __init__(self, detail: str | None = None, condition: str = "", content: str = "", status: int = 0):
        super().__init__(detail)
        self.condition = condition or self.condition
        self.content = content
        self.status_code = status or self.status_code


class BadXml(DavError):
    status_code = 400
    default_detail = "The body isn't well-formed XML."


class Forbidden(DavError):
    status_code = 403
    default_detail = "This isn't allowed here."


class BadCalendar(Forbidden):
    condition = "c:valid-calendar-data"
    default_detail = "The body isn't a calendar (RFC 5545)."


class BadToken(Forbidden):
    condition = "d:valid-sync-token"
    default_detail = "The token is not valid here, or not any more. Start again without a token."


class Conflict(DavError):
    status_code = 409
    default_detail = "There is no collection to put this into."


class Failed(DavError):
    status_code = 412
    default_detail = "The object was changed since you read it, or is there already."


class Exists(DavError):
    status_code = 405
    condition = "d:resource-must-be-null"
    default_detail = "There is something at this address already."

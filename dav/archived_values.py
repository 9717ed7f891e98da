"""Reads what an archive says that calendar clients stored, as they could have stored it here."""

from django.conf import settings

from dav import storing, xml
from dav.document import read_document
from dav.errors import DavError
from dav.lists import MAX_PROPERTIES, stored_size
from dav.paths import MAX_NAME, is_name
from todos.fitting import NO_TEXT
from transfer.sources.fields import Members


class Unfit(Exception):
    """The member with this name has no value that can be kept."""

    def __init__(self, name: str, reason: str):
        super().__init__(reason)
        self.name = name


def text_in(members: Members, name: str, most: int) -> str:
    value = members.text(name)
    if len(value) > most or NO_TEXT.search(value):
        raise Unfit(name, f"It is longer than {most} characters, or has some that aren't text.")
    return value


def name_in(members: Members) -> str:
    name = text_in(members, "name", MAX_NAME)
    if not is_name(name):
        raise Unfit("name", "It can't be in a URL.")
    return name


def body_in(members: Members, kind: str, uid: str) -> str:
    """A text with one object of this kind, as clients could have stored it."""
    body = members.text("body")
    if NO_TEXT.search(body) or len(body.encode()) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise Unfit("body", "It is too large, or has characters that aren't text.")
    try:
        calendar = read_document(body)
        if storing.kind_of(calendar) != kind or storing.uid_of(calendar, kind) != uid:
            raise Unfit("body", "It has another UID, or is another kind of object.")
    except DavError as error:
        raise Unfit("body", str(error.detail)) from None
    return body


def properties_in(members: Members) -> dict[str, str]:
    """XML by the names of the elements."""
    found = members.values.get("properties") or {}
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise members.refuse("properties", "an object with texts")
    if stored_size(found.values()) > MAX_PROPERTIES or not all(map(is_property, found, found.values())):
        raise Unfit("properties", f"They have more than {MAX_PROPERTIES:,} characters, or aren't XML.")
    return found


def is_property(name: str, text: str) -> bool:
    if NO_TEXT.search(name + text):
        return False
    try:
        root = xml.parse(text.encode())
    except DavError:
        return False
    return root is not None and root.tag == name

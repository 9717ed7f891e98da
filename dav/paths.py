"""The addresses below `/dav/`: of the home of a user, a list in it, and an object in a list."""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit
from uuid import UUID

from django.urls import get_script_prefix

UNFIT = re.compile(r"[/\x00-\x1f\x7f\ud800-\udfff]")  # in a name
MAX_NAME = 500  # characters of a name in a URL, and of a UID: an index has room for 2,700 bytes


def is_name(text: str) -> bool:
    """Whether a client may call a list or an object so: it has to come back from a URL as it is."""
    return 0 < len(text) <= MAX_NAME and not UNFIT.search(text) and text not in (".", "..")


class Path(NamedTuple):
    """`owner`, `list` and `name` are as far as the path leads: `/dav/{owner}/{list}/{name}`."""

    owner: str = ""
    list: str = ""
    name: str = ""

    def __str__(self) -> str:
        parts = [quote(part, safe="@:!$&'()*+,;=~") for part in self if part]
        slash = "" if self.name or not parts else "/"
        return f"{get_script_prefix()}dav/{'/'.join(parts)}{slash}"

    @classmethod
    def of(cls, owner_id: UUID, *parts: str) -> "Path":
        return cls(str(owner_id), *parts)

    @classmethod
    def read(cls, href: str) -> "Path | None":
        """The path that a URL, or its path, leads to; None if that isn't below `/dav/`."""
        try:
            path = urlsplit(href.strip()).path
        except ValueError:
            return None
        prefix = f"{get_script_prefix()}dav/"
        if not path.startswith(prefix) or "\0" in unquote(path):  # which Postgres can't even look for
            return None
        parts = [unquote(part) for part in path.removeprefix(prefix).rstrip("/").split("/")]
        return cls(*parts) if len(parts) <= 3 and all(parts) else cls() if parts == [""] else None


def id_in(name: str) -> UUID | None:
    """The id that this name is; None for any other name, and for an id in another spelling."""
    try:
        pk = UUID(name)
    except ValueError:
        return None
    return pk if str(pk) == name else None

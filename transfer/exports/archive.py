"""The archive: everything of an account, as JSON. `transfer/sources/archive.py` reads it."""

from collections.abc import Iterator
from typing import Any

from api.renderers import dumps
from transfer.columns import defaults
from transfer.exports.pages import pages
from transfer.extensions import ArchivePart
from transfer.importer import SETTINGS
from transfer.parts import archive_parts
from transfer.sources.archive import FORMAT, VERSION


def write_archive(owner, as_owner: bool = True) -> Iterator[bytes]:
    """The archive of this account, in parts of bounded size."""
    head = {"format": FORMAT, "version": VERSION}
    settings = {name: getattr(owner, name) for name in SETTINGS}
    yield dumps(head)[:-1] + b',\n"settings":' + dumps(settings)
    # What a row refers to is read after it, so it is there, also if somebody makes it meanwhile.
    for part in reversed(archive_parts()):
        yield from write_part(owner, part, as_owner)
    yield b',\n"complete":true}\n'


def write_part(owner, part: ArchivePart, as_owner: bool) -> Iterator[bytes]:
    yield b',\n"' + part.name.encode() + b'":['
    separator = b"\n"
    empty = defaults(part.model)
    for page in pages(owner, part.rows(owner), as_owner):
        yield separator + b",\n".join(dumps(says_something(row, empty)) for row in page)
        separator = b",\n"
    yield b"]"


def says_something(row: dict[str, Any], empty: dict[str, Any]) -> dict[str, Any]:
    """The row without what is empty and would be empty without saying so, which halves the archive."""
    return {name: value for name, value in row.items() if value or value != empty.get(name, value)}

"""The archive: everything of an account, as JSON. `transfer/sources/archive.py` reads it."""

from collections.abc import Iterator
from typing import Any

from django.db.models import BooleanField, Case, F, Q, QuerySet, Value, When

from api.renderers import dumps
from todos.models import Project, Tag, Task
from todos.models.tag import TagNames
from transfer.exports.pages import pages
from transfer.extensions import ARCHIVE_PARTS
from transfer.importer import SETTINGS
from transfer.sources.archive import FORMAT, KNOWN, VERSION

UNTOUCHED = Case(
    When(Q(automatic_revision=F("revision")), then=Value(True)), default=Value(False), output_field=BooleanField()
)
ROW = ["id", "name", "created_at", "updated_at", "deleted_at"]


def tasks_of(owner) -> QuerySet:
    computed = {"tags": TagNames(), "untouched": UNTOUCHED, "completed_together": F("completed_in_revision")}
    return Task.objects.owned_by(owner).annotate(**computed).values("id", *sorted(KNOWN - {"id"}))


def write_archive(owner, as_owner: bool = True) -> Iterator[bytes]:
    """The archive of this account, in parts of bounded size."""
    head = {"format": FORMAT, "version": VERSION}
    settings = {name: getattr(owner, name) for name in SETTINGS}
    yield dumps(head)[:-1] + b',\n"settings":' + dumps(settings)
    # What a row refers to is read after it, so it is there, also if somebody makes it meanwhile.
    for part in ARCHIVE_PARTS:
        yield from write_part(owner, part.name, part.rows(owner), as_owner)
    yield from write_part(owner, "tasks", tasks_of(owner), as_owner)
    yield from write_part(
        owner, "projects", Project.objects.owned_by(owner).values(*ROW, "color", "position"), as_owner
    )
    yield from write_part(owner, "tags", Tag.objects.owned_by(owner).values(*ROW), as_owner)
    yield b',\n"complete":true}\n'


def write_part(owner, name: str, rows: QuerySet, as_owner: bool) -> Iterator[bytes]:
    yield b',\n"' + name.encode() + b'":['
    separator = b"\n"
    for page in pages(owner, rows, as_owner):
        yield separator + b",\n".join(dumps(says_something(row)) for row in page)
        separator = b",\n"
    yield b"]"


def says_something(row: dict[str, Any]) -> dict[str, Any]:
    """The row without what is empty, which halves the archive."""
    return {name: value for name, value in row.items() if value or name == "position"}

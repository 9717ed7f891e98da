"""Tasks as a table for spreadsheets, and as a calendar."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.db.models import F, QuerySet

from api.renderers import dumps
from todos.icalendar.lines import write_lines
from todos.icalendar.writing import END_CALENDAR, begin_calendar, write_components
from todos.models.tag import TagNames
from transfer.exports.pages import pages
from transfer.sources.table import COLUMNS, guarded

CALENDAR = [
    "id",
    "title",
    "description",
    "completed_at",
    "priority",
    "start_date",
    "start_time",
    "due_date",
    "due_time",
]
CALENDAR += ["reminders", "recurrence", "parent", "created_at", "updated_at", "occurrence_date", "series_start"]
CALENDAR += ["series_day", "series_passed"]


def write_table(owner, tasks: QuerySet, as_owner: bool = True) -> Iterator[bytes]:
    """CSV (RFC 4180) in UTF-8, with a byte order mark, which spreadsheets need to tell. In parts of bounded size."""
    columns = [name for name in COLUMNS if name not in ("completed", "project", "tags")]
    rows = tasks.annotate(project_name=F("project__name"), tags=TagNames()).values(*columns, "project_name", "tags")
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for page in pages(owner, rows, as_owner):
        writer.writerows([cell(row, name) for name in COLUMNS] for row in page)
        yield taken(text)
    yield taken(text)


def taken(text: io.StringIO) -> bytes:
    content = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return content


def cell(row: dict[str, Any], name: str) -> str:
    match name:
        case "completed":
            return "true" if row["completed_at"] else "false"
        case "project":
            value = row["project_name"]
        case "tags":
            value = comma_separated(row["tags"])
        case "reminders":
            value = " ".join(str(each.get("minutes_before", each.get("at"))) for each in row["reminders"])
        case "completed_at" | "created_at":
            value = row[name] and dumps(row[name])[1:-1].decode()
        case _:
            value = row[name]
    return "" if value is None else guarded(str(value))


def comma_separated(names: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue() if names else ""


def write_calendar(owner, tasks: QuerySet, name: str, events: bool = False, as_owner: bool = True) -> Iterator[bytes]:
    """A calendar (RFC 5545) of these tasks, as VTODOs or VEVENTs. In parts of bounded size."""
    rows = tasks.annotate(tags=TagNames()).values(*CALENDAR, "tags")
    # How often a program should ask again (RFC 7986, section 5.7): each time costs one query.
    refresh = ["REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M"]
    yield write_lines(begin_calendar(name, owner.timezone, *refresh)).encode()
    for page in pages(owner, rows, as_owner):
        yield "".join(map(write_lines, write_components(page, owner.timezone, events))).encode()
    yield write_lines(END_CALENDAR).encode()

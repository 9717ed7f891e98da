"""Reads an owner's rows page by page, so that an export takes the same memory for any number of them."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from ownership.row_level_security import act_as, is_enabled, request_scope

PAGE = 1000  # rows in memory


def pages(owner, rows: QuerySet, as_owner: bool) -> Iterator[list[dict[str, Any]]]:
    """The rows (dicts with an `id`) in the order of their ids, one page after the other.

    No transaction stays open while the client reads: rows that others change meanwhile are as they are when their page
    is read. as_owner: whether row-level security holds, as in a request. A streamed response begins after the request.
    """
    rows = rows.order_by("id")
    page = fetch(owner, rows[:PAGE], as_owner)
    while page:
        yield page
        page = fetch(owner, rows.filter(id__gt=page[-1]["id"])[:PAGE], as_owner) if len(page) == PAGE else []


def fetch(owner, rows: QuerySet, as_owner: bool) -> list[dict[str, Any]]:
    if not as_owner or not is_enabled():
        return list(rows)
    with request_scope():
        act_as(owner.pk)
        return list(rows)

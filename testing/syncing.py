"""Client functions for the tests of `sync/`."""

from testing.client import Client
from todos.models import Task
from users.models import User


def page(api: Client, token: str | None = None, **parameters) -> dict:
    response = api.get("/sync/", {**({"since": token} if token else {}), **parameters})
    assert response.status_code == 200, response.content
    return response.json()


def pages(api: Client, token: str | None = None, **parameters) -> list[dict]:
    """All pages after the token."""
    found = [page(api, token, **parameters)]
    while found[-1]["has_more"]:
        found.append(page(api, found[-1]["token"], **parameters))
    return found


def changes(found: list[dict]) -> list[dict]:
    return [change for each in found for change in each["results"]]


def short(found: list[dict]) -> list[tuple]:
    """The type, id and revision of each change, and whether it is a deletion."""
    return [(change["type"], change["id"], change["revision"], change["deleted"]) for change in found]


def make_tasks(owner: User, count: int) -> list[Task]:
    """Create the objects in one write."""
    return Task.objects.bulk_create(Task(owner=owner, title=f"Task {number}", tags=["t"]) for number in range(count))

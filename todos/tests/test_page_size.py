"""A page ends at about 2 MB of long texts, however many results the call allows."""

from itertools import chain
from typing import Any

import pytest

from api import pagination
from testing.client import Client
from todos.models import Project, Task

PAGED = [
    "/tasks/?limit=50",
    "/tasks/?limit=50&ordering=due_date",
    "/tasks/trash/?limit=50",
    "/tasks/?limit=50&tag=long",
]


@pytest.fixture
def small_pages(monkeypatch):
    """Pages that have room for two descriptions of 400 bytes."""
    monkeypatch.setattr(pagination, "MAX_SIZE", 1000)


@pytest.fixture
def long_tasks(alice) -> list[str]:
    """The ids of seven tasks in the order of creation. Only bytes count: the é of every other one takes two."""
    tasks = [
        Task(owner=alice, title=f"Task {n}", description="éx"[n % 2] * [200, 400][n % 2], tags=["long"], due_date=due)
        for n, due in enumerate(["2030-01-01", None, "2030-01-03", None, "2030-01-05", None, "2030-01-07"])
    ]
    return [str(task.pk) for task in Task.objects.bulk_create(tasks)]


def pages(api: Client, url: str, link: str = "next") -> list[list[str]]:
    """The ids on this page and those that its links lead to."""
    found = []
    while url:
        body = api.get(url.partition("/api/v1")[2] or url).json()
        found.append([row["id"] for row in body["results"]])
        url = body[link]
    return found


@pytest.mark.parametrize("url", PAGED)
def test_pages_of_long_texts_are_short_and_hold_each_row_once(api, alice, long_tasks, small_pages, url):
    if "trash" in url:
        Task.objects.all().delete()

    found = pages(api, url)

    assert [len(page) for page in found] == [2, 2, 2, 1]
    assert sorted(chain(*found)) == sorted(long_tasks)


def test_the_way_back_is_as_exact(api, long_tasks, small_pages):
    forward = pages(api, "/tasks/?limit=50")
    body = api.get("/tasks/?limit=50").json()
    while body["next"]:
        body = api.get(body["next"].partition("/api/v1")[2]).json()

    back = pages(api, body["previous"], "previous")

    assert list(chain(*reversed(back))) == list(chain(*forward))[: 2 * len(back)]
    assert len(back) == 3


def test_a_text_that_is_too_long_for_any_page_has_a_page_of_its_own(api, alice, small_pages):
    for _ in range(3):
        Task.objects.create(owner=alice, title="Long", description="x" * 5000)

    assert [len(page) for page in pages(api, "/tasks/")] == [1, 1, 1]


def test_sync_goes_on_where_a_page_ended(api, alice, long_tasks, small_pages):
    Project.objects.create(owner=alice, name="Home")
    sizes, seen, token = [], [], ""
    more = True
    while more:
        body = api.get("/sync/", {"limit": 100, **({"since": token} if token else {})}).json()
        sizes.append(len(body["results"]))
        seen += [(each["type"], each["id"]) for each in body["results"]]
        token, more = body["token"], body["has_more"]

    assert {pk for kind, pk in seen if kind == "task"} == set(long_tasks)
    assert len(seen) == len(set(seen)) == 9  # with the tag and the project
    assert max(sizes) == 3  # the tag has no text of any length


def test_the_longest_descriptions_make_responses_of_about_2_mb(api, alice):
    longest: Any = Task._meta.get_field("description").max_length
    Task.objects.bulk_create(
        Task(owner=alice, title="Long", description="\N{GRINNING FACE}" * longest) for _ in range(60)
    )

    for url in ("/tasks/?limit=200", "/sync/?limit=1000"):
        response = api.get(url)
        assert 1_900_000 < len(response.content) < 2_100_000


def test_what_is_deleted_has_no_text_in_sync(api, alice, long_tasks, small_pages):
    token = api.get("/sync/", {"limit": 100}).json()["token"]
    while (body := api.get("/sync/", {"limit": 100, "since": token}).json())["has_more"]:
        token = body["token"]
    Task.objects.all().delete()

    deleted = api.get("/sync/", {"limit": 100, "since": body["token"]}).json()

    assert (len(deleted["results"]), deleted["has_more"]) == (7, False)

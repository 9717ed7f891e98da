from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testing.client import Client
from testing.problems import refused
from testing.proofs import size
from todos.models import Task
from users.models import User

# The keys of each ordering. todos/tests/test_order.py tests the others.
KEYS = {
    "created_at": lambda task: task.created_at,
    "updated_at": lambda task: task.updated_at,
    "title": lambda task: task.title.lower(),
}
DAY = datetime(2026, 3, 1, tzinfo=UTC)
# Few different ones, so that many rows are equal. Only letters, which all collations sort in the same order.
titles = st.text("abAB", min_size=1, max_size=2)
moments = st.integers(0, 2).map(lambda days: DAY + timedelta(days, microseconds=days))
rows = st.dictionaries(moments, st.lists(titles, max_size=5))
writes = st.lists(
    st.tuples(st.sampled_from(["add", "rename", "remove"]), st.integers(0, 99), moments, titles), max_size=12
)


def make(owner: User, moment: datetime, *titles: str) -> list[Task]:
    with time_machine.travel(moment, tick=False):
        return Task.objects.bulk_create(Task(owner=owner, title=title) for title in titles)


def get(client: Client, link: str) -> tuple[list[str], dict]:
    """The ids on the page, and the page."""
    response = client.get(link.removeprefix("http://testserver/api/v1"))
    assert response.status_code == 200
    return [row["id"] for row in response.json()["results"]], response.json()


def in_order(tasks: list[Task], ordering: str) -> list[str]:
    """The sorted list to compare the pages with."""
    key = KEYS[ordering.removeprefix("-")]
    return [str(task.id) for task in sorted(tasks, key=lambda task: (key(task), task.id), reverse=ordering[0] == "-")]


class Others:
    """Writes between the pages."""

    def __init__(self, owner: User, plan: list[tuple]):
        self.owner, self.plan, self.touched = owner, plan, set()

    def write(self) -> None:
        if not self.plan:
            return
        what, number, moment, title = self.plan.pop()
        present = list(Task.objects.owned_by(self.owner).present().order_by("id"))
        if what == "add":
            self.touched.add(str(make(self.owner, moment, title)[0].id))
        elif present:
            task = present[number % len(present)]
            self.touched.add(str(task.id))
            task.title = title
            task.delete() if what == "remove" else task.save()

    def without_theirs(self, ids: list[str]) -> list[str]:
        return [each for each in ids if each not in self.touched]


@pytest.mark.django_db
@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("ordering", KEYS)
@settings(max_examples=size(100, 10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows, limit=st.integers(1, 5), plan=writes)
def test_pages_are_the_sorted_list_there_and_back_whatever_others_write(ordering, direction, rows, limit, plan):
    user = User.objects.create_user(f"{User.objects.count()}@example.com")
    client, others = Client(user), Others(user, plan)
    whole = in_order([task for day in rows.items() for task in make(user, day[0], *day[1])], direction + ordering)
    there, back, link = [], [], f"/tasks/?ordering={direction}{ordering}&limit={limit}"

    while link:
        last, page = get(client, link)
        there += last
        others.write()
        link = page["next"]
    link = page["previous"]
    while link:
        ids, page = get(client, link)
        back = ids + back
        others.write()
        link = page["previous"]

    assert others.without_theirs(there) == others.without_theirs(whole)
    if last:  # a page that lost all its rows leads nowhere
        assert others.without_theirs(back + last) == others.without_theirs(whole)


@pytest.mark.parametrize("ordering", ["title", "-title"])
def test_each_page_but_the_last_is_full(api, alice, ordering):
    make(alice, DAY, *"abcdefg")
    sizes, link = [], f"/tasks/?ordering={ordering}&limit=3"

    while link:
        ids, page = get(api, link)
        sizes.append(len(ids))
        link = page["next"]

    assert sizes == [3, 3, 1]


def test_there_and_back_is_the_same_page(api, alice):
    make(alice, DAY, *"abcdef")
    _, first = get(api, "/tasks/?ordering=title&limit=2")
    second, page = get(api, first["next"])

    before, page = get(api, page["previous"])
    again, page = get(api, page["next"])

    assert (before, again) == ([row["id"] for row in first["results"]], second)
    assert page["next"]


def test_a_page_holds_50_rows_unless_asked_otherwise(api, alice):
    make(alice, DAY, *["x"] * 51)

    first, page = get(api, "/tasks/")
    rest, _ = get(api, page["next"])

    assert (len(first), len(rest)) == (50, 1)


def test_an_empty_list_is_one_empty_page(api):
    assert api.get("/tasks/").json() == {"next": None, "previous": None, "results": []}


def test_a_page_that_lost_all_its_rows_leads_back_to_those_before_it(api, alice):
    make(alice, DAY, *"ab")
    first, page = get(api, "/tasks/?limit=1")
    Task.objects.exclude(pk__in=first).delete()

    lost, page = get(api, page["next"])

    assert (lost, page["next"]) == ([], None)
    assert get(api, page["previous"])[0] == first


def test_a_link_is_the_whole_url_of_the_page_with_another_cursor(api, alice):
    make(alice, DAY, *["für"] * 3)
    _, first = get(api, "/tasks/?q=f%C3%BCr&limit=1&completed=false")

    _, second = get(api, first["next"])

    address, _, query = second["next"].partition("?")
    parameters = dict(QueryDict(query).lists())
    assert address == "http://testserver/api/v1/tasks/"
    assert len(parameters.pop("cursor")) == 1
    assert parameters == {"q": ["für"], "limit": ["1"], "completed": ["false"]}
    assert second["next"] != first["next"]


# The longest titles there are, of those characters that take the most room when written as JSON.
@pytest.mark.parametrize("first", [0x1, 0x4E00, 0x1F300])
@pytest.mark.parametrize("ordering", ["title", "-title"])
def test_a_cursor_fits_whatever_the_title(api, alice, ordering, first):
    text = "".join(chr(first + number * 7 % 31 if first == 1 else first + number * 7) for number in range(255))
    make(alice, DAY, *[text] * 3)

    ids, page = get(api, f"/tasks/?ordering={ordering}&limit=1")
    while page["next"]:
        more, page = get(api, page["next"])
        ids += more

    assert len(set(ids)) == 3


def test_a_cursor_is_good_for_one_list(api, alice):
    make(alice, DAY, *"abc")
    _, page = get(api, "/tasks/?limit=1")
    query = page["next"].split("?")[1]

    response = api.get(f"/tokens/?{query}")

    assert refused(response) == [("cursor", "invalid")]


def test_any_page_costs_the_same(api, alice):
    make(alice, DAY, *["x"] * 30)
    _, page = get(api, "/tasks/?limit=1")
    for _ in range(20):
        _, page = get(api, page["next"])

    with CaptureQueriesContext(connection) as queries:
        get(api, page["next"])

    assert len(queries) == 2  # the token, the rows
    assert not any(word in query["sql"] for query in queries for word in ("OFFSET", "COUNT"))

"""The order of a list and its pages: nothing that nobody touched is skipped or repeated, whatever others write."""

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

import pytest
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIRequestFactory, force_authenticate

from testing.proofs import size
from todos.models import Project, Task
from todos.views import TaskViewSet

ORDERINGS = ("created_at", "updated_at", "due_date", "completed_at", "priority", "title", "position")
SIGNED = [sign + name for name in ORDERINGS for sign in ("", "-")]


def get(api, link: str) -> dict:
    response = api.get(link.removeprefix("http://testserver/api/v1"))
    assert response.status_code == 200, response.content
    return response.json()


def titles(api, query: str) -> list[str]:
    return [task["title"] for task in get(api, f"/tasks/?{query}")["results"]]


def force(tasks, **values) -> None:
    """Write past the models, to give several rows the same moment or place."""
    QuerySet(Task).filter(pk__in=[task.pk for task in tasks]).update(**values)


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("due_date", ["first", "a", "b", "last", "never", "nor this"]),
        ("-due_date", ["last", "b", "a", "first", "nor this", "never"]),
        ("priority", ["first", "b", "last", "never", "nor this", "a"]),
        ("-priority", ["a", "nor this", "never", "last", "b", "first"]),
        ("title", ["a", "b", "first", "last", "never", "nor this"]),
        ("-title", ["nor this", "never", "last", "first", "b", "a"]),
        ("position", ["first", "a", "b", "last", "never", "nor this"]),
        ("-position", ["nor this", "never", "last", "b", "a", "first"]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 6])
def test_pages_in_both_directions(api, alice, ordering, expected, limit):
    days = {"first": "0001-01-01", "a": "2027-01-01", "b": "2027-01-01", "last": "9999-12-31"}
    for title in ("first", "a", "b", "last", "never", "nor this"):
        Task.objects.create(owner=alice, title=title, due_date=days.get(title), priority=4 if title == "a" else 0)
    link, forth, back = f"/tasks/?ordering={ordering}&limit={limit}", [], []

    while link:
        page = get(api, link)
        forth.append([task["title"] for task in page["results"]])
        link = page["next"]
    link = page["previous"]
    while link:
        page = get(api, link)
        back.insert(0, [task["title"] for task in page["results"]])
        link = page["previous"]

    assert forth == [expected[start : start + limit] for start in range(0, 6, limit)]
    assert back == forth[:-1]


def test_titles_are_in_order_without_case_in_any_script(api, alice):
    names = ["Zoo", "apple", "Äpfel", "ёж", "Яма", "ÉCOLE", "école 2", "Straße", "STRASSEN", "_", "10", "9"]
    for name in names:
        Task.objects.create(owner=alice, title=name)

    expected = ["10", "9", "_", "apple", "Straße", "STRASSEN", "Zoo", "Äpfel", "ÉCOLE", "école 2", "Яма", "ёж"]
    assert titles(api, "ordering=title") == expected
    assert titles(api, "ordering=-title") == expected[::-1]


@pytest.mark.parametrize("letter", ["日", "😀", "ᾷ", "\U0001d160", "\\"])
@pytest.mark.parametrize("ordering", ["title", "-title"])
def test_the_longest_titles_lead_to_the_next_page(api, alice, ordering, letter):
    Task.objects.bulk_create(Task(owner=alice, title=chr(ord("a") + n) + letter * 499) for n in range(3))

    page = get(api, get(api, f"/tasks/?ordering={ordering}&limit=1&q={quote(letter * 10)}")["next"])

    assert page["results"][0]["title"][0] == "b"


def test_the_longest_title_of_ever_changing_characters_leads_to_the_next_page(api, alice):
    for title in ("".join(chr(0x20000 + n * 7919 % 42_000) for n in range(start, start + 500)) for start in (0, 700)):
        Task.objects.create(owner=alice, title=title)

    page = get(api, get(api, "/tasks/?ordering=title&limit=1")["next"])

    assert len(page["results"]) == 1


@pytest.mark.parametrize("ordering", SIGNED)
def test_a_page_whose_rows_went_meanwhile_leads_back(api, alice, ordering):
    tasks = [Task.objects.create(owner=alice, title=title) for title in "abc"]
    whole = titles(api, f"ordering={ordering}")
    link = get(api, f"/tasks/?ordering={ordering}&limit=2")["next"]
    next(task for task in tasks if task.title == whole[-1]).delete()

    empty = get(api, link)
    back = get(api, empty["previous"])

    assert (empty["results"], empty["next"]) == ([], None)
    assert [task["title"] for task in back["results"]] == whole[:2]


def test_a_first_page_whose_rows_went_meanwhile_leads_on(api, alice):
    tasks = [Task.objects.create(owner=alice, title=title) for title in "abc"]
    second = get(api, get(api, "/tasks/?ordering=title&limit=1")["next"])
    tasks[0].delete()

    empty = get(api, second["previous"])
    on = get(api, empty["next"])

    assert (empty["results"], empty["previous"]) == ([], None)
    assert [task["title"] for task in on["results"]] == ["b"]


def test_a_page_in_the_middle_costs_as_many_queries_as_the_first(api, alice, django_assert_num_queries):
    Task.objects.bulk_create(Task(owner=alice, title=f"{n}", due_date=None) for n in range(30))
    link = get(api, "/tasks/?ordering=-due_date&limit=10")["next"]

    with django_assert_num_queries(2):  # the token, the rows
        get(api, link)


@pytest.mark.parametrize("query", ["due=none", "due=upcoming", "due_after=2027-01-01", "due_before=2999-01-01"])
def test_dated_and_undated_tasks_are_not_looked_for_where_a_filter_rules_them_out(
    api, alice, query, django_assert_num_queries
):
    for day in (None, "2998-01-01"):
        Task.objects.create(owner=alice, title=str(day), due_date=day)
    titles(api, "")  # the first use of a token is noted

    with django_assert_num_queries(2):  # the token, the rows
        found = titles(api, f"ordering=-due_date&{query}")

    assert found == ["None" if query == "due=none" else "2998-01-01"]


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_due_dates_are_in_the_order_of_their_times_and_what_has_none_is_last_on_its_day(api, alice, limit):
    times = [None, "17:00", "00:00", "09:00", "23:59:59"]
    for day in ("2027-01-02", "2027-01-01", None):
        for clock in times if day else [None]:
            title = f"{day} {clock}" if day else "never"
            Task.objects.create(owner=alice, title=title, due_date=day, due_time=clock)
    expected = ["00:00", "09:00", "17:00", "23:59:59", "None"]

    def listed(ordering: str) -> list[str]:
        link, found = f"/tasks/?ordering={ordering}&limit={limit}", []
        while link:
            page = get(api, link)
            link, found = page["next"], found + [task["title"] for task in page["results"]]
        return found

    days = ["2027-01-01", "2027-01-02"]
    assert listed("due_date") == [f"{day} {clock}" for day in days for clock in expected] + ["never"]
    backwards = [*expected[3::-1], "None"]
    assert listed("-due_date") == [f"{day} {clock}" for day in days[::-1] for clock in backwards] + ["never"]


def test_completed_tasks_are_in_the_order_of_completion_and_open_ones_last(api, alice):
    for title, day in (("b", 2), ("a", 1), ("open", None), ("c", 3)):
        task = Task.objects.create(owner=alice, title=title)
        force([task], completed_at=day and datetime(2027, 1, day, tzinfo=UTC))

    assert titles(api, "ordering=completed_at") == ["a", "b", "c", "open"]
    assert titles(api, "ordering=-completed_at") == ["c", "b", "a", "open"]
    assert titles(api, "ordering=-completed_at&completed=true") == ["c", "b", "a"]
    assert titles(api, "ordering=-completed_at&completed=false") == ["open"]
    assert titles(api, "ordering=completed_at&completed_after=2027-01-02") == ["b", "c"]


def test_what_was_completed_together_has_pages_that_end(api, alice):
    parent = Task.objects.create(owner=alice, title="parent", due_date=date(2027, 1, 20), recurrence="FREQ=WEEKLY")
    Task.objects.create(owner=alice, title="child", parent=parent)
    Task.objects.create(
        owner=alice, title="carried", parent=parent, due_date=date(2027, 1, 20), recurrence="FREQ=DAILY"
    )
    parent.complete()
    first = get(api, "/tasks/?completed=true&ordering=-completed_at&limit=1")

    second = get(api, first["next"])

    assert [task["title"] for task in (*first["results"], *second["results"])] == ["child", "parent"]
    assert second["next"] is None


@pytest.mark.parametrize("ordering", ["priority", "due_date"])
def test_equals_are_in_the_order_of_creation(api, alice, ordering):
    tasks = [Task.objects.create(owner=alice, title=title, due_date="2027-01-01") for title in "abc"]
    for task, day in zip(tasks, (3, 1, 2), strict=True):
        force([task], created_at=datetime(2027, 1, day, tzinfo=UTC))

    assert titles(api, f"ordering={ordering}") == ["b", "c", "a"]
    assert titles(api, f"ordering=-{ordering}") == ["a", "c", "b"]


@pytest.mark.parametrize("query", ["tag=a", "tag=a&tag=b", "tag=b&completed=false"])
def test_pages_of_a_tag_are_in_the_order_of_creation_too(api, alice, query):
    tasks = [Task.objects.create(owner=alice, title=title, tags=["a", "b"]) for title in "xyz"]
    Task.objects.create(owner=alice, title="in the trash", tags=["a", "b"]).delete()
    Task.objects.create(owner=alice, title="without")
    for task, day in zip(tasks, (3, 1, 2), strict=True):
        Task.objects.filter(pk=task.pk).update(created_at=datetime(2027, 1, day, tzinfo=UTC))
    link, forth = f"/tasks/?{query}&limit=1", []

    while link:
        page = get(api, link)
        forth += [task["title"] for task in page["results"]]
        link = page["next"]

    assert forth == ["x", "z", "y"]
    assert [task["title"] for task in get(api, page["previous"])["results"]] == ["z"]
    assert titles(api, f"{query}&ordering=created_at") == ["y", "z", "x"]


@pytest.mark.parametrize(("query", "other"), [("tag=a", ""), ("", "tag=a"), ("tag=a", "tag=a&completed=false")])
def test_a_cursor_of_a_tags_tasks_is_for_them_alone(api, alice, query, other):
    for title in "xy":
        Task.objects.create(owner=alice, title=title, tags=["a"])
    cursor = get(api, f"/tasks/?{query}&limit=1")["next"].partition("cursor=")[2].partition("&")[0]

    response = api.get(f"/tasks/?{other}&limit=1&cursor={cursor}")

    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [("cursor", "invalid")]


def test_a_tag_that_comes_later_does_not_change_the_order(api, alice, task):
    Task.objects.create(owner=alice, title="newer", tags=["a"])

    api.patch(f"/tasks/{task.pk}/", {"tags": ["a"]})

    assert titles(api, "tag=a") == ["newer", task.title]


@pytest.mark.parametrize("path", ["/projects/", "/projects/trash/", "/tasks/trash/"])
def test_other_lists_have_pages_too(api, alice, path):
    model = Project if "projects" in path else Task
    for name in ("a", "B", "c"):
        thing = model.objects.create(owner=alice, **{"name" if model is Project else "title": name})
        if "trash" in path:
            thing.delete()

    first = get(api, f"{path}?limit=2&ordering=-created_at")
    second = get(api, first["next"])

    assert [len(page["results"]) for page in (first, second)] == [2, 1]
    assert get(api, second["previous"])["results"] == first["results"]


# The property: any order, any writes of others between the pages, any way through them

DAYS = st.sampled_from([None, None, date.min, date.max, date(2027, 1, 1), date(2027, 1, 2)])
MOMENTS = st.sampled_from([datetime(2027, 1, 1, tzinfo=UTC) + timedelta(microseconds=step) for step in (0, 1, 10**6)])
ROWS = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["a", "A", "b", "ß", "SS", "я", "Я", "%"]),
        "priority": st.integers(0, 4),
        "due_date": DAYS,
        "due_time": st.sampled_from([None, time(0), time(9), time(17)]),
        "completed_at": st.one_of(st.none(), MOMENTS),
        "created_at": MOMENTS,
        "updated_at": MOMENTS,
        "position": st.sampled_from([-1.5, 0.1, 0.1 + 0.2, 0.3, 1e-300, 7.0]),
    }
)
WRITES = st.lists(st.tuples(st.sampled_from(["make", "change", "move", "trash"]), st.integers(0, 99), ROWS), max_size=2)
STEPS = st.lists(st.tuples(st.sampled_from(["next", "next", "previous"]), WRITES), max_size=8)
HISTORIES = size(60, 3)  # for each ordering


def fill(owner, rows: list[dict]) -> list[Task]:
    QuerySet(Task).all().delete()
    names = ["title", "priority", "due_date", "due_time", "completed_at"]
    tasks = [Task(owner=owner, **{name: row[name] for name in names}) for row in map(possible, rows)]
    Task.objects.bulk_create(tasks)
    for task, row in zip(tasks, rows, strict=True):
        task.created_at, task.updated_at, task.position = row["created_at"], row["updated_at"], row["position"]
    QuerySet(Task).bulk_update(tasks, ["created_at", "updated_at", "position"])
    for task in tasks:
        task.snapshot()
    return tasks


def possible(row: dict) -> dict:
    """A time needs a date."""
    return row if row["due_date"] else {**row, "due_time": None}


def scribble(owner, loose: list[Task], writes: list) -> None:
    """What others do meanwhile; the rows that are not `loose` are left alone."""
    for kind, index, row in writes:
        if kind == "make" or not loose:
            task = Task.objects.create(owner=owner, title=row["title"], due_date=row["due_date"])
            loose.append(task)
        task = loose[index % len(loose)]
        if kind == "trash":
            loose.remove(task)
            force([task], deleted_at=row["created_at"])
        elif kind == "move":
            force([task], **{name: row[name] for name in ("created_at", "updated_at", "position")})
        elif kind == "change":
            for name in ("title", "priority", "due_date", "due_time", "completed_at"):
                setattr(task, name, possible(row)[name])
            task.save()


def read(owner, link: str) -> dict:
    """The page, straight from the view: a whole request for each would be too slow here."""
    request = APIRequestFactory().get(link)
    force_authenticate(request, owner)
    page = TaskViewSet.as_view({"get": "list"}, basename="task")(request).data
    assert "results" in page, page
    return page


@pytest.mark.parametrize("ordering", SIGNED)
@settings(
    max_examples=HISTORIES, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kept_rows=st.lists(ROWS, max_size=7),
    loose_rows=st.lists(ROWS, max_size=5),
    limit=st.integers(1, 4),
    steps=STEPS,
)
def test_untouched_rows_are_neither_skipped_nor_repeated(alice, ordering, kept_rows, loose_rows, limit, steps):
    tasks = fill(alice, kept_rows + loose_rows)
    loose = tasks[len(kept_rows) :]
    ids = {task.pk for task in tasks[: len(kept_rows)]}
    page = read(alice, f"/tasks/?ordering={ordering}&limit={limit}")
    everything = read(alice, f"/tasks/?ordering={ordering}&limit=200")["results"]
    kept = [task["id"] for task in everything if task["id"] in ids]
    # The pages are a window over the kept rows: which of them the page shows is known from the way to it.
    start = 0
    end = check(page, kept, start)

    for direction, writes in [*steps, *[("next", [])] * 25, *[("previous", [])] * 25]:
        scribble(alice, loose, writes)
        if page[direction] is None:
            assert (end == len(kept)) if direction == "next" else (start == 0)
            continue
        page = read(alice, page[direction])
        shown = sum(task["id"] in ids for task in page["results"])
        start, end = (end, end + shown) if direction == "next" else (start - shown, start)
        assert check(page, kept, start) == end
        assert len(page["results"]) <= limit
    assert page["previous"] is None or not page["results"] or start == 0


def check(page: dict, kept: list, start: int) -> int:
    """The kept rows on the page are those from `start` on. Returns where they end."""
    shown = [task["id"] for task in page["results"] if task["id"] in kept]
    assert start >= 0
    assert shown == kept[start : start + len(shown)]
    return start + len(shown)

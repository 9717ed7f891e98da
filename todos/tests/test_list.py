import pytest

from todos.models import Task


def titles(response) -> list[str]:
    assert response.status_code == 200
    return [task["title"] for task in response.json()["results"]]


def make(owner, *titles: str, **fields) -> list[Task]:
    return [Task.objects.create(owner=owner, title=title, **fields) for title in titles]


def follow(api, path: str, link: str = "next") -> list[list[str]]:
    """The titles on each page, from `path` on."""
    pages = []
    while path:
        response = api.get(path)
        pages.append(titles(response))
        path = (response.json()[link] or "").removeprefix("http://testserver/api/v1")
    return pages


def test_the_newest_comes_first(api, alice):
    make(alice, "old", "new")

    assert titles(api.get("/tasks/")) == ["new", "old"]


def test_there_is_nothing_of_others(api, bobs_task):
    assert api.get("/tasks/").json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize(("value", "found"), [("true", ["done"]), ("false", ["open"])])
def test_completed_filters(api, alice, value, found):
    make(alice, "open")
    make(alice, "done", completed=True)

    assert titles(api.get(f"/tasks/?completed={value}")) == found


@pytest.mark.parametrize("q", ["milk", "MILK", "oat m", "carton", "100%"])
def test_q_looks_into_title_and_description(api, alice, q):
    make(alice, "Oat Milk", description="one carton, 100% oats")
    make(alice, "Bread")

    assert titles(api.get("/tasks/", {"q": q})) == ["Oat Milk"]


@pytest.mark.parametrize("q", ["%", "_", "\\"])
def test_q_takes_each_character_as_it_is(api, alice, q):
    make(alice, "Bread")

    assert titles(api.get("/tasks/", {"q": q})) == []


@pytest.mark.parametrize(
    ("ordering", "found"),
    [
        ("created_at", ["b", "A", "c"]),
        ("-created_at", ["c", "A", "b"]),
        ("updated_at", ["A", "c", "b"]),
        ("-updated_at", ["b", "c", "A"]),
        ("title", ["A", "b", "c"]),
        ("-title", ["c", "b", "A"]),
    ],
)
def test_ordering(api, alice, ordering, found):
    first, *_ = make(alice, "b", "A", "c")
    first.description = "changed"
    first.save()

    assert titles(api.get(f"/tasks/?ordering={ordering}")) == found


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("completed=yes", "completed", "invalid"),
        ("completed=1", "completed", "invalid"),
        ("completed=", "completed", "invalid"),
        ("q=", "q", "blank"),
        pytest.param("q=" + "x" * 201, "q", "max_length", id="long q"),
        ("q=a%00b", "q", "null_characters_not_allowed"),
        ("ordering=owner", "ordering", "invalid_choice"),
        ("ordering=--title", "ordering", "invalid_choice"),
        ("limit=0", "limit", "min_value"),
        ("limit=201", "limit", "max_value"),
        ("limit=1_0", "limit", "invalid"),
        ("limit=%D9%A1", "limit", "invalid"),
        pytest.param("limit=" + "9" * 5000, "limit", "invalid", id="5000 digits"),
        ("limit=5&limit=6", "limit", "repeated"),
        ("offset=5", "offset", "unknown"),
        ("complete=true", "complete", "unknown"),
        ("owner__email=x", "owner__email", "unknown"),
    ],
)
def test_bad_parameters_are_refused_by_name(api, task, query, field, code):
    response = api.get(f"/tasks/?{query}")

    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [(field, code)]


def test_an_error_names_the_choices(api):
    response = api.get("/tasks/?due=tomorrow")

    message = '"tomorrow" is not a valid choice. Use one of: overdue, today, upcoming, none.'
    assert response.json()["detail"] == f"due: {message}"


def test_a_task_takes_no_list_parameters(api, task):
    response = api.get(f"/tasks/{task.id}/?limit=5")

    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "unknown"


@pytest.mark.parametrize("ordering", ["created_at", "-created_at", "updated_at", "-updated_at", "title", "-title"])
def test_pages_hold_every_row_once_in_order(api, alice, ordering):
    Task.objects.bulk_create(Task(owner=alice, title=title) for title in "ababcacabb")
    whole = titles(api.get(f"/tasks/?ordering={ordering}"))

    pages = follow(api, f"/tasks/?ordering={ordering}&limit=3")

    assert [title for page in pages for title in page] == whole
    assert [len(page) for page in pages] == [3, 3, 3, 1]


def test_previous_leads_back_over_the_same_pages(api, alice):
    make(alice, *"abcdefg")
    last = "/tasks/?ordering=title&limit=3"
    while link := api.get(last).json()["next"]:
        last = link.removeprefix("http://testserver/api/v1")

    pages = follow(api, last, "previous")

    assert pages == [["g"], ["d", "e", "f"], ["a", "b", "c"]]


def test_pages_skip_and_repeat_nothing_while_others_write(api, alice):
    make(alice, *"bdfh")
    first = api.get("/tasks/?ordering=title&limit=2")
    Task.objects.get(title="b").delete()
    make(alice, "a", "c", "g")

    rest = follow(api, first.json()["next"].removeprefix("http://testserver/api/v1"))

    assert rest == [["f", "g"], ["h"]]


def test_the_filters_stay_on_the_next_page(api, alice):
    make(alice, *"ab", completed=True)
    make(alice, *"cd")

    assert follow(api, "/tasks/?completed=true&limit=1&ordering=title") == [["a"], ["b"]]


def cursor_of(client, query: str) -> str:
    return client.get(f"/tasks/?{query}").json()["next"].split("cursor=")[1].split("&")[0]


def test_a_damaged_cursor_is_refused(api, alice):
    make(alice, *"abc")
    cursor = cursor_of(api, "limit=1")

    for damaged in ("x", cursor[:-1], cursor + "A", "A" + cursor[1:], "%00", "x" * 2001):
        response = api.get(f"/tasks/?cursor={damaged}")
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "cursor")


def test_a_cursor_is_good_for_one_owner_and_one_ordering(api, bobs_api, alice, bob):
    make(alice, *"abc")
    make(bob, *"abc")
    cursor = cursor_of(bobs_api, "limit=1&ordering=title")

    for query in (f"cursor={cursor}", f"cursor={cursor}&ordering=title"):
        assert bobs_api.get(f"/tasks/?{query}").status_code == 200
        assert api.get(f"/tasks/?{query}").status_code == 400
    assert bobs_api.get(f"/tasks/?cursor={cursor}&ordering=-title").status_code == 400


def test_a_full_last_page_has_no_next(api, alice):
    make(alice, *"ab")

    assert api.get("/tasks/?limit=2").json()["next"] is None

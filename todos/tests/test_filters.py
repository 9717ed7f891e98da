"""Which tasks a list holds: each filter, together and alone. `q` has a file of its own, test_search.py."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db.models import QuerySet
from django.http import QueryDict

from api.ids import uuid7
from todos.filters import TaskFilters
from todos.models import Project, Task


def found(api, query: str) -> list[str]:
    response = api.get(f"/tasks/?{query}&ordering=title")
    assert response.status_code == 200, response.content
    return [task["title"] for task in response.json()["results"]]


def make(owner, title: str, **fields) -> Task:
    return Task.objects.create(owner=owner, title=title, **fields)


@pytest.fixture
def five(alice) -> None:
    """A task of each priority, due on the first five days of 2027; the urgent one is completed, `none` is not due."""
    for priority in range(5):
        make(
            alice,
            f"p{priority}",
            priority=priority,
            due_date=f"2027-01-0{priority + 1}" if priority else None,
            completed=priority == 4,
        )


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("completed=true", "p4"),
        ("completed=false", "p0 p1 p2 p3"),
        ("priority=0", "p0"),
        ("priority=1&priority=3", "p1 p3"),
        ("priority=3&priority=3", "p3"),
        ("priority=0&priority=1&priority=2&priority=3&priority=4", "p0 p1 p2 p3 p4"),
        ("priority_min=0", "p0 p1 p2 p3 p4"),
        ("priority_min=3", "p3 p4"),
        ("priority_min=3&priority=1", ""),
        ("due_before=2027-01-03", "p1 p2"),
        ("due_before=2027-01-01", ""),
        ("due_after=2027-01-03", "p2 p3 p4"),
        ("due_after=2027-01-03&due_before=2027-01-03", "p2"),
        ("due_after=2027-01-04&due_before=2027-01-03", ""),
        ("due_after=0001-01-01", "p1 p2 p3 p4"),
        ("due_before=9999-12-31", "p1 p2 p3 p4"),
        ("due=none", "p0"),
        ("due=none&due_before=2027-01-03", ""),
        ("completed=false&priority_min=2&due_before=2027-01-31", "p2 p3"),
    ],
)
def test_filters(api, five, query, titles):
    assert found(api, query) == titles.split()


def test_the_ends_of_the_calendar_are_dates_like_others(api, alice):
    make(alice, "first", due_date="0001-01-01")
    make(alice, "last", due_date="9999-12-31")
    make(alice, "never")

    assert found(api, "due_before=0001-01-01") == ["first"]
    assert found(api, "due_after=9999-12-31") == ["last"]
    assert found(api, "due=overdue") == ["first"]
    assert found(api, "due=upcoming") == ["last"]


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("completed=None", "completed", "invalid"),
        ("completed=true&completed=false", "completed", "repeated"),
        ("priority=", "priority.0", "invalid"),
        ("priority=5", "priority.0", "max_value"),
        ("priority=1&priority=-1", "priority.1", "min_value"),
        ("priority=1,2", "priority.0", "invalid"),
        ("priority=high", "priority.0", "invalid"),
        ("priority_min=5", "priority_min", "max_value"),
        ("priority_min=1&priority_min=2", "priority_min", "repeated"),
        ("due_before=2027-02-30", "due_before", "invalid"),
        ("due_before=20270101", "due_before", "invalid"),
        ("due_after=0000-01-01", "due_after", "invalid"),
        ("due_after=", "due_after", "invalid"),
        ("due_after=2027-01-01T00:00:00Z", "due_after", "invalid"),
        ("due=tomorrow", "due", "invalid_choice"),
        ("due=", "due", "invalid_choice"),
        ("due=today&due=overdue", "due", "repeated"),
        ("project=", "project", "invalid"),
        ("project=None", "project", "invalid"),
        ("project=null", "project", "invalid"),
        ("project=home", "project", "invalid"),
        ("project=none&project=none", "project", "repeated"),
        ("parent=", "parent", "invalid"),
        ("parent=none%00", "parent", "invalid"),
        ("tag=", "tag.0", "blank"),
        ("tag=a&tag=%20", "tag.1", "blank"),
        ("tag=a%00", "tag.0", "null_characters_not_allowed"),
        *(
            (f"{name}={value}", f"{name}.0", code)
            for name in ("tag_any", "tag_none")
            for value, code in (("", "blank"), ("%E2%80%8B", "blank"), ("a%00", "null_characters_not_allowed"))
        ),
        *(
            pytest.param(f"{name}=" + "x" * 51, f"{name}.0", "max_length", id=f"a long {name}")
            for name in ("tag_any", "tag_none")
        ),
        *(
            pytest.param("&".join([f"{name}=a"] * 21), name, "max_length", id=f"21 of {name}")
            for name in ("tag_any", "tag_none")
        ),
        ("untagged=", "untagged", "invalid"),
        ("untagged=1", "untagged", "invalid"),
        ("untagged=true&untagged=true", "untagged", "repeated"),
        *(
            (f"{name}={value}", name, "invalid")
            for name in ("completed_after", "completed_before")
            for value in ("", "2027-02-30", "0000-01-01", "2027-01-01T00:00:00Z", "today")
        ),
        ("completed_after=2027-01-01&completed_after=2027-01-01", "completed_after", "repeated"),
        ("completed_before=2027-01-01&completed_before=2027-01-01", "completed_before", "repeated"),
        ("ordering=due_time", "ordering", "invalid_choice"),
        ("ordering=--due_date", "ordering", "invalid_choice"),
        pytest.param("tag=" + "x" * 51, "tag.0", "max_length", id="a long tag"),
        pytest.param("&".join(["tag=a"] * 21), "tag", "max_length", id="21 tags"),
        pytest.param("&".join(["tag=a"] * 900), "tag", "max_length", id="900 tags"),
        pytest.param("&".join(["priority=1"] * 6), "priority", "max_length", id="6 priorities"),
    ],
)
def test_bad_values_are_refused_by_name(api, task, query, field, code):
    response = api.get(f"/tasks/?{query}")

    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [(field, code)]


# Due, seen from the owner's clock


def due_from(api, instant: str, zone: str, when: str) -> list[str]:
    type(api.user).objects.filter(pk=api.user.pk).update(timezone=zone)
    with time_machine.travel(datetime.fromisoformat(instant), tick=False):
        return found(api, f"due={when}")


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        ("Pacific/Pago_Pago", "2027-03-14"),  # UTC-11
        ("America/Los_Angeles", "2027-03-14"),
        ("UTC", "2027-03-15"),
        ("Asia/Kathmandu", "2027-03-15"),  # UTC+5:45
        ("Asia/Tokyo", "2027-03-15"),
        ("Pacific/Kiritimati", "2027-03-15"),  # UTC+14
    ],
)
@pytest.mark.parametrize("instant", ["2027-03-15T00:30:00+00:00", "2027-03-15T09:59:59.999999+00:00"])
def test_today_is_the_owners_today(api, alice, zone, today, instant):
    if zone == "America/Los_Angeles" and "T09" in instant:
        today = "2027-03-15"
    for day in ("2027-03-13", "2027-03-14", "2027-03-15", "2027-03-16"):
        make(alice, day, due_date=day)
    make(alice, "not due")

    days = {when: due_from(api, instant, zone, when) for when in ("overdue", "today", "upcoming", "none")}

    all_days = ["2027-03-13", "2027-03-14", "2027-03-15", "2027-03-16"]
    assert days == {
        "overdue": [day for day in all_days if day < today],
        "today": [today],
        "upcoming": [day for day in all_days if day > today],
        "none": ["not due"],
    }


def test_the_most_eastern_owner_is_a_day_ahead_of_the_most_western_one(api, alice):
    make(alice, "x", due_date="2027-03-15")

    at_ten = "2027-03-15T10:00:00+00:00"
    assert due_from(api, at_ten, "Pacific/Kiritimati", "overdue") == ["x"]
    assert due_from(api, at_ten, "Pacific/Pago_Pago", "upcoming") == ["x"]
    assert due_from(api, "2027-03-15T10:59:59+00:00", "Pacific/Pago_Pago", "today") == []
    assert due_from(api, "2027-03-15T11:00:00+00:00", "Pacific/Pago_Pago", "today") == ["x"]


@pytest.mark.parametrize(
    ("clock", "overdue"),
    [
        ("08:59:59.999999", []),
        ("09:00:00", []),  # due at nine, it is in time at nine
        ("09:00:00.000001", ["at nine"]),
        ("23:59:59", ["at nine", "at ten to midnight"]),
    ],
)
@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Europe/Zurich", "Pacific/Kiritimati"])
def test_overdue_looks_at_the_time(api, alice, zone, clock, overdue):
    make(alice, "at nine", due_date="2027-03-15", due_time="09:00")
    make(alice, "at ten to midnight", due_date="2027-03-15", due_time="23:50")
    make(alice, "any time", due_date="2027-03-15")
    make(alice, "tomorrow at one", due_date="2027-03-16", due_time="01:00")
    instant = datetime.fromisoformat(f"2027-03-15T{clock}").replace(tzinfo=ZoneInfo(zone))

    assert due_from(api, instant.isoformat(), zone, "overdue") == overdue


def test_what_is_done_is_not_overdue_but_stays_due(api, alice):
    make(alice, "late", due_date="2027-03-14", completed=True)
    make(alice, "now", due_date="2027-03-15", completed=True)
    make(alice, "later", due_date="2027-03-16", completed=True)

    noon = "2027-03-15T12:00:00+00:00"
    assert [due_from(api, noon, "UTC", when) for when in ("overdue", "today", "upcoming")] == [[], ["now"], ["later"]]


def test_a_due_date_never_shifts_with_the_time_zone(api, alice):
    task = make(alice, "x", due_date="2027-03-15", due_time="23:30")

    for zone in ("Pacific/Pago_Pago", "Pacific/Kiritimati"):
        api.patch("/me/", {"timezone": zone})
        response = api.get(f"/tasks/{task.pk}/").json()
        assert (response["due_date"], response["due_time"]) == ("2027-03-15", "23:30:00")


# Project, parent, tags


@pytest.fixture
def home(alice) -> Project:
    home = Project.objects.create(owner=alice, name="Home")
    parent = make(alice, "parent", project=home)
    child = make(alice, "child", parent=parent)
    make(alice, "grandchild", parent=child)
    make(alice, "inbox")
    return home


def test_project_finds_its_tasks_at_every_level(api, home):
    assert found(api, f"project={home.pk}") == ["child", "grandchild", "parent"]
    assert found(api, f"project={home.pk.hex.upper()}") == ["child", "grandchild", "parent"]
    assert found(api, "project=none") == ["inbox"]


def test_parent_finds_what_is_right_under_it(api, home):
    assert found(api, f"parent={Task.objects.get(title='parent').pk}") == ["child"]
    assert found(api, f"parent={Task.objects.get(title='grandchild').pk}") == []
    assert found(api, "parent=none") == ["inbox", "parent"]
    assert found(api, f"project={home.pk}&parent=none") == ["parent"]


@pytest.mark.parametrize("name", ["project", "parent"])
def test_a_foreign_id_and_a_missing_one_give_the_same_empty_page(api, home, bob, name):
    bobs = Project.objects.create(owner=bob, name="x") if name == "project" else make(bob, "x")
    make(bob, "y", **{name: bobs})

    pages = [api.get(f"/tasks/?{name}={pk}") for pk in (bobs.pk, uuid7())]

    assert [(page.status_code, page.json()) for page in pages] == [
        (200, {"next": None, "previous": None, "results": []})
    ] * 2


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("tag=home", ["both", "one"]),
        ("tag=HOME&tag=garden", ["both"]),
        ("tag=home&tag=Home", ["both", "one"]),
        ("tag=stra%C3%9Fe", ["street"]),
        ("tag=STRASSE", ["street"]),
        ("tag=hom", []),
        ("tag=%25", []),
        ("tag=nothing", []),
    ],
)
def test_tag_finds_what_bears_all_of_them(api, alice, bob, query, titles):
    make(alice, "both", tags=["Home", "Garden"])
    make(alice, "one", tags=["Home"])
    make(alice, "street", tags=["Straße"])
    make(alice, "none")
    make(bob, "bob's", tags=["Home", "Garden"])

    assert found(api, query) == titles


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("tag_any=home", ["both", "one"]),
        ("tag_any=HOME&tag_any=garden", ["both", "one", "other"]),
        ("tag_any=garden&tag_any=nothing", ["both", "other"]),
        ("tag_any=nothing", []),
        ("tag_any=hom", []),
        ("tag_none=home", ["none", "other"]),
        ("tag_none=Home&tag_none=GARDEN", ["none"]),
        ("tag_none=nothing", ["both", "none", "one", "other"]),
        ("untagged=true", ["none"]),
        ("untagged=false", ["both", "one", "other"]),
        ("tag=home&tag_none=garden", ["one"]),
        ("tag=garden&tag_any=home", ["both"]),
        ("tag=garden&tag_any=home&tag_any=garden&tag_none=nothing", ["both", "other"]),
        ("tag_any=home&tag_none=home", []),
        ("untagged=true&tag=home", []),
    ],
)
def test_any_and_none_of_some_tags_and_no_tags_at_all(api, alice, bob, query, titles):
    make(alice, "both", tags=["Home", "Garden"])
    make(alice, "one", tags=["Home"])
    make(alice, "other", tags=["Garden"])
    make(alice, "none")
    make(bob, "bob's", tags=["Home", "Garden"])
    make(bob, "bob's other")

    assert found(api, query) == titles


def test_untagged_follows_every_change_of_the_tags(api, alice):
    task = make(alice, "x", tags=["a"])
    url = f"/tasks/{task.pk}/"

    assert found(api, "untagged=true") == []
    api.patch(url, {"tags": []})
    assert found(api, "untagged=true") == ["x"]
    api.patch(url, {"tags": ["b"]})
    assert found(api, "untagged=true") == []
    api.put(url, {"title": "x"})
    assert found(api, "untagged=true") == ["x"]
    task.refresh_from_db()
    task.tags = ["c"]
    task.save(update_fields=["updated_at"])
    assert found(api, "untagged=false") == ["x"]


def test_tags_of_all_three_filters_are_looked_up_at_once(api, alice, django_assert_num_queries):
    make(alice, "x", tags=["a", "b"])
    found(api, "")  # the first use of a token is noted

    with django_assert_num_queries(3):  # the token, the tags, the rows
        assert found(api, "tag=a&tag_any=b&tag_any=c&tag_none=d") == ["x"]


# Completed, by the owner's calendar


def completed_at(owner, title: str, instant: str) -> None:
    QuerySet(Task).filter(pk=make(owner, title).pk).update(completed_at=datetime.fromisoformat(instant))


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("UTC", "2027-03-15T00:00:00Z", "2027-03-15T23:59:59.999999Z"),
        ("Europe/Zurich", "2027-03-14T23:00:00Z", "2027-03-15T22:59:59.999999Z"),
        ("Pacific/Kiritimati", "2027-03-14T10:00:00Z", "2027-03-15T09:59:59.999999Z"),
        ("Pacific/Pago_Pago", "2027-03-15T11:00:00Z", "2027-03-16T10:59:59.999999Z"),
    ],
)
def test_days_of_completion_are_the_owners_and_inclusive(api, alice, zone, first, last):
    type(alice).objects.filter(pk=alice.pk).update(timezone=zone)
    moment = timedelta(microseconds=1)
    completed_at(alice, "first", first)
    completed_at(alice, "last", last)
    completed_at(alice, "before", str(datetime.fromisoformat(first) - moment))
    completed_at(alice, "next day", str(datetime.fromisoformat(last) + moment))
    make(alice, "open")

    assert found(api, "completed_after=2027-03-15&completed_before=2027-03-15") == ["first", "last"]
    assert found(api, "completed_after=2027-03-15") == ["first", "last", "next day"]
    assert found(api, "completed_before=2027-03-15") == ["before", "first", "last"]
    assert found(api, "completed_before=2027-03-15&completed=false") == []


def test_a_day_on_which_the_clock_goes_back_at_midnight_has_all_its_hours(api, alice):
    type(alice).objects.filter(pk=alice.pk).update(timezone="America/Havana")  # from 01:00 to 00:00
    for hour in ("03:59", "04:00", "05:00"):  # the last one is the second time that it is midnight
        completed_at(alice, hour, f"2027-11-07T{hour}:00Z")
    completed_at(alice, "late", "2027-11-08T04:59:59Z")

    assert found(api, "completed_after=2027-11-07&completed_before=2027-11-07") == ["04:00", "05:00", "late"]


def test_a_day_whose_last_hour_comes_twice_has_it_twice(api, alice):
    type(alice).objects.filter(pk=alice.pk).update(timezone="Africa/Cairo")  # from 24:00 to 23:00
    for hour in ("20:30", "21:30", "22:30"):  # 23:30, again 23:30, and 00:30 of the next day
        completed_at(alice, hour, f"2026-10-29T{hour}:00Z")

    assert found(api, "completed_before=2026-10-29") == ["20:30", "21:30"]
    assert found(api, "completed_after=2026-10-30") == ["22:30"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_ends_of_the_calendar_are_days_of_completion_too(api, alice, zone):
    type(alice).objects.filter(pk=alice.pk).update(timezone=zone)
    completed_at(alice, "done", "2027-03-15T12:00:00Z")
    make(alice, "open")

    assert found(api, "completed_after=0001-01-01&completed_before=9999-12-31") == ["done"]
    assert found(api, "completed_before=0001-01-01") == found(api, "completed_after=9999-12-31") == []


def test_20_tags_can_be_asked_for_at_once(api, alice):
    names = [f"t{number}" for number in range(20)]
    make(alice, "all", tags=names)
    make(alice, "but one", tags=names[1:])

    assert found(api, "&".join(f"tag={name}" for name in names)) == ["all"]


QUERIES = [
    *["tag=a", "tag=a&tag=b", "tag_any=a&tag_any=b", "tag_any=nothing", "tag_none=a", "tag_none=nothing"],
    *["untagged=true", "untagged=false", "completed_after=2027-03-15", "completed_before=2027-03-15"],
    *["q=milk", "q=milk+buy", "q=%25"],
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_compiled_filter_finds_the_same_as_an_uncompiled_one(api, bobs_api, alice, bob, query):
    for owner in (alice, bob):
        completed_at(owner, "Buy milk", f"2027-03-{'15' if owner is alice else '16'}T12:00:00Z")
        make(owner, "Buy 5% milk", tags=["a"])
        make(owner, "a and b", tags=["a", "b"])
        completed_at(owner, "late", "2027-03-15T23:30:00Z")  # for Alice, in Zurich, it is the next day
    Task.objects.get(owner=bob, title="Buy 5% milk").delete()

    for client in (api, bobs_api, api):
        values = TaskFilters.read(QueryDict(query))
        rows = TaskFilters.apply(Task.objects.present().owned_by(client.user), values, client.user)
        assert found(client, query) == list(rows.order_by("title_folded").values_list("title", flat=True))


def test_filters_work_on_the_trash_too(api, alice):
    make(alice, "kept", priority=4, tags=["home"])
    make(alice, "gone", priority=4, tags=["home"]).delete()
    make(alice, "gone, not urgent").delete()

    response = api.get("/tasks/trash/?priority=4&tag=HOME&due=none&project=none&q=GONE")

    assert [task["title"] for task in response.json()["results"]] == ["gone"]


def test_every_filter_at_once(api, home):
    parent = Task.objects.get(title="parent")
    yesterday = api.user.today() - timedelta(days=1)
    make(api.user, "wanted", description="needle", parent=parent, priority=3, due_date=yesterday, tags=["a", "b"])

    query = f"completed=false&priority=3&priority=2&priority_min=1&due_before={yesterday}&due_after={yesterday}"
    query += f"&due=overdue&project={home.pk}&parent={parent.pk}&tag=a&tag=b&tag_any=a&tag_none=c&untagged=false"
    query += "&q=NEEDLE+wanted&limit=1"

    assert found(api, query) == ["wanted"]

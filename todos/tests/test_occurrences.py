"""The next occurrence of a recurring task: made when one is completed, taken back when it is reopened."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from testing.client import Client
from testing.races import in_parallel
from todos.models import Project, Task
from users.models import User


@pytest.fixture(autouse=True)
def _today(time_machine):
    time_machine.move_to("2027-01-20T12:00:00Z", tick=False)


@pytest.fixture
def rent(alice) -> Task:
    return Task.objects.create(owner=alice, title="Pay rent", due_date="2027-01-31", recurrence="FREQ=MONTHLY")


def complete(api: Client, task: Task | dict) -> dict:
    """Complete it, and return the next occurrence."""
    pk = task["id"] if isinstance(task, dict) else task.pk
    done = api.post(f"/tasks/{pk}/complete/").json()
    assert done["completed"] is True
    return api.get(f"/tasks/{done['next_occurrence']}/").json() if done["next_occurrence"] else {}


def test_the_next_occurrence_has_the_same_content(api, alice):
    home = Project.objects.create(owner=alice, name="Home")
    parent = Task.objects.create(owner=alice, title="House", project=home)
    body = {
        "title": "Pay rent",
        "description": "IBAN",
        "priority": 3,
        "tags": ["money", "Home"],
        "parent": str(parent.pk),
    }
    when = {"due_date": "2027-01-31", "due_time": "09:30", "recurrence": "FREQ=MONTHLY"}
    task = api.post("/tasks/", {**body, **when}).json()

    following = complete(api, task)

    new = {"id", "created_at", "updated_at", "revision", "due_date", "occurrence_date"}
    assert following["due_date"] == following["occurrence_date"] == "2027-02-28"
    assert {name: value for name, value in following.items() if name not in new} == {
        name: value for name, value in task.items() if name not in new
    }
    assert following["id"] != task["id"]
    assert following["revision"] == Task.objects.get(pk=task["id"]).revision  # one write


def test_the_end_of_the_month_stays_the_end_of_the_month(api, rent):
    days, task = [], rent
    for _ in range(4):
        task = complete(api, task)
        days.append(task["due_date"])

    assert days == ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]


@pytest.mark.parametrize("many", [False, True])
def test_one_that_is_created_as_completed_makes_one(api, many):
    body = {"title": "Pay rent", "due_date": "2027-01-31", "recurrence": "FREQ=MONTHLY", "completed": True}

    response = api.post("/tasks/", [body, {"title": "Other"}] if many else body).json()

    done = response[0] if many else response
    following = api.get(f"/tasks/{done['next_occurrence']}/").json()
    assert (done["completed"], following["completed"], following["due_date"]) == (True, False, "2027-02-28")
    assert following["series"] == done["series"]
    assert following["revision"] == done["revision"]


def test_completing_again_makes_no_second_one(api, rent):
    first = complete(api, rent)

    again = complete(api, rent)

    assert again == first
    assert Task.objects.count() == 2


@pytest.mark.parametrize("way", ["patch", "bulk", "model", "admin"])
def test_every_way_of_completing_makes_one(api, client, operator, rent, way):
    for _ in range(2):
        if way == "patch":
            api.patch(f"/tasks/{rent.pk}/", {"completed": True})
        elif way == "bulk":
            api.post("/tasks/bulk/", {"action": "complete", "ids": [str(rent.pk)]})
        elif way == "model":
            Task.objects.get(pk=rent.pk).complete()
        else:
            client.force_login(operator)
            client.post("/admin/todos/task/", {"action": "complete", "_selected_action": [rent.pk]})

    assert [task.title for task in Task.objects.open()] == ["Pay rent"]
    assert Task.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_is_made_however_many_complete_at_once(alice, rent):
    clients = [Client(alice) for _ in range(6)]
    ways = [
        lambda client: client.post(f"/tasks/{rent.pk}/complete/"),
        lambda client: client.patch(f"/tasks/{rent.pk}/", {"completed": True}),
        lambda client: client.post("/tasks/bulk/", {"action": "complete", "ids": [str(rent.pk)]}),
    ]

    responses = in_parallel(6, lambda number: ways[number % 3](clients[number]).status_code)

    assert responses == [200] * 6
    assert Task.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_is_made_by_two_operators_at_once(alice, rent):
    in_parallel(4, lambda number: Task.objects.filter(pk=rent.pk).open().complete())

    assert Task.objects.count() == 2


@pytest.mark.parametrize(
    ("timezone", "due", "expected"),
    [
        ("Pacific/Kiritimati", "2027-01-10", "2027-01-21"),  # there it is tomorrow already
        ("Europe/Zurich", "2027-01-10", "2027-01-20"),
        ("Pacific/Kiritimati", "2027-01-21", "2027-01-22"),
        ("Europe/Zurich", "2027-02-01", "2027-02-02"),  # done early: still the day after
    ],
)
def test_it_is_not_due_before_today_where_the_owner_is(api, alice, timezone, due, expected):
    User.objects.filter(pk=alice.pk).update(timezone=timezone)
    task = Task.objects.create(owner=alice, title="Water", due_date=due, recurrence="FREQ=DAILY")

    assert complete(api, task)["due_date"] == expected


@pytest.mark.parametrize("recurrence", ["FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=20270203"])
def test_the_last_occurrence_makes_none(api, alice, recurrence):
    task = Task.objects.create(owner=alice, title="x", due_date="2027-02-01", recurrence=recurrence)
    days, following = [], complete(api, task)
    while following:
        days.append(following["due_date"])
        following = complete(api, following)

    assert days == ["2027-02-02", "2027-02-03"]


def test_the_occurrences_are_of_one_series(api, rent):
    second = complete(api, rent)
    third = complete(api, second)

    assert second["series"] == third["series"] == str(rent.series)


def test_the_time_on_the_wall_stays_when_the_clocks_change(api, alice, time_machine):
    time_machine.move_to("2027-03-27T12:00:00Z", tick=False)  # the night before they do in Zurich
    when = {"due_date": "2027-03-27", "due_time": "02:30", "recurrence": "FREQ=DAILY"}
    task = Task.objects.create(owner=alice, title="x", **when)

    following = complete(api, task)

    assert (following["due_date"], following["due_time"]) == ("2027-03-28", "02:30:00")


def test_subtasks_are_copied_fresh(api, alice, rent):
    done = Task.objects.create(owner=alice, title="a", parent=rent, due_date="2027-01-30", tags=["x"], priority=2)
    Task.objects.create(owner=alice, title="ab", parent=done)
    Task.objects.create(owner=alice, title="gone", parent=rent).delete()
    weekly = {"due_date": "2027-01-28", "recurrence": "FREQ=WEEKLY;COUNT=2"}
    Task.objects.create(owner=alice, title="b", parent=rent, **weekly)
    api.post(f"/tasks/{done.pk}/complete/")

    following = complete(api, rent)

    first, second = api.get(f"/tasks/?parent={following['id']}&ordering=position").json()["results"]
    [third] = api.get(f"/tasks/?parent={first['id']}").json()["results"]
    assert [(task["title"], task["completed"], task["due_date"], task["tags"]) for task in (first, second, third)] == [
        ("a", False, "2027-02-27", ["x"]),  # two days before, as it was
        ("b", False, "2027-01-28", []),  # it keeps its own rhythm
        ("ab", False, None, []),
    ]
    assert [Task.objects.get(pk=task["id"]).level for task in (following, first, third)] == [1, 2, 3]
    assert complete(api, second)["due_date"] == "2027-02-04"


def test_a_recurring_subtask_that_was_done_goes_on_once(api, alice, rent):
    daily = {"due_date": "2027-01-25", "recurrence": "FREQ=DAILY"}
    water = Task.objects.create(owner=alice, title="Water", parent=rent, **daily)
    complete(api, complete(api, water))

    following = complete(api, rent)

    copies = api.get(f"/tasks/?parent={following['id']}").json()["results"]
    assert [(task["title"], task["due_date"]) for task in copies] == [("Water", "2027-01-27")]


@pytest.mark.parametrize("way", ["patch", "bulk"])
def test_one_that_is_completed_and_moved_at_once_goes_on_in_its_new_project(api, alice, way):
    old, new = (Project.objects.create(owner=alice, name=name) for name in ("Old", "New"))
    daily = {"due_date": "2027-01-25", "recurrence": "FREQ=DAILY"}
    task = Task.objects.create(owner=alice, title="a", project=old, **daily)
    below = Task.objects.create(owner=alice, title="b", parent=task)
    Task.objects.create(owner=alice, title="c", parent=below, **daily)
    values = {"completed": True, "project": str(new.pk)}

    if way == "patch":
        api.patch(f"/tasks/{task.pk}/", values)
    else:
        api.post("/tasks/bulk/", {"action": "update", "ids": [str(task.pk)], "set": values})

    assert not Task.objects.misplaced().exists()
    assert sorted(new.tasks.open().values_list("title", flat=True)) == ["a", "b", "c"]


def test_one_that_is_completed_and_leaves_its_completed_parent_at_once_goes_on(api, alice):
    parent = Task.objects.create(owner=alice, title="parent")
    weekly = {"due_date": "2027-01-25", "recurrence": "FREQ=WEEKLY"}
    child = Task.objects.create(owner=alice, title="child", parent=parent, **weekly)
    Task.objects.create(owner=alice, title="below", parent=child)
    ids = [str(parent.pk), str(child.pk)]

    api.post("/tasks/bulk/", {"action": "update", "ids": ids, "set": {"completed": True, "parent": None}})

    [fresh] = Task.objects.open().filter(title="child")
    assert (str(fresh.due_date), fresh.parent) == ("2027-02-01", None)
    assert [task.parent for task in Task.objects.open().filter(title="below")] == [fresh]


def test_many_subtasks_cost_the_same_queries_as_one(api, alice):
    counts = []
    for many in (1, 20):
        task = Task.objects.create(owner=alice, title="a", due_date="2027-01-25", recurrence="FREQ=DAILY")
        dated = {"due_date": "2027-01-25", "reminders": [{"minutes_before": 5}]}
        Task.objects.bulk_create(Task(owner=alice, title="b", parent=task, **dated) for _ in range(many))
        api.get("/tasks/")  # so that the use of the token is noted already
        with CaptureQueriesContext(connection) as queries:
            complete(api, task)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("way", ["complete", "bulk", "admin", "patch"])
def test_what_is_completed_with_its_parent_ends_there(api, client, operator, alice, way):
    parent = Task.objects.create(owner=alice, title="parent")
    daily = {"due_date": "2027-01-25", "recurrence": "FREQ=DAILY"}
    child = Task.objects.create(owner=alice, title="child", parent=parent, **daily)
    ids = [str(parent.pk), str(child.pk)]

    if way == "complete":
        api.post(f"/tasks/{parent.pk}/complete/")
    elif way == "bulk":
        api.post("/tasks/bulk/", {"action": "complete", "ids": ids})
    elif way == "patch":
        api.patch(f"/tasks/{child.pk}/", {"parent": None})
        api.post(f"/tasks/{parent.pk}/complete/")
        api.patch(f"/tasks/{child.pk}/", {"parent": str(parent.pk), "completed": True})
    else:
        client.force_login(operator)
        client.post("/admin/todos/task/", {"action": "complete", "_selected_action": ids})

    assert [(task.title, task.completed) for task in Task.objects.order_by("title")] == [
        ("child", True),
        ("parent", True),
    ]


def test_a_subtask_goes_on_under_its_open_parent(api, alice):
    parent = Task.objects.create(owner=alice, title="parent")
    daily = {"due_date": "2027-01-25", "recurrence": "FREQ=DAILY"}
    child = Task.objects.create(owner=alice, title="child", parent=parent, **daily)

    assert complete(api, child)["parent"] == str(parent.pk)


def test_reopening_takes_an_untouched_one_back(api, alice, rent):
    Task.objects.create(owner=alice, title="sub", parent=rent)
    following = complete(api, rent)

    response = api.post(f"/tasks/{rent.pk}/reopen/")

    assert (response.json()["completed"], response.json()["next_occurrence"]) == (False, None)
    assert api.get(f"/tasks/{following['id']}/").status_code == 404
    assert sorted(Task.objects.present().values_list("title", flat=True)) == ["Pay rent", "sub"]
    assert complete(api, rent)["due_date"] == "2027-02-28"


def touch_title(api, following, subtask):
    api.patch(f"/tasks/{following}/", {"title": "touched"})


def touch_subtask(api, following, subtask):
    api.patch(f"/tasks/{subtask}/", {"title": "touched"})


def add_subtask(api, following, subtask):
    api.post("/tasks/", {"title": "touched", "parent": following})


def delete_subtask(api, following, subtask):
    api.delete(f"/tasks/{subtask}/")


def complete_it(api, following, subtask):
    api.post(f"/tasks/{following}/complete/")


@pytest.mark.parametrize("touch", [touch_title, touch_subtask, add_subtask, delete_subtask, complete_it])
def test_reopening_leaves_a_touched_one_and_completing_again_makes_no_second_one(api, alice, rent, touch):
    Task.objects.create(owner=alice, title="sub", parent=rent)
    following = complete(api, rent)["id"]
    [subtask] = api.get(f"/tasks/?parent={following}").json()["results"]
    touch(api, following, subtask["id"])
    count = Task.objects.present().count()

    reopened = api.post(f"/tasks/{rent.pk}/reopen/").json()
    again = api.post(f"/tasks/{rent.pk}/complete/").json()

    assert reopened["next_occurrence"] == again["next_occurrence"] == following
    assert Task.objects.present().count() == count


def test_reopening_a_subtask_takes_back_what_its_parent_made(api, alice, rent):
    subtask = Task.objects.create(owner=alice, title="sub", parent=rent)
    following = complete(api, rent)

    api.post(f"/tasks/{subtask.pk}/reopen/")

    assert api.get(f"/tasks/{rent.pk}/").json()["next_occurrence"] is None
    assert api.get(f"/tasks/{following['id']}/").status_code == 404


def test_completing_again_makes_another_one_when_the_next_one_was_deleted(api, rent):
    first = api.post(f"/tasks/{rent.pk}/complete/").json()["next_occurrence"]
    api.delete(f"/tasks/{first}/")
    api.post(f"/tasks/{rent.pk}/reopen/")

    again = api.post(f"/tasks/{rent.pk}/complete/").json()["next_occurrence"]

    assert again not in (first, None)
    assert api.get(f"/tasks/{again}/").status_code == 200

"""Manual order: right before or after a sibling, last without one, and always room between two."""

from collections.abc import Iterable
from datetime import date
from random import Random

import pytest

from todos.models import Project, Task
from users.models import User


def some(owner: User, titles: Iterable[str], **fields) -> dict[str, Task]:
    return {title: Task.objects.create(owner=owner, title=title, **fields) for title in titles}


def order(**place) -> str:
    """The titles of the present siblings in their order."""
    tasks = Task.objects.present().filter(**{"parent": None, "project": None, **place}).order_by("position", "id")
    return "".join(task.title for task in tasks)


@pytest.fixture
def move(api):
    """Move one of the tasks, and return the response."""

    def move(task: Task, **place: Task | Project | None):
        body = {name: thing and str(thing.pk) for name, thing in place.items()}
        return api.post(f"/tasks/{task.pk}/move/", body)

    return move


def test_new_tasks_come_last(api, alice):
    api.post("/tasks/", [{"title": title} for title in "abc"])
    api.post("/tasks/", {"title": "d"})
    api.post("/tasks/", [{"title": title} for title in "ef"])

    assert order() == "abcdef"


@pytest.mark.parametrize(
    ("moved", "side", "sibling", "expected"),
    [
        ("a", "before", "d", "bcad"),
        ("a", "after", "d", "bcda"),
        ("d", "before", "a", "dabc"),
        ("d", "after", "a", "adbc"),
        ("b", "before", "c", "abcd"),
        ("b", "after", "a", "abcd"),
        ("c", "before", "b", "acbd"),
        ("b", "after", "c", "acbd"),
    ],
)
def test_a_task_moves_right_beside_its_sibling(alice, move, moved, side, sibling, expected):
    tasks = some(alice, "abcd")

    response = move(tasks[moved], **{side: tasks[sibling]})

    assert response.status_code == 200
    assert order() == expected


def test_without_a_sibling_it_goes_last(alice, move):
    tasks = some(alice, "abcd")

    response = move(tasks["b"])

    assert response.status_code == 200
    assert order() == "acdb"


def test_only_what_was_moved_takes_a_new_revision(alice, move):
    tasks = some(alice, "abcd")

    response = move(tasks["d"], before=tasks["b"])

    alice.refresh_from_db()
    assert response.json()["revision"] == alice.revision == 5
    assert [task.revision for task in Task.objects.order_by("title")] == [1, 2, 3, 5]


def test_the_response_is_the_task_with_its_new_position(api, alice, move):
    tasks = some(alice, "ab")

    response = move(tasks["b"], before=tasks["a"])

    assert response.json() == api.get(f"/tasks/{tasks['b'].pk}/").json()
    assert response.json()["position"] < tasks["a"].position


@pytest.mark.parametrize("side", ["before", "after"])
def test_there_is_always_room_between_two(alice, side):
    titles = "bc"
    some(alice, "abcd")

    for number in range(200):  # in turn, each between the edge and the other one
        moved = titles[number % 2]
        edge = Task.objects.get(title="a" if side == "after" else "d")
        Task.objects.get(title=moved).move(**{side: edge})

        between = moved + titles[1 - number % 2]
        assert order() == f"a{between if side == 'after' else between[::-1]}d"


@pytest.mark.parametrize(("side", "expected"), [("before", "xppab"), ("after", "ppxab")])
def test_beside_a_next_occurrence_there_is_room_too(alice, side, expected):
    """It has the position of the task that it follows."""
    tasks = some(alice, "pabx", due_date=date(2030, 1, 31), recurrence="FREQ=DAILY")
    following = Task.objects.get(pk=tasks["p"].complete().next_occurrence)

    moved = tasks["x"].move(**{side: following})

    assert order() == expected
    assert list(Task.objects.filter(revision=moved.revision)) == [moved]


def test_between_two_open_occurrences_there_is_room_too(alice):
    first = some(alice, "p", due_date=date(2030, 1, 31), recurrence="FREQ=DAILY")["p"]
    other = some(alice, "x")["x"]
    following = Task.objects.get(pk=first.complete().next_occurrence)
    following.title = "q"
    following.save()
    first.reopen()

    other.move(before=Task.objects.get(title="q"))

    assert order() == "pxq"


def test_200_tasks_fit_into_the_same_gap_one_after_the_other(alice):
    edge = some(alice, "ad")["a"]
    titles = [f"{number:03}" for number in range(200)]
    made = Task.objects.bulk_create(Task(owner=alice, title=title) for title in titles)

    for task in made:
        edge.refresh_from_db()
        task.refresh_from_db()
        task.move(after=edge)
    new = Task.objects.create(owner=alice, title="z")

    assert order() == "a" + "".join(reversed(titles)) + "dz"
    assert len(set(Task.objects.values_list("position", flat=True))) == 203
    assert new.position == new.revision  # still last, and without anybody asking


def test_any_moves_in_any_order_end_as_in_a_list(alice, move):
    random = Random(3)
    tasks = some(alice, "abcde")
    expected = list("abcde")

    for _ in range(30):
        moved, sibling = random.sample("abcde", 2)
        side = random.choice(["before", "after"])
        move(tasks[moved], **{side: tasks[sibling]})
        expected.remove(moved)
        expected.insert(expected.index(sibling) + (side == "after"), moved)

        assert order() == "".join(expected)


def test_siblings_at_the_same_position_keep_their_order(alice, move):
    tasks = some(alice, "abcd")
    Task.objects.filter(title__in="bc").update(position=2.0)  # as after a restore

    move(tasks["d"], after=tasks["b"])
    move(tasks["a"], before=tasks["c"])

    assert order() == "bdac"


def test_what_is_in_the_trash_or_elsewhere_is_no_neighbor(alice, move):
    home = Project.objects.create(owner=alice, name="Home")
    tasks = some(alice, "abc")
    elsewhere = some(alice, "xyz", project=home)
    tasks["b"].delete()

    move(tasks["c"], before=tasks["a"])
    response = move(elsewhere["x"], after=elsewhere["y"])

    assert (order(), order(project=home)) == ("ca", "yxz")
    assert response.json()["project"] == str(home.pk)


def test_into_a_project_and_out_again(alice, move):
    home = Project.objects.create(owner=alice, name="Home")
    tasks = some(alice, "abc")
    some(alice, "xy", project=home)

    there = move(tasks["a"], project=home)
    back = move(tasks["a"], project=None, before=tasks["c"])

    assert (there.json()["project"], back.json()["project"]) == (str(home.pk), None)
    assert (order(), order(project=home)) == ("bac", "xy")


def test_to_a_place_beside_a_sibling_there(alice, move):
    home = Project.objects.create(owner=alice, name="Home")
    tasks = some(alice, "abc")
    there = some(alice, "xy", project=home)
    below = some(alice, "pq", parent=there["x"])

    move(tasks["a"], project=home, before=there["y"])
    move(tasks["b"], parent=there["x"], after=below["p"])

    assert order(project=home) == "xay"
    assert order(parent=there["x"], project=home) == "pbq"


def test_a_subtask_that_goes_into_another_project_leaves_its_parent(alice, move):
    home = Project.objects.create(owner=alice, name="Home")
    parent = some(alice, "a")["a"]
    child = some(alice, "b", parent=parent)["b"]

    response = move(child, project=home)

    assert (response.json()["parent"], response.json()["project"]) == (None, str(home.pk))


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("sibling", ["itself", "elsewhere", "below", "the parent"])
def test_only_beside_a_sibling(alice, move, side, sibling):
    home = Project.objects.create(owner=alice, name="Home")
    tasks = some(alice, "ab")
    below = some(alice, "p", parent=tasks["a"])["p"]
    elsewhere = some(alice, "x", project=home)["x"]
    moved, other = {
        "itself": (tasks["a"], tasks["a"]),
        "elsewhere": (tasks["a"], elsewhere),
        "below": (tasks["a"], below),
        "the parent": (below, tasks["a"]),
    }[sibling]

    response = move(moved, **{side: other})

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {
            "field": side,
            "code": "not_a_sibling",
            "message": "This task is not a sibling at the new location. Choose one that is.",
        }
    ]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (["before", "after"], [("after", "both")]),
        (["parent"], [("parent", "circular")]),
        (["title"], [("title", "unknown")]),
    ],
)
def test_bad_moves_are_refused_by_name(api, alice, fields, errors):
    tasks = some(alice, "ab")
    child = some(alice, "p", parent=tasks["a"])["p"]
    values = {"parent": str(child.pk)}

    response = api.post(
        f"/tasks/{tasks['a'].pk}/move/", {name: values.get(name, str(tasks["b"].pk)) for name in fields}
    )

    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == errors
    assert order() == "ab"


@pytest.mark.parametrize("field", ["project", "parent", "before", "after"])
def test_someone_elses_and_nobodys_are_refused_alike(api, bob, task, bobs_task, field):
    theirs = Project.objects.create(owner=bob, name="Bob's") if field == "project" else bobs_task
    responses = set()
    for pk in (theirs.pk, "00000000-0000-7000-8000-000000000000"):
        response = api.post(f"/tasks/{task.pk}/move/", {field: str(pk)}, HTTP_X_REQUEST_ID="same-for-all")

        assert response.status_code == 400
        responses.add(response.content)

    assert len(responses) == 1
    assert f'"field":"{field}","code":"does_not_exist"'.encode() in responses.pop()


def test_under_a_completed_task_goes_only_what_is_completed(api, alice, move):
    tasks = some(alice, "abc")
    tasks["a"].complete()
    tasks["c"].complete()

    refused = move(tasks["b"], parent=tasks["a"])
    taken = move(tasks["c"], parent=tasks["a"])

    assert refused.json()["errors"][0]["code"] == "parent_completed"
    assert taken.json()["parent"] == str(tasks["a"].pk)

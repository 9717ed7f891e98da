"""The tree: at most 5 levels, no circles, always in the parent's project; what is below comes along."""

import pytest
from django.core.exceptions import ValidationError

from todos.models import Project, Task
from users.models import User


def chain(owner: User, length: int, **fields) -> list[Task]:
    """Tasks, each below the one before."""
    tasks: list[Task] = []
    for number in range(length):
        tasks.append(Task.objects.create(owner=owner, title=f"{number}", parent=tasks[-1] if tasks else None, **fields))
    return tasks


def levels(*tasks: Task) -> list[int]:
    rows = Task.objects.in_bulk([task.pk for task in tasks])
    return [rows[task.pk].level for task in tasks]


@pytest.fixture
def home(alice) -> Project:
    return Project.objects.create(owner=alice, name="Home")


@pytest.fixture
def work(alice) -> Project:
    return Project.objects.create(owner=alice, name="Work")


def test_a_subtask_names_its_parent_and_takes_its_project(api, alice, home):
    parent = Task.objects.create(owner=alice, title="Move house", project=home)

    response = api.post("/tasks/", {"title": "Pack books", "parent": str(parent.pk)})

    assert response.status_code == 201
    assert (response.json()["parent"], response.json()["project"]) == (str(parent.pk), str(home.pk))
    assert levels(parent, Task.objects.get(title="Pack books")) == [1, 2]


def test_the_project_of_the_parent_may_be_named(api, alice, home):
    parent = Task.objects.create(owner=alice, title="Move house", project=home)

    response = api.post("/tasks/", {"title": "Pack", "parent": str(parent.pk), "project": str(home.pk)})

    assert response.status_code == 201


def test_patching_a_subtask_into_the_inbox_is_refused(api, alice, home):
    _, child = chain(alice, 2, project=home)

    response = api.patch(f"/tasks/{child.pk}/", {"project": None})

    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "not_the_parents"
    assert api.patch(f"/tasks/{child.pk}/", {"project": None, "parent": None}).json()["project"] is None


@pytest.mark.parametrize("method", ["post", "patch"])
def test_another_project_than_the_parents_is_refused(api, alice, home, work, method):
    parent, child = chain(alice, 2, project=home)
    body = {"title": "x", "parent": str(parent.pk), "project": str(work.pk)}

    response = api.post("/tasks/", body) if method == "post" else api.patch(f"/tasks/{child.pk}/", body)

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {
            "field": "project",
            "code": "not_the_parents",
            "message": "A subtask is always in its parent's project. Move the parent, or set `parent` to null.",
        }
    ]


def test_tasks_hang_5_levels_deep(api, alice):
    tasks = chain(alice, 5)

    response = api.post("/tasks/", {"title": "Too deep", "parent": str(tasks[-1].pk)})

    assert levels(*tasks) == [1, 2, 3, 4, 5]
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"field": "parent", "code": "too_deep", "message": "Subtasks can be nested at most 5 levels deep."}
    ]


@pytest.mark.parametrize(("below", "status"), [(0, 200), (1, 400)])
def test_what_is_below_counts_too(api, alice, below, status):
    top = chain(alice, 3)
    moved = chain(alice, 2 + below)

    response = api.patch(f"/tasks/{moved[0].pk}/", {"parent": str(top[-1].pk)})

    assert response.status_code == status
    assert levels(*moved) == ([4, 5] if status == 200 else [1, 2, 3])


def test_what_is_in_the_trash_below_does_not_count(api, alice):
    top, moved = chain(alice, 3), chain(alice, 4)
    moved[2].delete()

    response = api.patch(f"/tasks/{moved[0].pk}/", {"parent": str(top[-1].pk)})
    back = api.post(f"/tasks/{moved[2].pk}/restore/")

    assert response.status_code == 200
    assert back.json()["parent"] is None  # under its old parent there is no room left
    assert levels(*moved) == [4, 5, 1, 2]


@pytest.mark.parametrize("under", [0, 1, 3])
def test_a_task_is_not_a_part_of_itself(api, alice, under):
    tasks = chain(alice, 4)

    response = api.patch(f"/tasks/{tasks[0].pk}/", {"parent": str(tasks[under].pk)})

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"field": "parent", "code": "circular", "message": "A task can't be a subtask of itself."}
    ]
    assert levels(*tasks) == [1, 2, 3, 4]


@pytest.mark.parametrize("call", ["patch", "move"])
def test_moving_a_task_takes_what_is_below_along(api, alice, home, work, call):
    moved = chain(alice, 3, project=home)
    [top] = chain(alice, 1, project=work)
    url, body = f"/tasks/{moved[0].pk}/", {"parent": str(top.pk), "project": str(work.pk)}

    response = api.patch(url, body) if call == "patch" else api.post(f"{url}move/", body)

    assert response.status_code == 200
    rows = Task.objects.in_bulk([task.pk for task in moved])
    assert [(rows[task.pk].level, rows[task.pk].project) for task in moved] == [(2, work), (3, work), (4, work)]
    assert {row.revision for row in rows.values()} == {response.json()["revision"]}


def test_a_move_to_another_parent_goes_to_its_project(api, alice, home, work):
    moved, [top] = chain(alice, 3, project=home), chain(alice, 1, project=work)

    response = api.patch(f"/tasks/{moved[1].pk}/", {"parent": str(top.pk)})

    assert response.json()["project"] == str(work.pk)
    assert [task.project for task in Task.objects.filter(pk__in=[task.pk for task in moved[1:]])] == [work, work]


def test_the_level_is_right_after_every_move(api, alice):
    a, b, c, d = chain(alice, 4)

    for task, parent, expected in [
        (c, None, [1, 2, 1, 2]),
        (a, d, [3, 4, 1, 2]),
        (b, None, [3, 1, 1, 2]),
        (c, b, [4, 1, 2, 3]),
        (d, b, [3, 1, 2, 2]),
    ]:
        response = api.patch(f"/tasks/{task.pk}/", {"parent": parent and str(parent.pk)})

        assert response.status_code == 200
        assert levels(a, b, c, d) == expected


def test_moving_to_the_same_place_changes_nothing(api, alice):
    parent, child = chain(alice, 2)

    response = api.patch(f"/tasks/{child.pk}/", {"parent": str(parent.pk)})

    assert response.json()["revision"] == child.revision


def test_a_task_that_becomes_a_subtask_comes_last(api, alice):
    parent, first = chain(alice, 2)
    early = Task.objects.create(owner=alice, title="Early", parent=parent)
    [late] = chain(alice, 1)
    api.post(f"/tasks/{late.pk}/move/", {"before": str(parent.pk)})

    api.patch(f"/tasks/{late.pk}/", {"parent": str(parent.pk)})

    found = api.get(f"/tasks/?parent={parent.pk}&ordering=position").json()["results"]
    assert [task["id"] for task in found] == [str(first.pk), str(early.pk), str(late.pk)]


@pytest.mark.parametrize("method", ["post", "patch", "put", "move"])
def test_no_parent_but_ones_own_that_is_not_in_the_trash(api, alice, bobs_task, task, method):
    [gone] = chain(alice, 1)
    gone.delete()
    responses = set()
    for parent in (bobs_task.pk, gone.pk, "00000000-0000-7000-8000-000000000000"):
        body = {"parent": str(parent)} if method in ("move", "patch") else {"title": "x", "parent": str(parent)}
        url = "/tasks/" if method == "post" else f"/tasks/{task.pk}/{'move/' if method == 'move' else ''}"

        response = getattr(api, "post" if method == "move" else method)(url, body, HTTP_X_REQUEST_ID="same-for-all")

        assert response.status_code == 400
        responses.add(response.content)

    assert len(responses) == 1
    assert b'"field":"parent","code":"does_not_exist"' in responses.pop()


def test_the_model_refuses_what_the_api_refuses(alice, bob, bobs_task):
    tasks = chain(alice, 5)
    bad = [
        {"parent": tasks[4]},
        {"parent": bobs_task},
        {"project": Project.objects.create(owner=bob, name="Bob's")},
    ]

    for fields in bad:
        with pytest.raises(ValidationError):
            Task.objects.create(owner=alice, title="x", **fields)
    tasks[0].parent = tasks[3]
    with pytest.raises(ValidationError, match="subtask of itself"):
        tasks[0].save()

    assert Task.objects.owned_by(alice).count() == 5


def test_saving_the_parent_alone_saves_what_follows_from_it(alice, home):
    moved, [top] = chain(alice, 2), chain(alice, 1, project=home)
    moved[0].parent = top

    moved[0].save(update_fields=["parent"])

    assert levels(*moved) == [2, 3]
    assert {task.project for task in Task.objects.all()} == {home}


def test_put_without_a_project_keeps_the_position_of_a_subtask(api, alice):
    home = Project.objects.create(owner=alice, name="Home")
    parent = Task.objects.create(owner=alice, title="Parent", project=home)
    first, _ = (Task.objects.create(owner=alice, title=title, parent=parent) for title in ("First", "Second"))

    changed = api.put(f"/tasks/{first.pk}/", {"title": "First", "parent": str(parent.pk)}).json()

    assert (changed["position"], changed["project"]) == (first.position, str(home.pk))

import pytest

from todos.models import Task


def test_completing_says_when(api, task):
    response = api.post(f"/tasks/{task.id}/complete/")

    assert response.status_code == 200
    assert response.json()["completed"] is True
    assert response.json() == api.get(f"/tasks/{task.id}/").json()


def test_completing_twice_keeps_the_first_date(api, task):
    first = api.post(f"/tasks/{task.id}/complete/").json()

    again = api.post(f"/tasks/{task.id}/complete/").json()

    assert again == first


def test_completing_by_patch_is_the_same_as_completing(api, task):
    first = api.patch(f"/tasks/{task.id}/", {"completed": True}).json()

    again = api.post(f"/tasks/{task.id}/complete/").json()

    assert first["completed"] is True
    assert again == first


def test_reopening_takes_the_date_away(api, task):
    task.complete()

    response = api.post(f"/tasks/{task.id}/reopen/")

    assert response.json()["completed"] is False
    assert response.json()["completed_at"] is None


def test_repeating_takes_no_revision(api, alice, task):
    api.post(f"/tasks/{task.id}/reopen/")

    alice.refresh_from_db()
    assert alice.revision == task.revision


def test_toggling_goes_there_and_back(api, task):
    there = api.post(f"/tasks/{task.id}/toggle/").json()
    back = api.post(f"/tasks/{task.id}/toggle/").json()

    assert (there["completed"], back["completed"]) == (True, False)
    assert back["revision"] == there["revision"] + 1


@pytest.mark.parametrize("call", ["complete", "reopen", "toggle"])
def test_the_calls_take_no_fields(api, task, call):
    response = api.post(f"/tasks/{task.id}/{call}/", {"completed": True})

    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "unknown"
    assert not Task.objects.get().completed


@pytest.mark.parametrize("call", ["complete", "reopen", "toggle"])
def test_a_task_in_the_trash_has_no_calls(api, task, call):
    task.delete()

    assert api.post(f"/tasks/{task.id}/{call}/").status_code == 404


# Down and up the tree


@pytest.fixture
def chain(alice) -> list[Task]:
    """Three tasks, each below the one before."""
    tasks: list[Task] = []
    for title in "abc":
        tasks.append(Task.objects.create(owner=alice, title=title, parent=tasks[-1] if tasks else None))
    return tasks


def completed() -> str:
    return "".join(Task.objects.completed().order_by("title").values_list("title", flat=True))


@pytest.fixture
def settle(api, client, operator):
    """Complete or reopen a task in one of the ways that there are."""

    def settle(way: str, task: Task, done: bool):
        verb = "complete" if done else "reopen"
        url = f"/tasks/{task.pk}/"
        match way:
            case "verb":
                return api.post(f"{url}{verb}/")
            case "toggle":
                return api.post(f"{url}toggle/")
            case "patch":
                return api.patch(url, {"completed": done})
            case "put":
                parent = task.parent_id and str(task.parent_id)
                return api.put(url, {"title": task.title, "parent": parent, "completed": done})
            case "bulk":
                return api.post("/tasks/bulk/", {"action": verb, "ids": [str(task.pk)]})
            case "bulk update":
                body = {"action": "update", "ids": [str(task.pk)], "set": {"completed": done}}
                return api.post("/tasks/bulk/", body)
            case "admin":
                client.force_login(operator)
                return client.post("/admin/todos/task/", {"action": verb, "_selected_action": [task.pk]})
            case "model":
                task.completed = done
                return task.save()

    return settle


WAYS = ["verb", "toggle", "patch", "put", "bulk", "bulk update", "admin", "model"]


@pytest.mark.parametrize("way", WAYS)
def test_completing_completes_what_is_below_in_one_write(alice, chain, settle, way):
    settle(way, chain[1], True)

    alice.refresh_from_db()
    assert completed() == "bc"
    assert [task.revision for task in Task.objects.order_by("title")] == [1, 4, 4]
    assert alice.revision == 4


@pytest.mark.parametrize("way", WAYS)
def test_reopening_reopens_what_is_above_in_one_write(alice, chain, settle, way):
    chain[0].complete()
    task = Task.objects.get(pk=chain[1].pk)

    settle(way, task, False)

    alice.refresh_from_db()
    assert completed() == ""  # and what was completed along with it
    assert [task.revision for task in Task.objects.order_by("title")] == [5, 5, 5]
    assert alice.revision == 5


def test_what_was_completed_below_keeps_its_date(api, chain):
    first = api.post(f"/tasks/{chain[2].pk}/complete/").json()

    api.post(f"/tasks/{chain[0].pk}/complete/")

    assert api.get(f"/tasks/{chain[2].pk}/").json() == first


def test_what_is_in_the_trash_is_not_completed(api, chain):
    chain[1].delete()

    api.post(f"/tasks/{chain[0].pk}/complete/")

    assert completed() == "a"


@pytest.mark.parametrize("call", ["post", "list", "patch", "put", "move", "bulk", "bulk move"])
def test_an_open_task_under_a_completed_one_is_refused(api, alice, chain, call):
    chain[0].complete()
    task = Task.objects.create(owner=alice, title="open")
    parent = {"parent": str(chain[0].pk)}
    url, body = f"/tasks/{task.pk}/", {"title": "open", **parent}
    bulk = {"ids": [str(task.pk)], "set": parent}

    response = {
        "post": lambda: api.post("/tasks/", body),
        "list": lambda: api.post("/tasks/", [body]),
        "patch": lambda: api.patch(url, parent),
        "put": lambda: api.put(url, body),
        "move": lambda: api.post(f"{url}move/", parent),
        "bulk": lambda: api.post("/tasks/bulk/", {"action": "update", **bulk}),
        "bulk move": lambda: api.post("/tasks/bulk/", {"action": "move", **bulk}),
    }[call]()

    prefix = {"list": "0.", "bulk": "ids.0.", "bulk move": "ids.0."}.get(call, "")
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {
            "field": f"{prefix}parent",
            "code": "parent_completed",
            "message": "This task is completed. Reopen it first.",
        }
    ]


def test_a_completed_one_may_go_there(api, alice, chain):
    chain[0].complete()
    task = Task.objects.create(owner=alice, title="d")

    made = api.post("/tasks/", {"title": "e", "parent": str(chain[0].pk), "completed": True})
    moved = api.patch(f"/tasks/{task.pk}/", {"parent": str(chain[0].pk), "completed": True})

    assert (made.status_code, moved.status_code) == (201, 200)
    assert completed() == "abcde"


def test_a_task_that_leaves_a_completed_parent_may_be_reopened_alone(api, chain):
    chain[0].complete()

    response = api.patch(f"/tasks/{chain[1].pk}/", {"parent": None, "completed": False})

    assert response.json()["completed"] is False
    assert completed() == "a"

"""Deleting moves to the trash, with what is below; restoring brings back what went along."""

import pytest

from todos.models import Project, Task


@pytest.fixture
def tree(alice):
    """Make tasks from their names: each is below the one whose name its own begins with, such as a, ab, abc."""

    def make(*names: str, **fields) -> dict[str, Task]:
        tasks: dict[str, Task] = {}
        for name in names:
            fields["parent"] = tasks.get(name[:-1])
            tasks[name] = Task.objects.create(owner=alice, title=name, **fields)
        return tasks

    return make


def present() -> set[str]:
    return set(Task.objects.present().values_list("title", flat=True))


def place(task: Task) -> tuple:
    task = Task.objects.get(pk=task.pk)
    return task.parent and task.parent.title, task.project and task.project.name, task.level


def test_deleting_takes_what_is_below_along_in_one_write(api, tree):
    tasks = tree("a", "ab", "abc", "x")

    response = api.delete(f"/tasks/{tasks['a'].pk}/")

    assert response.status_code == 204
    assert present() == {"x"}
    gone = Task.objects.in_trash()
    assert len({task.revision for task in gone}) == len({task.deleted_at for task in gone}) == 1


def test_the_trash_is_a_page_of_what_was_deleted(api, tree, bobs_task):
    tasks = tree("a", "ab", "x")
    shown = api.get(f"/tasks/{tasks['ab'].pk}/").json()
    api.delete(f"/tasks/{tasks['a'].pk}/")
    bobs_task.delete()

    found = api.get("/tasks/trash/").json()

    assert [task["title"] for task in found["results"]] == ["ab", "a"]
    assert (found["next"], found["previous"]) == (None, None)
    assert found["results"][0].keys() == shown.keys()


@pytest.mark.parametrize("call", ["get", "put", "patch", "delete", "complete", "reopen", "toggle", "move"])
def test_what_is_in_the_trash_can_only_be_restored(api, task, call):
    task.delete()
    url = f"/tasks/{task.pk}/"

    response = getattr(api, call)(url) if hasattr(api, call) else api.post(f"{url}{call}/")

    assert response.status_code == 404


def test_restoring_brings_back_what_went_along(api, tree):
    tasks = tree("a", "ab", "abc", "ad")
    before = {name: place(task) for name, task in tasks.items()}
    shown = api.get(f"/tasks/{tasks['a'].pk}/").json()
    api.delete(f"/tasks/{tasks['a'].pk}/")

    response = api.post(f"/tasks/{tasks['a'].pk}/restore/")

    assert response.status_code == 200
    changing = {"updated_at", "revision"}
    assert {k: v for k, v in response.json().items() if k not in changing} == {
        k: v for k, v in shown.items() if k not in changing
    }
    assert {name: place(task) for name, task in tasks.items()} == before
    assert present() == {"a", "ab", "abc", "ad"}
    assert {task.revision for task in Task.objects.all()} == {response.json()["revision"]}


def test_what_was_deleted_before_stays_in_the_trash(api, tree):
    tasks = tree("a", "ab", "abc", "ad")
    api.delete(f"/tasks/{tasks['ab'].pk}/")
    api.delete(f"/tasks/{tasks['a'].pk}/")

    api.post(f"/tasks/{tasks['a'].pk}/restore/")

    assert present() == {"a", "ad"}


def test_what_was_deleted_with_another_task_before_stays_too(api, tree):
    tasks = tree("a", "ab", "abc", "x")
    api.post("/tasks/bulk/", {"action": "delete", "ids": [str(tasks[name].pk) for name in ("abc", "x")]})
    api.delete(f"/tasks/{tasks['ab'].pk}/")
    api.delete(f"/tasks/{tasks['a'].pk}/")

    api.post("/tasks/bulk/", {"action": "restore", "ids": [str(tasks[name].pk) for name in ("a", "x")]})

    assert present() == {"a", "x"}


def test_a_child_whose_parent_is_away_comes_back_on_top(api, tree):
    tasks = tree("a", "ab", "abc")
    api.delete(f"/tasks/{tasks['a'].pk}/")

    response = api.post(f"/tasks/{tasks['ab'].pk}/restore/")

    assert response.json()["parent"] is None
    assert [place(task) for task in tasks.values()] == [(None, None, 1), (None, None, 1), ("ab", None, 2)]
    assert present() == {"ab", "abc"}


def test_a_child_whose_parent_was_completed_meanwhile_comes_back_on_top(api, tree):
    tasks = tree("a", "ab", "abc")
    api.delete(f"/tasks/{tasks['ab'].pk}/")
    api.post(f"/tasks/{tasks['a'].pk}/complete/")

    response = api.post(f"/tasks/{tasks['ab'].pk}/restore/")

    assert (response.json()["parent"], response.json()["completed"]) == (None, False)
    assert [place(task) for task in tasks.values()] == [(None, None, 1), (None, None, 1), ("ab", None, 2)]


@pytest.mark.parametrize("order", [("a", "ab"), ("ab", "a")])
def test_so_does_one_that_is_restored_together_with_it(api, tree, order):
    tasks = tree("a", "ab")
    api.delete(f"/tasks/{tasks['ab'].pk}/")
    api.post(f"/tasks/{tasks['a'].pk}/complete/")
    api.delete(f"/tasks/{tasks['a'].pk}/")

    response = api.post("/tasks/bulk/", {"action": "restore", "ids": [str(tasks[name].pk) for name in order]})

    assert response.status_code == 200
    assert place(tasks["ab"]) == (None, None, 1)


def test_a_completed_child_stays_under_its_completed_parent(api, tree):
    tasks = tree("a", "ab")
    api.post(f"/tasks/{tasks['a'].pk}/complete/")
    api.delete(f"/tasks/{tasks['ab'].pk}/")

    response = api.post(f"/tasks/{tasks['ab'].pk}/restore/")

    assert response.json()["parent"] == str(tasks["a"].pk)


def test_a_child_comes_back_to_where_its_parent_was_moved(api, alice, tree):
    home = Project.objects.create(owner=alice, name="Home")
    tasks, top = tree("a", "ab", "abc"), tree("x")
    api.delete(f"/tasks/{tasks['ab'].pk}/")
    api.post(f"/tasks/{top['x'].pk}/move/", {"project": str(home.pk)})
    api.post(f"/tasks/{tasks['a'].pk}/move/", {"parent": str(top["x"].pk)})

    response = api.post(f"/tasks/{tasks['ab'].pk}/restore/")

    assert (response.json()["parent"], response.json()["project"]) == (str(tasks["a"].pk), str(home.pk))
    assert [place(task) for task in tasks.values()] == [("x", "Home", 2), ("a", "Home", 3), ("ab", "Home", 4)]


def test_a_task_whose_project_is_away_comes_back_to_the_inbox(api, alice, tree):
    home = Project.objects.create(owner=alice, name="Home")
    tasks = tree("a", "ab", "abc", project=home)
    api.delete(f"/projects/{home.pk}/")

    response = api.post(f"/tasks/{tasks['a'].pk}/restore/")

    assert response.json()["project"] is None
    assert [place(task) for task in tasks.values()] == [(None, None, 1), ("a", None, 2), ("ab", None, 3)]


def test_a_project_takes_its_tasks_along_both_ways(api, alice, tree):
    home = Project.objects.create(owner=alice, name="Home")
    tasks = tree("a", "ab", "c", project=home)
    other = tree("x")["x"]
    api.delete(f"/tasks/{tasks['c'].pk}/")

    deleted = api.delete(f"/projects/{home.pk}/")
    assert (deleted.status_code, present()) == (204, {"x"})

    response = api.post(f"/projects/{home.pk}/restore/")

    assert present() == {"a", "ab", "x"}  # c was deleted before
    assert response.json()["open_tasks"] == 2
    assert place(tasks["ab"]) == ("a", "Home", 2)
    revisions = {Task.objects.get(pk=tasks[name].pk).revision for name in ("a", "ab")}
    assert revisions == {response.json()["revision"]}
    assert Task.objects.get(pk=other.pk).revision == other.revision


def test_what_was_restored_from_a_projects_trash_does_not_go_back_to_it(api, alice, tree):
    home = Project.objects.create(owner=alice, name="Home")
    tasks = tree("a", "b", project=home)
    api.delete(f"/projects/{home.pk}/")
    api.post(f"/tasks/{tasks['a'].pk}/restore/")

    api.post(f"/projects/{home.pk}/restore/")

    assert [place(task) for task in tasks.values()] == [(None, None, 1), (None, "Home", 1)]


@pytest.mark.parametrize("kind", ["tasks", "projects"])
def test_only_what_is_in_ones_own_trash_can_be_restored(api, bobs_api, alice, kind):
    made = api.post(f"/{kind}/", {"title": "x"} if kind == "tasks" else {"name": "x"}).json()
    url = f"/{kind}/{made['id']}/"

    assert api.post(f"{url}restore/").status_code == 404
    api.delete(url)
    assert bobs_api.post(f"{url}restore/").status_code == 404
    assert api.post(f"{url}restore/").status_code == 200
    assert api.post(f"{url}restore/").status_code == 404


@pytest.mark.parametrize("way", ["queryset", "model"])
def test_what_any_writer_deletes_together_comes_back_together(api, alice, tree, way):
    tasks = tree("a", "ab", "abc")

    if way == "queryset":  # as the admin's list does it
        Task.objects.owned_by(alice).delete()
    else:
        tasks["a"].delete()
        tasks["a"].delete()
    api.post(f"/tasks/{tasks['a'].pk}/restore/")

    assert present() == {"a", "ab", "abc"}

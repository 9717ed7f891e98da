import pytest

from todos.models import Task


def test_completing_says_when(api, task):
    answer = api.post(f"/tasks/{task.id}/complete/")

    assert answer.status_code == 200
    assert answer.json()["completed"] is True
    assert answer.json() == api.get(f"/tasks/{task.id}/").json()


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

    answer = api.post(f"/tasks/{task.id}/reopen/")

    assert answer.json()["completed"] is False
    assert answer.json()["completed_at"] is None


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
    answer = api.post(f"/tasks/{task.id}/{call}/", {"completed": True})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "unknown"
    assert not Task.objects.get().completed


@pytest.mark.parametrize("call", ["complete", "reopen", "toggle"])
def test_a_task_in_the_trash_has_no_calls(api, task, call):
    task.delete()

    assert api.post(f"/tasks/{task.id}/{call}/").status_code == 404

from datetime import UTC, datetime

import pytest
import time_machine

from testing.client import PASSWORD
from todos.models import Task

NOVEMBER_28 = datetime(2026, 11, 28, 20, 50, tzinfo=UTC)  # 21:50 in Zurich


def open_tasks(**fields) -> list[str]:
    """The due dates of the open tasks with these values."""
    return sorted(str(task.due_date) for task in Task.objects.present().open().filter(**fields))


@pytest.fixture
def clock():
    with time_machine.travel(NOVEMBER_28, tick=False) as clock:
        yield clock


@pytest.fixture
def browser(client, alice):
    """Alice in a browser, signed in."""
    client.raise_request_exception = False
    client.login(username=alice.email, password=PASSWORD)
    client.defaults["HTTP_ACCEPT"] = "text/html"
    return client


@pytest.fixture
def make(api):
    def make(**fields) -> dict:
        response = api.post("/tasks/", {"title": "Water the plants", **fields})
        assert response.status_code == 201, response.json()
        return response.json()

    return make


@pytest.fixture
def do(api):
    def do(verb: str, task: dict, **body) -> dict:
        response = api.post(f"/tasks/{task['id']}/{verb}/", body)
        assert response.status_code == 200, response.json()
        return response.json()

    return do


@pytest.fixture
def change(api):
    def change(task: dict, **fields) -> dict:
        response = api.patch(f"/tasks/{task['id']}/", fields)
        assert response.status_code == 200, response.json()
        return response.json()

    return change


@pytest.fixture
def following(api, do):
    """Complete a task and give its next occurrence."""

    def following(task: dict) -> dict:
        return api.get(f"/tasks/{do('complete', task)['next_occurrence']}/").json()

    return following

import pytest

from testing.client import PASSWORD


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

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from testing.uploads import named
from testing.world import Rows, rows_of
from todos.models import Task
from users.models import ApiToken

Upload = Callable[..., Any]
# What a task is in these tests: what is empty is left out.
SHOWN = ["description", "completed_at", "priority", "start_date", "start_time", "due_date", "due_time", "recurrence"]


def body_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.fixture
def upload(api) -> Upload:
    """Import a file, or some bytes or text, as Alice. Returns the response."""

    def send(source: str, content: bytes | str | BytesIO, query: str = "", client=None, **headers):
        if not isinstance(content, BytesIO):
            content = named(content.encode() if isinstance(content, str) else content, "file")
        return (client or api).post(f"/import/{source}/{query}", {"file": content}, format="multipart", **headers)

    return send


def data_of(user) -> Rows:
    """All rows of this user but the token, which notes when it is used."""
    return {model: rows for model, rows in rows_of(user).items() if model is not ApiToken}


def told(response) -> list[tuple[str, str, str]]:
    """What the report says is lost."""
    assert response.status_code == 200, response.json()
    return [(line["item"], line["field"], line["reason"]) for line in response.json()["lost"]]


def tasks_of(user) -> dict[str, dict]:
    """The tasks of this user by their titles, in the order of their positions."""
    found = Task.objects.filter(owner=user).select_related("project", "parent").order_by("position")
    return {task.title: shown(task) for task in found}


def shown(task: Task) -> dict[str, Any]:
    values = {name: getattr(task, name) for name in SHOWN}
    texts = {name: value if isinstance(value, int) else str(value) for name, value in values.items() if value}
    others = {
        "project": task.project and task.project.name,
        "parent": task.parent and task.parent.title,
        "tags": task.tags,
        "reminders": task.reminders,
        "repeat_from": task.repeat_from if task.repeat_from != "due" else None,
    }
    return texts | {name: value for name, value in others.items() if value}


def refusal(response) -> str:
    """Why the file was refused."""
    body = response.json()
    assert (response.status_code, body["code"], body["errors"][0]["field"]) == (400, "validation_error", "file"), body
    return body["errors"][0]["message"]

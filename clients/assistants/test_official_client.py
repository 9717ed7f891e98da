"""The official client in its three ways to connect: the handshake of 2025, a probe, and the version of 2026 alone."""

import json

import pytest

from clients.assistants.conftest import HERE, PYTHON
from testing.servers import Program, register

ALL = [
    *("find_tasks", "plan_day", "list_projects", "add_tasks", "update_task", "complete_task", "reopen_task"),
    *("delete_task", "undo"),
]
VERSIONS = {"legacy": "2025-11-25", "auto": "2026-07-28", "2026-07-28": "2026-07-28"}


@pytest.mark.parametrize("mode", VERSIONS)
def test_it_has_a_conversation(server, run, mode):
    token = register(server)
    with Program(server.port, token) as api:
        api.send("POST", "projects/", {"name": "Home"})

    done = run(PYTHON, HERE / "conversation.py", server.address, token, mode, "Home")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    sizes = said.pop("sizes")
    assert said == {
        "version": VERSIONS[mode],
        "tools": ALL,
        "due_today": 3,
        "completed": True,
        "still_open": ["Bread", "Salt"],
        "undone": "complete_task",
        "refused": [True, "id: Must be a valid UUID."],
    }
    assert max(sizes.values()) < 1000
    assert done.stderr == ""


@pytest.mark.parametrize("mode", VERSIONS)
def test_it_says_why_a_token_is_of_no_use(server, run, mode):
    done = run(PYTHON, HERE / "conversation.py", server.address, "todo_revoked", mode, "Home")

    assert done.returncode != 0
    assert "This token is unknown, expired or revoked. Sign in to get a new one." in done.stderr

"""The inspector of the Model Context Protocol, on the command line."""

import json

import pytest

from clients.assistants.conftest import PACKAGES


@pytest.fixture
def inspect(run, server, token):
    def inspect(method: str, *more: str):
        target = [f"{server.address}/mcp", "--transport", "http", "--header", f"Authorization: Bearer {token}"]
        return run(PACKAGES / ".bin" / "mcp-inspector", "--cli", *target, "--method", method, *more)

    return inspect


def test_it_has_nothing_to_say_about_the_schemas(inspect):
    done = inspect("tools/list", "--strict")

    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["tools"]) == 9


def test_it_calls_tools(inspect):
    added = inspect("tools/call", "--tool-name", "add_tasks", "--tool-arg", 'tasks=[{"title":"Milk","tags":["shop"]}]')
    undone = inspect("tools/call", "--tool-name", "undo")

    [task] = json.loads(added.stdout)["structuredContent"]["tasks"]
    assert (task["title"], task["tags"]) == ("Milk", ["shop"])
    assert json.loads(undone.stdout)["structuredContent"]["moved_to_trash"] == 1


def test_it_shows_why_a_call_was_refused(inspect):
    done = inspect("tools/call", "--tool-name", "delete_task", "--tool-arg", "id=x")

    assert json.loads(done.stdout)["isError"] is True
    assert "id: Must be a valid UUID." in done.stdout

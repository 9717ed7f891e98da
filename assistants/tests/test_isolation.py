"""Whatever id of Alice's Bob gives to whatever tool: it is like one that nobody has."""

from typing import Any

import pytest

from assistants.tools import TOOLS
from testing.proofs import sample
from testing.resources import MISSING
from testing.world import World, build, rows_of
from users.models import User

# Where a tool takes something that could be somebody else's; the others take nothing, and `id` is unknown to them.
NAMES = {
    "find_tasks": ("project", "parent", "cursor", "tag", "q"),
    "add_tasks": ("project", "parent", "tags"),
    "update_task": ("id", "project", "parent"),
}
WITH_ID = ("update_task", "complete_task", "reopen_task", "delete_task")


@pytest.fixture
def world(db) -> World:
    return build()


def arguments(tool: str, name: str, value: str) -> dict[str, Any]:
    if tool == "add_tasks":
        return {"tasks": [{"title": "Bob's", name: value}]}
    extra = {"title": "Bob's"} if tool == "update_task" else {}
    return {"id": MISSING, **extra, name: value} if tool in WITH_ID else {name: value}


def test_no_tool_tells_or_changes_anything(world, bob: User, assistant_of, proved):
    assistant, before = assistant_of(bob), rows_of(world.alice)
    values = [value for name, value in world.values.items() if name != "missing"]

    for tool, name in [(each, name) for each in TOOLS for name in NAMES.get(each, ("id",))]:
        missing = assistant.result(tool, **arguments(tool, name, MISSING))
        asked = sample(values, len, f"{tool} {name}")
        proved("isolation of assistants", len(asked), len(values))
        for value in asked:
            result = assistant.result(tool, **arguments(tool, name, value))
            assert not world.leaks(str(result).replace(value, "")), (tool, name, value)
            if len(value) == len(MISSING) and tool != "add_tasks":
                assert str(result).replace(value, MISSING) == str(missing), (tool, name, value)

    assert rows_of(world.alice) == before


def test_a_token_of_another_account_undoes_nothing_of_hers(world, bob, assistant_of):
    alices, bobs = assistant_of(world.alice), assistant_of(bob)
    [task] = alices.call("add_tasks", tasks=[{"title": "Milk"}])["tasks"]
    before = rows_of(world.alice)

    assert "nothing to undo" in bobs.refusal("undo")
    assert "There is no such task" in bobs.refusal("delete_task", id=task["id"])
    assert rows_of(world.alice) == before

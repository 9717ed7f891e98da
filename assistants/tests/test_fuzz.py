"""Whatever is sent to /mcp: the response is what JSON-RPC or HTTP has for it, never a 5xx, and foreign rows stay."""

import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistants.tests.conftest import Assistant
from assistants.tools import TOOLS
from testing.client import PASSWORD
from testing.proofs import size
from todos.models import Project, Task
from users.models import User

QUICK: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
OWN, FOREIGN = "own", "foreign"  # stand for the ids of tasks
ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers() | st.sampled_from([2**31, 2**63, -(2**63), 10**400]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5) | st.sampled_from(["\x00", "\ud800", "x" * 600, "2030-02-30", "24:00", "FREQ=DAILY", "today"]),
    st.sampled_from([OWN, FOREIGN, "2030-01-31", "09:00", "FREQ=MONTHLY", "Milk"]),
)
ANYTHING = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
SCHEMAS = {name: tool.describe()["inputSchema"].get("properties", {}) for name, tool in TOOLS.items()}
NEW_TASK = sorted(SCHEMAS["add_tasks"]["tasks"]["items"]["properties"])


def some_of(names) -> st.SearchStrategy:
    return st.dictionaries(st.sampled_from(sorted(names)), ANYTHING, max_size=3) if names else st.just({})


def arguments(tool: str) -> st.SearchStrategy:
    known = some_of(SCHEMAS[tool])
    if tool == "add_tasks":
        tasks = st.lists(some_of(NEW_TASK).map(lambda fields: {"title": "Milk", **fields}), max_size=3)
        return known | tasks.map(lambda found: {"tasks": found})
    if "id" in SCHEMAS[tool]:
        return (
            known
            | known.map(lambda fields: {**fields, "id": OWN})
            | known.map(lambda fields: {**fields, "id": FOREIGN})
        )
    return known


CALLS = st.sampled_from(sorted(TOOLS)).flatmap(
    lambda tool: st.fixed_dictionaries({"name": st.just(tool), "arguments": arguments(tool) | ANYTHING})
)
META = st.fixed_dictionaries(
    {},
    optional={
        "io.modelcontextprotocol/protocolVersion": st.just("2026-07-28") | ANYTHING,
        "io.modelcontextprotocol/clientCapabilities": st.just({}) | ANYTHING,
    },
)
METHODS = ["tools/call", "tools/list", "initialize", "ping", "server/discover", "notifications/initialized", "x"]
MESSAGES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0") | ANYTHING, "method": st.sampled_from(METHODS) | ANYTHING},
    optional={"id": st.integers(0, 9) | ANYTHING, "params": CALLS | st.fixed_dictionaries({"_meta": META}) | ANYTHING},
)
REQUESTS = CALLS.map(lambda call: {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})
HEADERS = st.dictionaries(
    st.sampled_from(["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Accept", "Origin"]),
    st.sampled_from(
        ["2026-07-28", "2025-11-25", "x", "", "tools/call", "find_tasks", "*/*", "http://testserver", "\x80"]
    ),
    max_size=2,
)


def check(response) -> None:
    assert response.status_code in (200, 202, 400, 401, 403, 404, 406), response.content
    if response.status_code == 202:
        assert response.content == b""
        return
    body = response.json()
    assert body["jsonrpc"] == "2.0"
    assert ("result" in body) != ("error" in body)
    if "error" in body:
        assert isinstance(body["error"]["code"], int)
        assert body["error"]["message"]


@pytest.mark.django_db
@settings(max_examples=size(4000, 75), **QUICK)
@given(message=REQUESTS | REQUESTS | MESSAGES | ANYTHING, headers=HEADERS)
def test_nothing_makes_it_fail(message, headers):
    with transaction.atomic():
        alice, bob = (User.objects.create_user(f"{name}@example.com", PASSWORD) for name in ("alice", "bob"))
        own, foreign = (Task.objects.create(owner=each, title="Milk") for each in (alice, bob))
        Project.objects.create(owner=bob, name="Home")
        before = list(Task.objects.filter(owner=bob).values())
        text = json.dumps(message).replace(f'"{OWN}"', f'"{own.pk}"').replace(f'"{FOREIGN}"', f'"{foreign.pk}"')

        response = Assistant(alice).client.post("/mcp", text, content_type="application/json", headers=headers)

        check(response)
        assert list(Task.objects.filter(owner=bob).values()) == before
        transaction.set_rollback(True)

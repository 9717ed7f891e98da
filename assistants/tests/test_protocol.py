"""/mcp as the Model Context Protocol has it: both eras, errors, sign-in."""

import json

import pytest
from rest_framework.throttling import SimpleRateThrottle

from testing.problems import broken_database
from testing.responses import NOT_SIGNED_IN
from todos.models import Task

ALL = [
    *("find_tasks", "plan_day", "list_projects", "add_tasks", "update_task", "complete_task", "reopen_task"),
    *("delete_task", "undo"),
]
VERSION_OF_THE_FUTURE = {"protocolVersion": "2099-01-01", "clientCapabilities": {}}


def refusal_of(response) -> tuple:
    """What a client shows of it."""
    assert response["Content-Type"] == "application/json"
    body = response.json()
    return body["id"], body["error"]["code"], body["error"]["message"]


def test_a_client_of_2025_begins_with_a_handshake(assistant):
    response = assistant.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}})
    started = assistant.post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    result = response.json()["result"]
    assert (result["protocolVersion"], result["capabilities"]) == ("2025-06-18", {"tools": {}})
    assert result["serverInfo"]["name"] == "todo-backend"
    assert (started.status_code, started.content) == (202, b"")
    assert assistant.ask("ping").json() == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_a_version_that_is_not_known_gets_the_newest_handshake(assistant):
    response = assistant.ask("initialize", {"protocolVersion": "1999-01-01"})

    assert response.json()["result"]["protocolVersion"] == "2025-11-25"


def test_a_client_of_2026_discovers_and_lists_without_one(assistant):
    discovered = assistant.ask_modern("server/discover").json()["result"]
    listed = assistant.ask_modern("tools/list").json()["result"]

    assert (discovered["supportedVersions"], discovered["resultType"]) == (["2026-07-28"], "complete")
    assert [tool["name"] for tool in listed["tools"]] == ALL
    assert (listed["cacheScope"], listed["resultType"]) == ("private", "complete")


def test_a_client_of_2026_calls_a_tool(assistant):
    response = assistant.ask_modern("tools/call", {"name": "add_tasks", "arguments": {"tasks": [{"title": "Milk"}]}})

    result = response.json()["result"]
    assert result["structuredContent"]["tasks"][0]["title"] == "Milk"
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Mcp-Method": "tools/call"}, -32020),
        ({"MCP-Protocol-Version": "2025-06-18"}, -32020),
        ({"Mcp-Method": ""}, -32020),
    ],
)
def test_headers_that_differ_from_the_body_are_refused(assistant, headers, code):
    response = assistant.ask_modern("tools/list", **headers)

    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    assert response["Content-Type"] == "application/json"


def test_whitespace_around_headers_is_none_of_their_value(assistant):
    spaced = {"MCP-Protocol-Version": " 2026-07-28", "Mcp-Method": "tools/call\t", "Mcp-Name": "  find_tasks "}

    assert "result" in assistant.ask_modern("tools/call", {"name": "find_tasks"}, **spaced).json()


def test_the_name_of_a_tool_must_be_the_one_in_the_header(assistant, alice):
    call = {"name": "add_tasks", "arguments": {"tasks": [{"title": "Milk"}]}}
    response = assistant.ask_modern("tools/call", call, **{"Mcp-Name": "find_tasks"})

    assert (response.status_code, response.json()["error"]["code"]) == (400, -32020)
    assert not Task.objects.exists()


def test_an_unknown_version_names_those_that_are_known(assistant):
    response = assistant.ask("tools/list", **{"MCP-Protocol-Version": "2099-01-01"})

    assert response.status_code == 400
    assert response.json()["error"]["code"] == -32022
    assert response.json()["error"]["data"]["supported"] == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]


def test_an_unknown_version_of_2026_gets_those_that_discover_names(assistant):
    meta = {f"io.modelcontextprotocol/{name}": value for name, value in VERSION_OF_THE_FUTURE.items()}
    headers = {"MCP-Protocol-Version": "2099-01-01", "Mcp-Method": "server/discover"}

    response = assistant.ask("server/discover", {"_meta": meta}, **headers)

    assert (response.status_code, response.json()["error"]["code"]) == (400, -32022)
    assert response.json()["error"]["data"] == {"supported": ["2026-07-28"], "requested": "2099-01-01"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"[]", 400, -32600),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', 400, -32600),
        (b'"x"', 400, -32600),
        (b"{}", 400, -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": [], "method": "ping"}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": 1}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "nothing"}', 200, -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}', 200, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": []}}', 200, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x"}}', 200, -32602),
        (
            b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "undo", "arguments": []}}',
            200,
            -32602,
        ),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "server/discover"}', 400, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"_meta": []}}', 200, None),
    ],
)
def test_what_is_no_request_gets_the_error_of_json_rpc(assistant, body, status, code):
    response = assistant.client.post("/mcp", body, content_type="application/json")

    assert response.status_code == status
    assert response.json().get("error", {}).get("code") == code
    assert response.json()["jsonrpc"] == "2.0"


ADD = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "add_tasks", "arguments": {"tasks": [{"title": "Milk"}]}},
}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ([ADD, ADD], {}, 400),
        ({**ADD, "padding": "x" * 1_048_576}, {}, 413),
        (ADD, {"Origin": "https://evil.example"}, 403),
        (ADD, {"MCP-Protocol-Version": "2099-01-01"}, 400),
        (ADD, {"MCP-Protocol-Version": "2026-07-28"}, 400),
        (ADD, {"Accept": "text/event-stream"}, 406),
        ({**ADD, "id": None}, {}, 400),
        ({name: ADD[name] for name in ADD if name != "id"}, {}, 202),
        ({**ADD, "method": "tools/Call"}, {}, 200),
    ],
)
def test_a_write_that_is_no_sound_request_writes_nothing(assistant, body, headers, status):
    assert assistant.post(body, **headers).status_code == status
    assert not Task.objects.exists()


def test_more_than_1_mib_is_a_413(assistant):
    response = assistant.client.post("/mcp", b" " * 1_048_577, content_type="application/json")

    assert response.status_code == 413


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_there_is_no_stream_and_no_session(assistant, method):
    assert getattr(assistant.client, method)("/mcp").status_code == 405


def test_another_media_type_is_a_415(assistant):
    assert assistant.client.post("/mcp", b"x", content_type="text/plain").status_code == 415


def test_who_has_no_token_learns_where_to_read_about_it(assistant_of, db):
    response = assistant_of(None).ask("tools/list")

    url = "http://testserver/.well-known/oauth-protected-resource/mcp"
    assert (response.status_code, response["WWW-Authenticate"]) == (401, f'Bearer resource_metadata="{url}"')
    assert refusal_of(response) == (None, -32600, NOT_SIGNED_IN[2])
    described = assistant_of(None).client.get(url).json()
    assert (described["resource"], described["scopes_supported"]) == ("http://testserver/mcp", ["read", "write"])


def test_a_session_is_no_sign_in(alice, client):
    client.force_login(alice)

    assert client.post("/mcp", b"{}", content_type="application/json").status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example", "["])
def test_a_foreign_origin_is_a_403(assistant, origin):
    response = assistant.ask("tools/list", Origin=origin)

    assert response.status_code == 403
    assert refusal_of(response)[2].startswith("Pages of this origin may not call this.")


def test_its_own_origin_and_those_of_the_setting_may_call(assistant, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]

    for origin in ("http://testserver", "https://app.example.com"):
        assert assistant.ask("tools/list", Origin=origin).status_code == 200


def test_a_token_that_may_read_sees_and_uses_the_reading_tools_only(assistant_of, alice):
    reader = assistant_of(alice, scopes=["read"])

    listed = reader.ask("tools/list").json()["result"]["tools"]

    assert [tool["name"] for tool in listed] == ["find_tasks", "plan_day", "list_projects"]
    assert all(tool["annotations"]["readOnlyHint"] for tool in listed)
    assert "may read only" in reader.refusal("add_tasks", tasks=[{"title": "Milk"}])
    assert not Task.objects.exists()


def test_each_token_has_a_rate_of_its_own(assistant, assistant_of, alice, monkeypatch):
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "2/min")
    other = assistant_of(alice)

    responses = [assistant.ask("ping") for _ in range(3)]

    assert [response.status_code for response in responses] == [200, 200, 429]
    assert responses[2]["Retry-After"] == "60"
    assert "Expected available in 60 seconds" in refusal_of(responses[2])[2]
    assert other.ask("ping").status_code == 200


def test_that_the_database_is_away_is_said(assistant):
    with broken_database():
        response = assistant.ask("tools/list")

    assert response.status_code == 503
    assert refusal_of(response) == (None, -32603, "The database is temporarily unavailable. Try again.")


def test_an_identity_provider_is_named_where_there_is_one(client, settings):
    settings.JWT_ISSUER = "https://issuer.example"

    described = client.get("/.well-known/oauth-protected-resource/mcp").json()

    assert described["authorization_servers"] == ["https://issuer.example"]

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from users.models import ApiToken, User


class Assistant:
    """Calls /mcp with a token, as clients of 2025 do, or (`modern`) as those of 2026."""

    def __init__(self, user: User | None, **token_fields: Any):
        self.client = APIClient(raise_request_exception=False)
        if user:
            self.token, secret = ApiToken.issue(user, "assistant", **token_fields)
            self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")

    def post(self, body: Any, **headers: str):
        return self.client.post("/mcp", body, format="json", headers=headers)

    def ask(self, method: str, params: dict | None = None, request_id: Any = 1, **headers: str):
        return self.post({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}}, **headers)

    def ask_modern(self, method: str, params: dict | None = None, **headers: str):
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        said = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method}
        if params and "name" in params:
            said["Mcp-Name"] = params["name"]
        return self.ask(method, {**(params or {}), "_meta": meta}, **{**said, **headers})

    def call(self, tool: str, request_id: Any = 1, **arguments: Any) -> dict:
        """The structured result of a tool; asserts that it has one."""
        result = self.result(tool, request_id, **arguments)
        assert not result.get("isError"), result
        return result["structuredContent"]

    def result(self, tool: str, request_id: Any = 1, **arguments: Any) -> dict:
        response = self.ask("tools/call", {"name": tool, "arguments": arguments}, request_id)
        assert response.status_code == 200, response.content
        return response.json()["result"]

    def refusal(self, tool: str, **arguments: Any) -> str:
        result = self.result(tool, **arguments)
        assert result["isError"], result
        return result["content"][0]["text"]


@pytest.fixture
def assistant(alice) -> Assistant:
    return Assistant(alice)


@pytest.fixture
def assistant_of() -> Callable[..., Assistant]:
    return Assistant

"""What JSON-RPC 2.0 and the Model Context Protocol say about messages: versions, headers, errors."""

from typing import Any

MODERN = "2026-07-28"
HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26")
META = "io.modelcontextprotocol/"
PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
HEADER_MISMATCH, NO_SUCH_VERSION = -32020, -32022


class RpcError(Exception):
    """An error as JSON-RPC 2.0 (section 5.1) has it, with the HTTP status to send it with."""

    def __init__(self, code: int, message: str, status: int = 200, data: dict | None = None):
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "message": message, **({"data": data} if data else {})}


def code_of(status: int) -> int:
    """The code of JSON-RPC for an HTTP status that no code of the protocol is about."""
    return INVALID_REQUEST if status < 500 else INTERNAL_ERROR


def check_version(request: Any, method: str, params: dict) -> bool:
    """Whether this is a request of the era of 2026. Raises RpcError if it contradicts itself."""
    header = header_of(request, "MCP-Protocol-Version")
    meta = params.get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    version = meta.get(f"{META}protocolVersion")
    if version is None and (header is None or header in HANDSHAKE) and method != "server/discover":
        return False
    if version is None or f"{META}clientCapabilities" not in meta:
        if header is not None and header not in (MODERN, *HANDSHAKE):
            raise unsupported(header, (MODERN, *HANDSHAKE))
        raise RpcError(INVALID_PARAMS, "_meta needs the protocol's version and the client's capabilities.", 400)
    check_headers(request, version, method, params)
    if version != MODERN:
        raise unsupported(version, (MODERN,))
    return True


def check_headers(request: Any, version: Any, method: str, params: dict) -> None:
    """Raise RpcError if the headers, which proxies go by, say something else than the body."""
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": method}
    if method == "tools/call":
        headers["Mcp-Name"] = params.get("name")
    for name, value in headers.items():
        if header_of(request, name) != value:
            raise RpcError(HEADER_MISMATCH, f"The header {name} differs from the body.", 400)


def header_of(request: Any, name: str) -> str | None:
    """Without the whitespace around it, which isn't part of the value (RFC 9110, section 5.5)."""
    value = request.headers.get(name)
    return value and value.strip(" \t")


def unsupported(version: Any, supported: tuple[str, ...]) -> RpcError:
    data = {"supported": supported, "requested": str(version)[:100]}
    return RpcError(NO_SUCH_VERSION, "Unsupported protocol version", 400, data)

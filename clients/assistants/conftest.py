"""Programs of others that speak the Model Context Protocol. `make test-assistants` runs these; `make test` doesn't."""

import http.client
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from testing.servers import Server, register

HERE = Path(__file__).parent
PYTHON = HERE / ".venv" / "bin" / "python"
PACKAGES = HERE / "node_modules"


@pytest.fixture(scope="session")
def token(server: Server) -> str:
    return register(server)


@pytest.fixture
def run(tmp_path) -> Callable[..., subprocess.CompletedProcess]:
    """Runs a command in an empty home, so that it finds nothing there, and leaves nothing."""

    def run(*command: str | Path) -> subprocess.CompletedProcess:
        environment = {
            "HOME": str(tmp_path),
            "PATH": f"{PACKAGES / '.bin'}{os.pathsep}{os.environ['PATH']}",
            "CI": "true",
        }
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    return run


class Proxy(ThreadingHTTPServer):
    request_queue_size = 128  # as of real servers: the suite opens connections at once


@contextmanager
def signing_in(server: Server, token: str) -> Iterator[str]:
    """The address of a proxy that adds the token, for programs that can't."""

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            headers = {**dict(self.headers.items()), "Authorization": f"Bearer {token}", "Connection": "close"}
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            self.send_response(response.status)
            for name in ("Content-Type", "WWW-Authenticate", "Allow"):
                if name in response.headers:
                    self.send_header(name, response.headers[name])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = forward

        def log_message(self, *args) -> None:
            pass

    proxy = Proxy(("127.0.0.1", 0), Handler)
    Thread(target=proxy.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{proxy.server_port}"
    proxy.shutdown()
    proxy.server_close()

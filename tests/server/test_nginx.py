"""If-Match through Debian's nginx, which makes the entity tags of what it compresses weak."""

import gzip
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from testing.nginx import NGINX, nginx
from testing.servers import Server, register

GZIP = "gzip on; gzip_proxied any; gzip_types application/json; gzip_min_length 1;"

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@dataclass
class Proxy:
    port: int
    token: str

    def send(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/api/v1/{path}", json.dumps(body) if body is not None else None, given)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if response.headers["Content-Encoding"] == "gzip":
            content = gzip.decompress(content)
        return response.status, response.headers, json.loads(content)


@pytest.fixture(scope="module")
def server(shared_server) -> Server:
    return shared_server


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory) -> Iterator[Proxy]:
    with nginx(tmp_path_factory.mktemp("nginx"), f"{GZIP} location / {{ proxy_pass {server.address}; }}") as port:
        yield Proxy(port, register(server))


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_what_was_read_through_it_can_be_changed_and_only_once(proxy, encoding):
    _, _, made = proxy.send("POST", "tasks/", {"title": "Buy milk"})
    path = f"tasks/{made['id']}/"

    _, read, _ = proxy.send("GET", path, Accept_Encoding=encoding)
    status, _, task = proxy.send("PATCH", path, {"title": "Buy oat milk"}, If_Match=read["ETag"])
    stale, _, problem = proxy.send("PATCH", path, {"title": "Buy rice milk"}, If_Match=read["ETag"])

    assert (read["Content-Encoding"] == "gzip", read["ETag"][:2] == "W/") == (encoding == "gzip",) * 2
    assert (status, task["title"]) == (200, "Buy oat milk")
    assert (stale, problem["code"]) == (412, "precondition_failed")


def test_the_revision_in_a_compressed_list_will_do(proxy):
    proxy.send("POST", "tasks/", {"title": "Buy milk"})
    _, read, page = proxy.send("GET", "tasks/", Accept_Encoding="gzip")
    latest = page["results"][0]

    status, _, _ = proxy.send("PATCH", f"tasks/{latest['id']}/", {"title": "x"}, If_Match=f'"{latest["revision"]}"')

    assert read["ETag"].startswith("W/")
    assert status == 200

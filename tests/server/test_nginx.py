"""If-Match through Debian's nginx, which makes the entity tags of what it compresses weak."""

import gzip
import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from testing.servers import Server, gunicorn, register

NGINX = shutil.which("nginx", path="/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin")
CONFIGURATION = """
daemon off; pid {directory}/nginx.pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  gzip on; gzip_proxied any; gzip_types application/json; gzip_min_length 1;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {upstream}; }} }}
}}
"""

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
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.headers["Content-Encoding"] == "gzip":
            content = gzip.decompress(content)
        return answer.status, answer.headers, json.loads(content)


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_blocker) -> Iterator[Server]:
    with django_db_blocker.unblock(), gunicorn(tmp_path_factory.mktemp("server"), processes=1) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory) -> Iterator[Proxy]:
    directory = tmp_path_factory.mktemp("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = directory / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port, upstream=server.address))
    process = subprocess.Popen([str(NGINX), "-c", str(configuration), "-p", str(directory)])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        yield Proxy(port, register(server))
    finally:
        process.terminate()
        process.wait(timeout=30)


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

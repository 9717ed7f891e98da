"""The commands of the README and the tour work in a fresh copy, over real sockets."""

import json
import os
import re
import shutil
import subprocess

import pytest

from testing.receivers import receiving
from testing.servers import ROOT, Program, make, register
from tests.server.test_worker import wait_until

TOUR = (ROOT / "docs" / "tour.md").read_text()

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="The tour needs curl.")


@pytest.fixture(scope="module")
def run(tmp_path_factory, django_db_blocker):
    with django_db_blocker.unblock(), make("run", tmp_path_factory.mktemp("run")) as server:
        yield server


@pytest.fixture(scope="module")
def received():
    with receiving() as received:
        yield received


@pytest.fixture(scope="module")
def serve(tmp_path_factory, received, django_db_blocker):
    # As datagrams, the port is free.
    settings = {"HOOKS_ALLOW_PRIVATE": "True", "WORKER_ADDRESS": f"127.0.0.1:{received.hooks_port}"}
    with django_db_blocker.unblock(), make("serve", tmp_path_factory.mktemp("serve"), **settings) as server:
        yield server


def test_the_tour_works_as_written(run):
    block = re.search(r"```sh\n(.*?)```", TOUR, re.DOTALL).group(1)

    output = run.shell(block)

    responses = re.findall(r'method="(\w+)" path="/api/v1/([a-z/]*).*? status=(\d+)', run.log.read_text())
    assert responses == [
        ("POST", "auth/register/", "201"),
        ("POST", "tasks/", "201"),
        ("POST", "tasks/", "201"),
        ("GET", "tasks/", "200"),
        ("GET", "tasks/", "200"),
        ("GET", "tasks/", "200"),
        ("GET", "tasks/", "200"),
        ("PATCH", "tasks/", "200"),
        ("POST", "tasks/", "200"),
        ("POST", "tasks/", "200"),
        ("DELETE", "tasks/", "204"),
        ("POST", "projects/", "201"),
        ("POST", "tasks/", "201"),
        ("POST", "tasks/", "201"),
        ("POST", "tasks/", "200"),
        ("GET", "tasks/", "200"),
        ("POST", "tasks/bulk/", "200"),
        ("POST", "tasks/bulk/", "200"),
        ("GET", "tasks/", "200"),
        ("GET", "tasks/summary/", "200"),
        ("GET", "tasks/", "200"),
        ("GET", "tasks/", "304"),
        ("PATCH", "tasks/", "200"),
        ("PATCH", "tasks/", "412"),
        ("POST", "tasks/", "201"),
        ("POST", "tasks/", "201"),
        ("GET", "sync/", "200"),
        ("POST", "tasks/", "200"),
        ("GET", "sync/", "200"),
        ("GET", "tasks/trash/", "200"),
        ("DELETE", "tasks/trash/", "204"),
        ("POST", "tasks/", "400"),
        ("POST", "tokens/", "201"),
        ("POST", "tokens/", "201"),
        ("POST", "auth/logout/", "204"),
    ]
    assert f"Location: {run.address}/api/v1/tasks/" in output
    assert '"field":"titel","code":"unknown"' in output
    assert '"due_date":"2030-02-28"' in output
    assert "Idempotency-Replayed: true" in output


def test_run_prints_an_address_a_sign_in_and_a_curl_line_that_works(run):
    output = run.log.read_text()
    curl = re.search(r"^  (curl .*?\\\n.*)$", output, re.MULTILINE).group(1)

    response = json.loads(run.shell(curl))

    assert f"Serving {run.address}/" in output
    assert "sign in with demo@example.com and demo-password" in output
    assert response["user"]["email"] == "demo@example.com"


def test_run_makes_an_env_file_that_only_its_owner_can_read(run):
    env_file = run.project / ".env"

    assert env_file.stat().st_mode & 0o077 == 0
    assert re.search(r"^SECRET_KEY=\S{50,}$", env_file.read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/", "/api/v1/docs/", "/api/v1/schema/", "/admin/login/", "/api-auth/login/"]
)
@pytest.mark.parametrize("server", ["run", "serve"])
def test_the_pages_and_what_they_load_come_from_here(server, path, request):
    server = request.getfixturevalue(server)

    status, page = server.get(path)

    assert status == 200
    for asset in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)):
        assert server.get(asset)[0] == 200, asset


def test_serve_shows_no_debug_page_and_has_no_demo_user(serve):
    status, page = serve.get("/nowhere/")
    sign_in = '{"email": "demo@example.com", "password": "demo-password"}'
    curl = f"curl -s {serve.address}/api/v1/auth/login/ -H 'Content-Type: application/json' -d '{sign_in}'"

    assert (status, "DEBUG" in page) == (404, False)
    assert json.loads(serve.shell(curl))["status"] == 401


def test_serve_logs_a_line_of_json_for_each_request(serve):
    serve.get("/api/v1/tasks/")

    lines = [json.loads(line) for line in serve.log.read_text().splitlines() if line.startswith("{")]
    assert [line for line in lines if line.get("path") == "/api/v1/tasks/"][-1]["status"] == 401


def test_serve_starts_the_worker_and_ends_it(serve, received):
    """The last of those that use it."""
    with Program(serve.port, register(serve)) as program:
        program.send("POST", "hooks/", {"url": f"http://127.0.0.1:{received.hooks_port}/serve"})
        program.send("POST", "tasks/", {"title": "Buy milk"})
        wait_until(lambda: received.events["/serve"], seconds=60)

    serve.process.terminate()
    serve.process.wait(timeout=30)

    wait_until(lambda: not is_group_alive(serve.process.pid))


def is_group_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_make_help_lists_every_target():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)

    for target in ("setup", "run", "serve", "test", "lint", "schema", "seed", "proofs", "clean"):
        assert f"make {target} " in done.stdout

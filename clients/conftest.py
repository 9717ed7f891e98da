"""Clients that are generated from the OpenAPI document. `make test-clients` runs these; `make test` doesn't."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.servers import ROOT, Server, gunicorn

CLIENTS = ROOT / "clients"
PYTHON = CLIENTS / "python" / ".venv" / "bin"
NODE_MODULES = CLIENTS / "typescript" / "node_modules"


class Workshop:
    """A directory in which a client is generated, checked and run. Each step that fails raises what it said."""

    def __init__(self, directory: Path):
        self.directory = directory

    def do(self, *command: str | Path) -> str:
        path = f"{PYTHON}{os.pathsep}{os.environ['PATH']}"  # the generator looks there for ruff
        done = subprocess.run(
            command, cwd=self.directory, env={**os.environ, "PATH": path}, text=True, capture_output=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""  # where the generators' warnings go
        return done.stdout

    def prove(self, address: str) -> str:
        """What the client says at the end of its walk, after the check of its types."""
        self.check()
        return self.walk(address)


class TypeScript(Workshop):
    def generate(self, document: Path) -> None:
        self.do("node", NODE_MODULES / "openapi-typescript" / "bin" / "cli.js", document, "--output", "api.d.ts")

    def check(self) -> None:
        self.do("node", NODE_MODULES / "typescript" / "bin" / "tsc", "--project", ".")

    def walk(self, address: str) -> str:
        return self.do("node", "build/walk.js", address)


class Python(Workshop):
    def generate(self, document: Path) -> None:
        options = ["--output-path", "todo_client", "--meta", "none", "--overwrite", "--fail-on-warning"]
        self.do(PYTHON / "openapi-python-client", "generate", "--path", document, *options)

    def check(self) -> None:
        # Without the project's settings; what was generated is looked into, not reported on.
        self.do(PYTHON / "mypy", "--config-file=", "--strict", "--follow-imports=silent", "walk.py")

    def walk(self, address: str) -> str:
        return self.do(PYTHON / "python", "walk.py", address)


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    with gunicorn(tmp_path_factory.mktemp("server"), processes=2) as server:
        yield server


@pytest.fixture(scope="session")
def document(server) -> str:
    """The OpenAPI document, as a front end's developer gets it."""
    status, document = server.get("/api/v1/schema/")
    assert status == 200
    return document


@pytest.fixture(params=[TypeScript, Python], ids=["typescript", "python"])
def workshop(request, tmp_path) -> Workshop:
    """With the files of the client that are not generated."""
    source = CLIENTS / request.param.__name__.lower()
    for name in {"walk.ts", "walk.py", "tsconfig.json", "package.json"} & set(os.listdir(source)):
        (tmp_path / name).write_text((source / name).read_text())
    if request.param is TypeScript:
        (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    return request.param(tmp_path)

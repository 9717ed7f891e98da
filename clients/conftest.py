"""Clients that are generated from the OpenAPI document. `make test-clients` runs these; `make test` doesn't."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.servers import ROOT, Server, gunicorn

CLIENTS = ROOT / "clients"
PYTHON = CLIENTS / "python" / ".venv" / "bin"


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
        self.do(self.program("openapi-typescript"), document, "--output", "api.d.ts")

    def check(self) -> None:
        self.do(self.program("tsc"), "--project", ".")

    def walk(self, address: str) -> str:
        return self.do("node", "build/walk.js", address)

    def program(self, name: str) -> Path:
        return self.directory / "node_modules" / ".bin" / name


class Orval(TypeScript):
    def generate(self, document: Path) -> None:
        self.do(self.program("orval"), "--config", "orval.config.mjs", "--fail-on-warnings")


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


@pytest.fixture(params=[TypeScript, Orval, Python], ids=["typescript", "orval", "python"])
def workshop(request, tmp_path) -> Workshop:
    """With the files of the client that are not generated."""
    source = CLIENTS / request.param.__name__.lower()
    for path in source.iterdir():
        if path.suffix in (".ts", ".mjs", ".py") or path.name in ("tsconfig.json", "package.json"):
            (tmp_path / path.name).write_text(path.read_text())
    if issubclass(request.param, TypeScript):
        (tmp_path / "node_modules").symlink_to(source / "node_modules")
    return request.param(tmp_path)

"""Programs that others wrote talk to our CalDAV server. `make test-dav` runs these; `make test` doesn't.

DAV_SERVER=radicale sends them to Radicale, to compare, and to see what a program does elsewhere.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.servers import Server, gunicorn
from tests.dav.accounts import Account, RadicaleAccount

PROGRAMS = Path(__file__).parent / ".venv" / "bin"
COMPARED = os.environ.get("DAV_SERVER") == "radicale"


def radicale(directory: Path) -> Server:
    """Its storage is in `directory`, and so are its users."""
    (directory / "users").touch()
    options = {
        "auth-type": "htpasswd",
        "auth-htpasswd-filename": directory / "users",
        "auth-htpasswd-encryption": "plain",
        "auth-delay": 0,  # after a wrong password
        "storage-filesystem-folder": directory,
        "server-hosts": "127.0.0.1:$PORT",
        "logging-level": "warning",
    }
    command = " ".join(f"--{name}={value}" for name, value in options.items())
    return Server(["sh", "-c", f"exec {PROGRAMS}/python -m radicale {command}"], directory, directory / "log", {})


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    yield from running(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="session")
def server_of_calendars(tmp_path_factory) -> Iterator[Server]:
    """One that also keeps events, which what tests whole calendar servers writes."""
    yield from running(tmp_path_factory.mktemp("server"), DAV_OTHER_COMPONENTS="True")


def running(directory: Path, **settings: str) -> Iterator[Server]:
    if COMPARED:
        server = radicale(directory)
        yield server.wait()
        server.stop()
    else:
        with gunicorn(directory, processes=2, **settings) as server:
            yield server


def account_of(server: Server) -> Account | RadicaleAccount:
    return RadicaleAccount(server) if COMPARED else Account(server)


@pytest.fixture
def account(server) -> Account | RadicaleAccount:
    return account_of(server)


@pytest.fixture
def calendars(server_of_calendars) -> Account | RadicaleAccount:
    return account_of(server_of_calendars)

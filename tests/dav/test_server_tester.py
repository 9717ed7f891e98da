"""caldav-server-tester finds out what a calendar server can do. It must find nothing here that Radicale does better."""

import ast
import os
import subprocess
from pathlib import Path

import pytest

from tests.dav.accounts import RadicaleAccount
from tests.dav.conftest import COMPARED, PROGRAMS, radicale

# From bad to good; what it couldn't find out says nothing.
LEVELS = ("unknown", "broken", "ungraceful", "unsupported", "fragile", "quirk", "full")

# What Radicale does and this server doesn't, with the reason.
LESS = {
    "freebusy-query": "Tasks take up no time that others could ask for. The tester calls any error ungraceful.",
    "search.recurrences.expanded.event": "Only with DAV_OTHER_COMPONENTS are events kept, and then as they came.",
    "search.recurrences.expanded.exception": "As above: it looks at an event's.",
}


@pytest.fixture
def compared(tmp_path):
    server = radicale(tmp_path).wait()
    yield RadicaleAccount(server)
    server.stop()


@pytest.mark.skipif(COMPARED, reason="Radicale is what it is compared with.")
def test_it_finds_nothing_that_radicale_does_better(calendars, compared, tmp_path):
    ours, theirs = findings(calendars, tmp_path), findings(compared, tmp_path)

    assert len(theirs) > 60
    less = {name: (ours[name], found) for name, found in theirs.items() if level(ours[name]) < level(found)}
    assert less.keys() == LESS.keys(), less


def level(found: dict) -> int:
    return LEVELS.index(found.get("support", "unknown"))


def findings(account, home: Path) -> dict[str, dict]:
    """What it found out, by the name of the feature."""
    signed_in = {"url": account.url, "username": account.user, "password": account.password}
    options = [f"--caldav-{name}={value}" for name, value in signed_in.items()]
    done = subprocess.run(
        [PROGRAMS / "caldav-server-tester", *options, "--format=hints"],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return ast.literal_eval(done.stdout[done.stdout.index("{") :])

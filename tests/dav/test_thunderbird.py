"""Thunderbird itself, without windows. It is steered as browsers are, by Marionette; see `thunderbird/commands.js`."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dav.conftest import COMPARED

FILES = Path(__file__).parent / "thunderbird"

pytestmark = pytest.mark.skipif(not shutil.which("thunderbird"), reason="`tests/dav/setup thunderbird` installs it")


class Thunderbird:
    """Each command takes values and gives one back. It speaks the protocol of Marionette: lengths and JSON."""

    def __init__(self, profile: Path):
        shutil.copy(FILES / "user.js", profile)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with (profile / "user.js").open("a") as settings:
            settings.write(f'user_pref("marionette.port", {self.port});\n')
        command = ["thunderbird", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
        with (profile / "log").open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--profile", profile], env={**os.environ, "HOME": str(profile)}, stdout=log, stderr=log
            )

    def __enter__(self):
        self.connection = self.connect()
        self.stream = self.connection.makefile("rb")
        self.read()  # its greeting
        self.send("WebDriver:NewSession", {"capabilities": {}})
        self.send("Marionette:SetContext", {"value": "chrome"})
        return self

    def __exit__(self, *error) -> None:
        self.stream.close()
        self.connection.close()
        self.process.terminate()
        self.process.wait(timeout=30)

    def connect(self) -> socket.socket:
        for _ in range(600):
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=60)
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise AssertionError("Thunderbird doesn't start.")

    def read(self):
        length = b"".join(iter(lambda: self.stream.read(1), b":"))
        return json.loads(self.stream.read(int(length)))

    def send(self, command: str, parameters: dict):
        message = json.dumps([0, 1, command, parameters]).encode()
        self.connection.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self.read()
        assert not error, error
        return result

    def do(self, name: str, *values: str):
        result = self.result_of(name, *values)
        assert result is not None, "There is a dialog that nothing here expects."
        assert "error" not in result, result["error"]
        return result["value"]

    def result_of(self, name: str, *values: str) -> dict | None:
        """None if a dialog came in between. It is dismissed."""
        script = {"script": (FILES / "commands.js").read_text(), "args": [name, values]}
        result: dict | None = self.send("WebDriver:ExecuteAsyncScript", script)["value"]
        return result

    def shows(self, expected: dict[str, dict]) -> bool:
        """Whether it does within 30 seconds: it is not said when a refresh is over."""
        self.do("refresh", "Home")
        end, seen = time.monotonic() + 30, None
        while seen != {"value": expected} and time.monotonic() < end:
            seen = self.result_of("tasks", "Home")
            if seen is None:  # it asked for a password, which it does once in many runs
                self.do("refresh", "Home")
            time.sleep(0.2)
        assert seen == {"value": expected}
        return True


def realm(address: str) -> str:
    """What the server says a password is for. Thunderbird keeps it with the password."""
    request = urllib.request.Request(address, method="PROPFIND", headers={"Depth": "0"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as response:
        return response.headers["WWW-Authenticate"].split('realm="')[1].split('"')[0]


@pytest.fixture(scope="module")
def started(tmp_path_factory) -> Iterator[Thunderbird]:
    """Once for all tests: it takes longest."""
    with Thunderbird(tmp_path_factory.mktemp("profile")) as program:
        yield program


@pytest.fixture
def thunderbird(started, account) -> Iterator[Thunderbird]:
    account.add("Of the server", due="2027-07-31 09:00")
    started.do("signIn", account.address, realm(account.url), account.user, account.password)
    started.found = started.do("discover", account.address, account.user, account.password)
    started.shows({"Of the server": seen("2027-07-31 09:00")})
    yield started
    started.do("forget")


def seen(due: str = "", completed: bool = False) -> dict:
    return {"due": due, "completed": completed, "description": ""}


def test_it_finds_lists_of_tasks_that_can_be_written(thunderbird):
    state = thunderbird.do("state", "Home")

    assert "Home" in thunderbird.found
    assert state == {"readOnly": False, "tasks": True, "events": False, "status": 0}


def test_what_it_does_reaches_the_server(thunderbird, account):
    thunderbird.do("add", "Home", "Changed", "2027-07-31 09:00")
    thunderbird.do("add", "Home", "Completed", "2027-08-01")
    thunderbird.do("add", "Home", "Deleted", "")
    assert account.tasks().keys() == {"Of the server", "Changed", "Completed", "Deleted"}

    thunderbird.do("change", "Home", "Changed", "With a new name", "2027-08-02 10:30")
    thunderbird.do("change", "Home", "Of the server", "Of both", "2027-08-02 11:00")
    thunderbird.do("complete", "Home", "Completed")
    thunderbird.do("remove", "Home", "Deleted")

    assert account.tasks() == {
        "With a new name": seen("2027-08-02 10:30"),
        "Of both": seen("2027-08-02 11:00"),
        "Completed": seen("2027-08-01", completed=True),
    }


def test_what_happens_on_the_server_reaches_it(thunderbird, account):
    thunderbird.do("add", "Home", "Of the program", "2027-08-01")
    account.add("Deleted")
    assert thunderbird.shows(
        {"Of the server": seen("2027-07-31 09:00"), "Of the program": seen("2027-08-01"), "Deleted": seen()}
    )

    account.rename("Of the server", "Of both")
    account.complete("Of the program")
    account.remove("Deleted")

    assert thunderbird.shows(
        {"Of both": seen("2027-07-31 09:00"), "Of the program": seen("2027-08-01", completed=True)}
    )


@pytest.mark.skipif(COMPARED, reason="Radicale knows nothing of occurrences.")
def test_ticking_an_occurrence_completes_the_task_and_makes_the_next_one(thunderbird, account):
    account.remove("Of the server")
    thunderbird.do("add", "Home", "Water the plants", "2027-07-31 09:00", "FREQ=DAILY")

    thunderbird.do("completeOccurrence", "Home", "Water the plants", "2027-07-31 09:00")
    assert thunderbird.shows({"Water the plants": seen("2027-08-01 09:00")})
    thunderbird.do("completeOccurrence", "Home", "Water the plants", "2027-08-01 09:00")

    assert sorted((each["due_date"], each["completed"]) for each in account.all()) == [
        ("2027-07-31", True),
        ("2027-08-01", True),
        ("2027-08-02", False),
    ]
    assert {each["recurrence"] for each in account.all()} == {"FREQ=DAILY"}

"""evolution-data-server, by which Evolution and GNOME's other programs get at calendars."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dav.conftest import COMPARED

EVOLUTION = Path(__file__).parent / "evolution"
SERVICES = Path("/usr/share/dbus-1/services")


class Evolution:
    """The program, which answers each line with one. It has a home and a session of its own."""

    def __init__(self, home: Path, account):
        shutil.copy(EVOLUTION / "bus.conf", home)
        (home / "services").mkdir()
        for service in (*SERVICES.glob("org.gnome.evolution.dataserver.*"), *SERVICES.glob("ca.desrt.dconf.*")):
            shutil.copy(service, home / "services")
        settings = {"url": account.list_url, "address": account.address}
        settings |= {"user": account.user, "password": account.password}
        self.log = (home / "log").open("w+")
        command = ["dbus-run-session", f"--config-file={home}/bus.conf", "--", "/usr/bin/python3"]
        self.process = subprocess.Popen(
            [*command, EVOLUTION / "program.py", json.dumps(settings)],
            env={"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()
        self.log.close()

    def said(self):
        line = self.process.stdout.readline()
        assert line, Path(self.log.name).read_text()
        return json.loads(line)

    def do(self, *command: str):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self.said()

    def shows(self, expected: dict[str, dict]) -> bool:
        """Whether it does within 20 seconds. A refresh goes on after its call has returned."""
        self.do("refresh")
        end = time.monotonic() + 20
        while (seen := self.do("tasks")) != expected and time.monotonic() < end:
            time.sleep(0.1)
        assert seen == expected
        return True


@pytest.fixture
def evolution(tmp_path, account) -> Iterator[Evolution]:
    account.add("Of the server", due="2027-07-31 09:00")
    with Evolution(tmp_path, account) as program:
        program.discovered = program.said()
        yield program


def test_it_discovers_the_lists(evolution, account):
    assert evolution.discovered["Home"] == account.list_url


def test_what_it_does_reaches_the_server(evolution, account):
    evolution.do("add", "Changed", "2027-07-31 09:00")
    evolution.do("add", "Completed", "2027-08-01")
    evolution.do("add", "Deleted")
    assert account.tasks().keys() == {"Of the server", "Changed", "Completed", "Deleted"}

    evolution.do("change", "Changed", "With a new name", "2027-08-02 10:30")
    evolution.do("change", "Of the server", "Of both", "2027-08-02")
    evolution.do("complete", "Completed")
    evolution.do("delete", "Deleted")

    assert account.tasks() == {
        "With a new name": {"due": "2027-08-02 10:30", "completed": False, "description": ""},
        "Of both": {"due": "2027-08-02", "completed": False, "description": ""},
        "Completed": {"due": "2027-08-01", "completed": True, "description": ""},
    }


def test_what_happens_on_the_server_reaches_it(evolution, account):
    evolution.do("add", "Of the program", "2027-08-01")
    account.add("Deleted")
    both = {"due": "2027-07-31 09:00", "completed": False, "description": ""}
    new = {"due": "2027-08-01", "completed": False, "description": ""}
    deleted = {"due": "", "completed": False, "description": ""}
    assert evolution.shows({"Of the server": both, "Of the program": new, "Deleted": deleted})

    account.rename("Of the server", "Of both")
    account.complete("Of the program")
    account.remove("Deleted")

    assert evolution.shows({"Of both": both, "Of the program": new | {"completed": True}})


@pytest.mark.skipif(COMPARED, reason="Radicale knows nothing of occurrences.")
def test_completing_an_occurrence_in_it_moves_the_task_on_and_the_server_goes_on_from_there(evolution, account):
    account.remove("Of the server")
    evolution.do("add", "Water the plants", "2027-07-31 09:00", "FREQ=DAILY")

    evolution.do("complete", "Water the plants")
    assert account.tasks() == {"Water the plants": {"due": "2027-08-01 09:00", "completed": False, "description": ""}}
    account.complete("Water the plants")

    assert sorted((each["due_date"], each["completed"]) for each in account.all()) == [
        ("2027-08-01", True),
        ("2027-08-02", False),
    ]

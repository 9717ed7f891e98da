"""vdirsyncer syncs the lists with a directory, in which todoman changes tasks."""

import json
import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from tests.dav.accounts import ZONE
from tests.dav.conftest import COMPARED, PROGRAMS

SETTINGS = {
    "vdirsyncer": """
[general]
status_path = "{directory}/status/"

[pair tasks]
a = "here"
b = "there"
collections = ["from a", "from b"]
metadata = ["displayname", "color"]
conflict_resolution = {conflict}

[storage here]
type = "filesystem"
path = "{directory}/lists/"
fileext = ".ics"

[storage there]
type = "caldav"
url = "{account.address}"
username = "{account.user}"
password = "{account.password}"
item_types = ["VTODO"]
""",
    "todo.py": """
path = "{directory}/lists/*"
cache_path = "{directory}/cache"
date_format = "%Y-%m-%d"
time_format = "%H:%M"
default_due = 0
""",
}


class Desk:
    """A computer of Alice's with a copy of her lists. It is in Zurich."""

    def __init__(self, directory: Path, account):
        self.directory, self.account, self.lists = directory, account, directory / "lists"
        self.lists.mkdir(parents=True)
        self.configure()
        self.discover()
        self.sync()

    def configure(self, conflict: str = "null") -> None:
        for name, text in SETTINGS.items():
            settings = text.format(directory=self.directory, conflict=conflict, account=self.account)
            (self.directory / name).write_text(settings)

    def start(self, program: str, *arguments: str, said: str = "") -> subprocess.CompletedProcess:
        settings = next(self.directory.glob(f"{program}*"))
        command = [PROGRAMS / program, "--config", settings, *arguments]
        environment = {**os.environ, "TZ": "Europe/Zurich", "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, env=environment, input=said, capture_output=True, text=True, timeout=60)

    def run(self, program: str, *arguments: str, said: str = "") -> str:
        done = self.start(program, *arguments, said=said)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def discover(self) -> None:
        self.run("vdirsyncer", "discover", said="y\n" * 9)  # yes, create what is missing on a side

    def sync(self) -> None:
        self.run("vdirsyncer", "sync")

    def tasks(self) -> dict[str, dict]:
        listed = json.loads(self.run("todo", "--porcelain", "list", "--status", "ANY"))
        return {each["summary"]: each for each in listed}

    def file(self, title: str) -> Path:
        return next(path for path in self.lists.glob("*/*.ics") if f"SUMMARY:{title}\n" in path.read_text())

    def todo(self, command: str, title: str, *options: str) -> None:
        self.run("todo", command, *options, str(self.tasks()[title]["id"]))


@pytest.fixture
def desk(tmp_path, account) -> Desk:
    return Desk(tmp_path / "desk", account)


@pytest.fixture
def laptop(tmp_path, account) -> Desk:
    return Desk(tmp_path / "laptop", account)


def test_lists_are_discovered_with_their_names(desk, account):
    desk.run("vdirsyncer", "metasync")

    names = {path.parent.name: path.read_text() for path in desk.lists.glob("*/displayname")}

    assert names[account.home] == "Home"


def test_a_task_travels_to_the_server_and_back(desk, laptop, account):
    desk.run(
        "todo", "new", "--list", account.home, "--due", "2027-07-31 09:00", "Call Mum; say, hello", said="At\nhome"
    )
    desk.run("todo", "new", "--list", account.home, "--due", "2027-08-01", "Buy milk")
    desk.sync()
    laptop.sync()

    assert account.tasks() == {
        "Call Mum; say, hello": {"due": "2027-07-31 09:00", "completed": False, "description": ""},
        "Buy milk": {"due": "2027-08-01", "completed": False, "description": ""},
    }
    assert laptop.tasks().keys() == desk.tasks().keys()
    assert laptop.file("Buy milk").read_text() == desk.file("Buy milk").read_text()


def test_what_todoman_changes_reaches_the_server(desk, account):
    for title in ("Edited", "Completed", "Deleted"):
        account.add(title, due="2027-07-31 09:00")
    desk.sync()

    desk.todo("edit", "Edited", "--due", "2027-08-01 10:30", "--priority", "high")
    desk.todo("done", "Completed")
    desk.todo("delete", "Deleted", "--yes")
    desk.sync()

    assert account.tasks() == {
        "Edited": {"due": "2027-08-01 10:30", "completed": False, "description": ""},
        "Completed": {"due": "2027-07-31 09:00", "completed": True, "description": ""},
    }


def test_what_changes_on_the_server_reaches_todoman(desk, account):
    desk.run("todo", "new", "--list", account.home, "--due", "2027-07-31 09:00", "Of the desk")
    for title in ("Renamed", "Completed", "Deleted"):
        account.add(title)
    desk.sync()
    assert set(desk.tasks()) == {"Of the desk", "Renamed", "Completed", "Deleted"}

    account.rename("Renamed", "With a new name")
    account.rename("Of the desk", "Of both")
    account.complete("Completed")
    account.remove("Deleted")
    desk.sync()

    seen = desk.tasks()
    assert {title: task["completed"] for title, task in seen.items()} == {
        "With a new name": False,
        "Of both": False,
        "Completed": True,
    }
    assert seen["Of both"]["due"] == datetime(2027, 7, 31, 9, tzinfo=ZONE).timestamp()


def test_a_conflict_loses_nothing_until_somebody_decides(desk, account):
    account.add("Buy milk", due="2027-07-31")
    desk.sync()
    account.rename("Buy milk", "Buy oat milk")
    desk.todo("edit", "Buy milk", "--due", "2027-08-01")

    undecided = desk.start("vdirsyncer", "sync")

    assert "conflict" in undecided.stderr
    assert account.tasks()["Buy oat milk"]["due"] == "2027-07-31"
    assert "20270801" in desk.file("Buy milk").read_text()

    desk.configure(conflict='"a wins"')
    desk.sync()

    assert account.tasks() == {"Buy milk": {"due": "2027-08-01", "completed": False, "description": ""}}


def test_nothing_is_sent_when_nothing_has_changed(desk, account):
    desk.run("todo", "new", "--list", account.home, "--due", "2027-07-31 09:00", "Of the desk")
    account.add("Of the server", due="2027-07-31 09:00")
    desk.sync()

    again = desk.start("vdirsyncer", "sync")

    assert "Copying" not in again.stderr
    assert "Deleting" not in again.stderr


def test_a_list_that_is_made_on_the_desk_is_made_on_the_server(desk, account):
    (desk.lists / "garden").mkdir()
    desk.discover()
    desk.run("todo", "new", "--list", "garden", "Water the plants")
    desk.sync()

    assert set(account.lists()) == {"Home", "garden"}
    assert account.tasks("garden") == {"Water the plants": {"due": "", "completed": False, "description": ""}}


@pytest.mark.skipif(COMPARED, reason="Radicale knows nothing of occurrences.")
def test_completing_a_task_that_recurs_in_todoman_leaves_one_open_the_next(desk, account):
    account.add("Water the plants", due="2027-07-31 09:00", recurrence="FREQ=DAILY")
    desk.sync()

    desk.todo("done", "Water the plants")
    desk.sync()

    assert sorted((each["due_date"], each["completed"]) for each in account.all()) == [
        ("2027-07-31", True),
        ("2027-08-01", False),
    ]

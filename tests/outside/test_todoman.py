"""todoman reads the calendar that is exported here, and writes tasks that are imported here."""

import json
import os
import subprocess
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from icalendar import Calendar

from testing.uploads import named
from todos.models import Task
from transfer.tests.conftest import tasks_of, told


@pytest.fixture
def todoman(tmp_path: Path):
    """Runs todoman in Zurich, with a list whose directory is `tmp_path / "lists" / "home"`."""
    (tmp_path / "lists" / "home").mkdir(parents=True)
    settings = {
        "path": str(tmp_path / "lists" / "*"),
        "cache_path": str(tmp_path / "cache"),
        "date_format": "%Y-%m-%d",
        "time_format": "%H:%M",
        "default_list": "home",
    }
    (tmp_path / "config.py").write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))

    def run(*arguments: str) -> str:
        command = ["todoman", "--config", str(tmp_path / "config.py"), *arguments]
        environment = {**os.environ, "TZ": "Europe/Zurich", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_todoman_reads_our_calendar(todoman, api, alice, tmp_path):
    due = {"due_date": date(2027, 7, 31), "due_time": time(9)}
    parent = Task.objects.create(owner=alice, title="Call Mum; say, hello", priority=4, tags=["phone"], **due)
    Task.objects.create(owner=alice, title="Find the number", parent=parent, due_date=date(2027, 1, 31))
    Task.objects.create(owner=alice, title="Done").complete()
    calendar = Calendar.from_ical(api.get("/export/tasks.ics").content)
    zones = calendar.walk("VTIMEZONE")

    for todo in calendar.walk("VTODO"):  # it wants a file for each
        one = Calendar({name: calendar[name] for name in ("VERSION", "PRODID")})
        for component in (*zones, todo):
            one.add_component(component)
        (tmp_path / "lists" / "home" / f"{todo['UID']}.ics").write_bytes(one.to_ical())

    listed = {each["summary"]: each for each in json.loads(todoman("--porcelain", "list", "--status", "ANY"))}
    assert set(listed) == {"Call Mum; say, hello", "Find the number", "Done"}
    assert listed["Done"]["completed"]
    assert listed["Call Mum; say, hello"]["priority"] == 1
    assert listed["Call Mum; say, hello"]["due"] == datetime(2027, 7, 31, 7, tzinfo=UTC).timestamp()


def test_what_todoman_writes_is_imported(todoman, api, alice, tmp_path):
    todoman("new", "--due", "2027-07-31 09:00", "--priority", "high", "Call Mum; say, hello")
    todoman("new", "--start", "2027-01-01", "--due", "2027-01-02 10:00", "--location", "Shop", "Buy milk")
    todoman("done", "2")

    lost = []
    for file in (tmp_path / "lists" / "home").glob("*.ics"):
        response = api.post("/import/ics/", {"file": named(file.read_bytes(), file.name)}, format="multipart")
        lost += told(response)

    assert [(name, reason) for _, name, reason in lost] == [("LOCATION", "Tasks here have no such property.")]
    tasks = tasks_of(alice)
    assert tasks["Call Mum; say, hello"] == {"priority": 3, "due_date": "2027-07-31", "due_time": "09:00:00"}
    assert (tasks["Buy milk"]["start_date"], tasks["Buy milk"]["due_date"]) == ("2027-01-01", "2027-01-02")
    assert "completed_at" in tasks["Buy milk"]

"""Taskwarrior itself writes the export that is imported here."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from testing.uploads import named
from todos.models import Task
from transfer.tests.conftest import shown, told


@pytest.fixture
def taskwarrior(tmp_path: Path):
    (tmp_path / "rc").write_text("confirmation=no\nverbose=nothing\nrecurrence=yes\n")
    environment = {
        **os.environ,
        "TASKRC": str(tmp_path / "rc"),
        "TASKDATA": str(tmp_path / "data"),
        "TZ": "Europe/Zurich",
    }
    (tmp_path / "data").mkdir()

    def run(*arguments: str) -> bytes:
        done = subprocess.run(["task", *arguments], env=environment, capture_output=True, check=False)
        return done.stdout

    return run


def test_what_taskwarrior_exports_is_imported(taskwarrior, api, alice):
    taskwarrior(
        "add", "Water the plants", "due:2027-01-31", "recur:2weeks", "project:Home.Garden", "+daily", "priority:H"
    )
    taskwarrior("add", "Buy a pot", "due:2027-02-01T09:30", "wait:2027-01-01")
    taskwarrior("add", "Old thing")
    taskwarrior("Old thing", "done")
    taskwarrior("Buy a pot", "annotate", "A large one")
    taskwarrior("list")  # makes the instance of what recurs
    exported = taskwarrior("export")
    assert {each["status"] for each in json.loads(exported)} == {"recurring", "pending", "completed"}

    response = api.post("/import/taskwarrior/", {"file": named(exported, "tasks.json")}, format="multipart")

    assert told(response) == []
    tasks = {task.title: shown(task) for task in Task.objects.filter(owner=alice)}
    assert set(tasks) == {"Water the plants", "Buy a pot", "Old thing"}
    assert tasks["Water the plants"] == {
        "priority": 3,
        "due_date": "2027-01-31",
        "recurrence": "FREQ=WEEKLY;INTERVAL=2",
        "project": "Home.Garden",
        "tags": ["daily"],
    }
    assert tasks["Buy a pot"] == {
        "description": "A large one",
        "start_date": "2027-01-01",
        "due_date": "2027-02-01",
        "due_time": "09:30:00",
    }
    assert list(tasks["Old thing"]) == ["completed_at"]

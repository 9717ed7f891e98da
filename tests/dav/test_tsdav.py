"""A front end's calendar client in JavaScript, with tsdav."""

import json
import subprocess
from pathlib import Path

WALK = Path(__file__).parent / "tsdav" / "walk.js"


def test_tsdav_finds_and_changes_tasks(account):
    settings = {"address": account.address, "user": account.user, "password": account.password, "list": "Home"}

    done = subprocess.run(["node", WALK, json.dumps(settings)], capture_output=True, text=True, timeout=60)

    assert done.stdout == "found, created, changed, refused, deleted, synced\n", done.stderr
    assert account.tasks() == {
        "Renamed": {"due": "2027-08-01", "completed": False, "description": ""},
        "Completed": {"due": "", "completed": True, "description": ""},
    }

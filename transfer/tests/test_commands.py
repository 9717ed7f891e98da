"""`manage.py export_account` and `import_account`."""

import json

import pytest
from django.core.management import CommandError, call_command

from testing.uploads import FILES
from todos.models import Task
from transfer import records
from transfer.tests.conftest import tasks_of
from users.models import User


def test_an_account_goes_to_a_file_and_into_another_account(alice, task, bob, tmp_path, capsys):
    archive = tmp_path / "alice.json"

    call_command("export_account", "Alice@example.com", archive)
    call_command("import_account", "bob@example.com", archive)

    settings = {"name": "Alice", "timezone": "Europe/Zurich", "reminders_by_email": True}
    assert json.loads(archive.read_bytes())["settings"] == settings
    assert tasks_of(bob) == tasks_of(alice)
    assert capsys.readouterr().out == "Created: 0 projects, 0 tags, 1 tasks. Unchanged tasks: 0.\n"


def test_a_dry_run_tells_what_is_lost_and_changes_nothing(alice, capsys):
    call_command("import_account", alice.email, FILES["taskwarrior"], "--source=taskwarrior", "--dry-run")

    assert capsys.readouterr().out.splitlines()[:2] == [
        "Would create: 1 projects, 1 tags, 3 tasks. Unchanged tasks: 0.",
        "Lost: item 4: Buy a pot: depends: It isn't known here.",
    ]
    assert not Task.objects.exists()


def test_nothing_limits_the_number_of_rows(alice, monkeypatch, tmp_path):
    monkeypatch.setattr(records, "MAX_ROWS", 1)
    (tmp_path / "todo.txt").write_text("a\nb\n")

    call_command("import_account", alice.email, tmp_path / "todo.txt", "--source=todotxt")

    assert set(tasks_of(alice)) == {"a", "b"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["export_account", "nobody@example.com", "-"],
            "There is no account with the email address nobody@example.com.",
        ),
        (["import_account", "alice@example.com", "/nowhere"], "/nowhere: No such file or directory."),
        (["import_account", "alice@example.com", str(FILES["csv"])], "line 1: This isn't JSON"),
    ],
)
def test_what_can_not_be_done_is_said(alice, arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command(*arguments)


def test_a_file_that_is_there_stays(alice, tmp_path):
    (tmp_path / "x").write_text("mine")

    with pytest.raises(CommandError, match="File exists"):
        call_command("export_account", alice.email, tmp_path / "x")

    assert (tmp_path / "x").read_text() == "mine"
    assert User.objects.exists()

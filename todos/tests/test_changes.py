"""Every write takes the owner's next revision, and leaves one line in the log: ids only, no contents."""

import logging

import pytest
from django.core.management import call_command

from todos.models import Task
from users.models import User


@pytest.fixture
def lines(caplog, django_capture_on_commit_callbacks):
    """Run something as if its transaction were committed, and return its lines in the log of changes."""

    def run(something, *arguments, **options):
        caplog.clear()
        with caplog.at_level(logging.INFO, "api.changes"), django_capture_on_commit_callbacks(execute=True):
            something(*arguments, **options)
        return [(record.message, record.fields) for record in caplog.records if record.name == "api.changes"]

    return run


def line(change: str, owner: User, revision: int, *tasks: Task) -> tuple[str, dict]:
    return change, {"owner": owner.pk, "revision": revision, "count": len(tasks), "ids": [task.pk for task in tasks]}


def test_each_operation_has_its_line(api, alice, lines):
    assert [change for change, _ in lines(api.post, "/tasks/", {"title": "canary"})] == ["task.created"]
    task = Task.objects.get()
    url = f"/tasks/{task.pk}/"

    assert lines(api.patch, url, {"title": "canary 2"}) == [line("task.updated", alice, 2, task)]
    assert lines(api.post, f"{url}complete/") == [line("task.completed", alice, 3, task)]
    assert lines(api.post, f"{url}complete/") == []
    assert lines(api.patch, url, {"completed": False}) == [line("task.reopened", alice, 4, task)]
    assert lines(api.delete, url) == [line("task.deleted", alice, 5, task)]


def test_a_list_has_one_line(api, lines):
    [(change, fields)] = lines(api.post, "/tasks/", [{"title": "a"}, {"title": "b"}])

    assert change == "task.created"
    assert (fields["revision"], fields["count"]) == (1, 2)


def test_no_line_has_contents(api, lines, caplog):
    lines(api.post, "/tasks/", {"title": "canary", "description": "canary"})

    assert "canary" not in "".join(str(record.__dict__) for record in caplog.records)


def test_bulk_calls_stamp_every_row(alice):
    Task.objects.bulk_create(Task(owner=alice, title=title) for title in "ab")
    Task.objects.owned_by(alice).update(description="new")

    alice.refresh_from_db()
    assert alice.revision == 2
    assert set(Task.objects.values_list("revision", "description")) == {(2, "new")}


def test_bulk_calls_count_for_each_owner(alice, bob, task, bobs_task):
    Task.objects.filter(pk__in=[task.pk, bobs_task.pk]).update(description="new")

    alice.refresh_from_db()
    bob.refresh_from_db()
    assert (alice.revision, bob.revision) == (2, 2)


def test_deleting_a_queryset_moves_to_the_trash(alice, task):
    deleted = Task.objects.owned_by(alice).delete()

    assert deleted == (1, {"todos.Task": 1})
    assert (Task.objects.get().deleted_at is not None, Task.objects.get().revision) == (True, 2)


def test_an_account_goes_with_its_tasks(alice, task, bobs_task):
    alice.delete()

    assert Task.objects.get() == bobs_task


def test_seed_makes_a_demo_user_once(db, capsys):
    call_command("seed")
    call_command("seed", address="http://127.0.0.1:9999")

    user = User.objects.get()
    assert user.check_password("demo-password")
    assert Task.objects.owned_by(user).count() == 9
    assert "curl -s http://127.0.0.1:9999/api/v1/auth/login/" in capsys.readouterr().out

"""`manage.py purge` and emptying the trash: what is deleted permanently, and how clients notice."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from ownership.models import IdempotentResponse
from testing.client import Client
from testing.races import in_parallel
from todos.management.commands.purge import Command
from todos.models import Project, Tag, Task, TaskTag
from users.models import ApiToken, User


def purge(**options) -> str:
    out = StringIO()
    call_command("purge", stdout=out, **options)
    return out.getvalue()


def purged_revision(user: User) -> int:
    return User.objects.get(pk=user.pk).purged_revision


def many(owner: User, count: int) -> list[Task]:
    return Task.objects.bulk_create(Task(owner=owner, title=f"Task {number}") for number in range(count))


@pytest.fixture
def trash(alice):
    """One of each in the trash."""
    project, tag = Project.objects.create(owner=alice, name="Old"), Tag.objects.create(owner=alice, name="old")
    Task.objects.create(owner=alice, title="Old", project=project, tags=["old"])
    project.delete()
    tag.delete()


def left() -> list[int]:
    return [model.objects.count() for model in (Task, Project, Tag, TaskTag)]


def test_a_subtask_in_another_portion_than_its_parent_goes_with_it(api, alice):
    """Django deletes a hundred at a time, and those that are younger first."""
    child = Task.objects.create(owner=alice, title="Child")
    many(alice, 150)
    parent = Task.objects.create(owner=alice, title="Parent")
    child.move(parent=parent)
    Task.objects.all().delete()

    assert api.delete("/tasks/trash/").status_code == 204
    assert Task.objects.count() == 0


@pytest.mark.parametrize(("days", "rows"), [(30, [0, 0, 0, 0]), (29.999, [1, 1, 1, 0])])
def test_the_trash_is_purged_after_trash_days(trash, days, rows):
    with time_machine.travel(timezone.now() + timedelta(days=days, seconds=1), tick=False):
        purge()

    assert left() == rows


def test_trash_days_is_a_setting(trash, settings):
    settings.TRASH_DAYS = 0

    purge()

    assert left() == [0, 0, 0, 0]


def test_what_is_not_in_the_trash_stays(alice, bobs_task, settings):
    settings.TRASH_DAYS = 0
    parent = Task.objects.create(owner=alice, title="Parent", tags=["kept"])
    Task.objects.create(owner=alice, title="Child", parent=parent, tags=["kept"]).delete()

    purge()

    assert {task.title for task in Task.objects.all()} == {"Parent", bobs_task.title}
    assert Task.objects.get(pk=parent.pk).tags == ["kept"]


def test_it_says_what_it_does_batch_by_batch(alice, trash, settings):
    settings.TRASH_DAYS = 0
    many(alice, 4)
    Task.objects.all().delete()

    assert purge(batch=2) == "tasks: 2\ntasks: 4\ntasks: 5\ntags: 1\nprojects: 1\n"
    assert purge() == ""


def test_each_batch_is_a_transaction_of_its_own_and_a_stopped_one_goes_on(alice, settings, monkeypatch):
    settings.TRASH_DAYS = 0
    many(alice, 5)
    Task.objects.all().delete()
    written = []

    def stop(command, rows, batch, delete):
        empty(command, rows, batch, lambda found: delete(found) if len(written) < 2 else 1 / 0)

    empty = Command.empty
    monkeypatch.setattr(Command, "empty", stop)
    out = StringIO()
    out.write = written.append  # type: ignore[method-assign, assignment]
    with pytest.raises(ZeroDivisionError):
        call_command("purge", stdout=out, batch=2)
    assert Task.objects.count() == 1

    monkeypatch.undo()
    settings.TRASH_DAYS = 0
    assert purge(batch=2) == "tasks: 1\n"


def test_each_owner_forgets_the_deletions_up_to_the_last_one_purged(alice, bob, task, bobs_task, settings):
    settings.TRASH_DAYS = 0
    other = Task.objects.create(owner=alice, title="Other")
    task.delete()
    other.delete()
    Task.objects.create(owner=alice, title="Param")

    purge(batch=1)

    assert (purged_revision(alice), purged_revision(bob)) == (other.revision, 0)
    assert User.objects.get(pk=bob.pk).revision == 1


def test_a_purge_is_a_write(alice, task, settings):
    settings.TRASH_DAYS = 0
    task.delete()

    purge()
    purge()

    assert User.objects.get(pk=alice.pk).revision == 3


def test_what_is_restored_while_it_is_being_purged_stays(alice, settings, monkeypatch):
    settings.TRASH_DAYS = 0
    kept = many(alice, 2)[0]
    Task.objects.all().delete()

    def restore_first(command, rows, batch, delete):
        def late(found):
            if Task.objects.in_trash().filter(pk=kept.pk).exists():
                Task.objects.get(pk=kept.pk).restore()
            return delete(found)

        empty(command, rows, batch, late)

    empty = Command.empty
    monkeypatch.setattr(Command, "empty", restore_first)
    purge()

    assert list(Task.objects.all()) == [kept]


def test_tokens_past_their_time_are_deleted(alice, api):
    now = timezone.now()
    for expires_at in (now - timedelta(days=1), now, now + timedelta(days=1)):
        ApiToken.issue(alice, str(expires_at), expires_at=expires_at)

    assert purge() == "API tokens: 2\n"
    assert {token.expires_at for token in ApiToken.objects.all()} == {None, now + timedelta(days=1)}


def test_stored_responses_past_their_time_are_deleted(alice):
    with time_machine.travel(start := timezone.now(), tick=False):
        Client(alice).post("/tasks/", {"title": "Old"}, HTTP_IDEMPOTENCY_KEY="old")
    with time_machine.travel(start + timedelta(seconds=1), tick=False):
        Client(alice).post("/tasks/", {"title": "New"}, HTTP_IDEMPOTENCY_KEY="new")

    with time_machine.travel(start + timedelta(hours=24), tick=False):
        said = purge()

    assert said == "idempotent responses: 1\n"
    assert IdempotentResponse.objects.get().key == "new"


@pytest.mark.django_db(transaction=True)
def test_it_can_run_twice_at_once_and_beside_other_writes(alice, bob, settings):
    settings.TRASH_DAYS = 0
    for owner in (alice, bob):
        many(owner, 40)
        project = Project.objects.create(owner=owner, name="Old")
        Task.objects.create(owner=owner, title="In it", project=project)
    Task.objects.all().delete()
    Project.objects.all().delete()
    for number in range(10):
        ApiToken.issue(alice, str(number), expires_at=timezone.now())

    def work(number: int):
        return (
            purge(batch=3 + number) if number < 3 else [Task.objects.create(owner=alice, title="x") for _ in range(9)]
        )

    in_parallel(4, work)

    assert left() == [9, 0, 0, 0]
    assert not ApiToken.objects.exists()
    assert (purged_revision(alice), purged_revision(bob)) != (0, 0)
    newest = max(Task.objects.values_list("revision", flat=True))
    assert newest <= User.objects.get(pk=alice.pk).revision


# The same, by the API: all at once.


def test_the_trash_can_be_emptied(api, alice, bobs_task):
    many(alice, 2)
    Task.objects.all().delete()
    kept = Task.objects.create(owner=alice, title="Kept")

    response = api.delete("/tasks/trash/")

    assert (response.status_code, response.content) == (204, b"")
    assert {task.title for task in Task.objects.all()} == {kept.title, bobs_task.title}
    assert api.get("/tasks/trash/").json()["results"] == []
    assert purged_revision(alice) == 2


def test_emptying_an_empty_trash_changes_nothing(api, alice, task):
    assert api.delete("/tasks/trash/").status_code == 204
    assert (User.objects.get().revision, purged_revision(alice)) == (1, 0)


def test_what_was_purged_cant_be_restored(api, task):
    task.delete()
    api.delete("/tasks/trash/")

    assert api.post(f"/tasks/{task.pk}/restore/").status_code == 404


@pytest.fixture
def home(alice):
    """A project in the trash, with two tasks; one of them went there before it."""
    home = Project.objects.create(owner=alice, name="Home")
    parent = Task.objects.create(owner=alice, title="In it", project=home)
    Task.objects.create(owner=alice, title="Below", parent=parent)
    Task.objects.create(owner=alice, title="Gone before", project=home).delete()
    home.delete()
    return home


def test_the_tasks_of_a_project_in_the_trash_stay_with_it(api, home):
    api.delete("/tasks/trash/")

    assert {task["title"] for task in api.get("/tasks/trash/").json()["results"]} == {"In it", "Below"}
    assert api.post(f"/projects/{home.pk}/restore/").json()["open_tasks"] == 2


def test_the_trash_of_projects_can_be_emptied(api, alice, bob, home):
    Task.objects.create(owner=alice, title="In none").delete()
    Project.objects.create(owner=bob, name="Bob's").delete()

    response = api.delete("/projects/trash/")

    assert (response.status_code, response.content) == (204, b"")
    assert [task.title for task in Task.objects.all()] == ["In none"]
    assert [project.name for project in Project.objects.all()] == ["Bob's"]
    assert (purged_revision(alice), purged_revision(bob)) == (home.revision, 0)

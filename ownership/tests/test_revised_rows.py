"""Each write, however it is made, gives the rows their owner's next revision."""

from datetime import UTC, date, datetime, time

import pytest
from django.contrib.auth.models import update_last_login
from django.test import Client as Browser

from testing.client import PASSWORD
from todos.models import Task
from users.models import User


@pytest.fixture
def tasks(alice, bob) -> list[Task]:
    """Two tasks of Alice's, created in one write, and one of Bob's."""
    return Task.objects.bulk_create(Task(owner=owner, title="Old") for owner in (alice, alice, bob))


def revisions(*owners: User) -> list[int]:
    return [User.objects.values_list("revision", flat=True).get(pk=owner.pk) for owner in owners]


def stamps() -> list[tuple[str, int]]:
    return list(Task.objects.order_by("id").values_list("title", "revision"))


def test_bulk_create_is_one_write_for_each_owner(alice, bob):
    Task.objects.create(owner=bob, title="Old")

    made = Task.objects.bulk_create(Task(owner=owner, title="New") for owner in (alice, bob, alice))

    assert [task.revision for task in made] == [1, 2, 1]
    assert stamps() == [("Old", 1), ("New", 1), ("New", 2), ("New", 1)]
    assert revisions(alice, bob) == [1, 2]


def test_bulk_create_of_nothing_takes_no_revision(alice):
    Task.objects.bulk_create([])

    assert revisions(alice) == [0]


def test_save_takes_a_revision(tasks, alice, bob):
    tasks[0].title = "New"

    tasks[0].save()

    assert tasks[0].revision == 2
    assert stamps() == [("New", 2), ("Old", 1), ("Old", 1)]
    assert revisions(alice, bob) == [2, 1]


@pytest.mark.parametrize("names", [["title"], ("title",), {"title"}])
def test_save_of_some_fields_takes_one_with_them(tasks, alice, names):
    before = tasks[0].updated_at
    tasks[0].title, tasks[0].description = "New", "not saved"

    tasks[0].save(update_fields=names)

    saved = Task.objects.get(pk=tasks[0].pk)
    assert (saved.title, saved.description, saved.revision) == ("New", "", 2)
    assert saved.updated_at > before


def test_update_is_one_write_for_each_owner(tasks, alice, bob):
    before = tasks[0].updated_at
    Task.objects.create(owner=bob, title="Other")

    changed = Task.objects.filter(title="Old").update(title="New")

    assert changed == 3
    assert stamps() == [("New", 2), ("New", 2), ("New", 3), ("Other", 2)]
    assert revisions(alice, bob) == [2, 3]
    assert not Task.objects.filter(title="New", updated_at__lte=before).exists()


def test_update_of_nothing_takes_no_revision(tasks, alice, bob):
    assert Task.objects.filter(title="Missing").update(title="New") == 0
    assert revisions(alice, bob) == [1, 1]


def test_bulk_update_is_one_write_for_each_owner(tasks, alice, bob):
    for task in tasks:
        task.title = f"New {task.owner.name}"

    Task.objects.bulk_update(tasks, ["title"])

    assert stamps() == [("New Alice", 2), ("New Alice", 2), ("New Bob", 2)]
    assert revisions(alice, bob) == [2, 2]


def test_update_or_create_takes_a_revision(tasks, alice):
    Task.objects.update_or_create(pk=tasks[0].pk, defaults={"title": "New"})

    assert stamps()[0] == ("New", 2)
    assert revisions(alice) == [2]


def test_deleting_one_takes_a_revision(tasks, alice, bob):
    tasks[0].delete()

    assert Task.objects.exclude(deleted_at=None).get().revision == 2
    assert revisions(alice, bob) == [2, 1]


def test_deleting_many_is_one_write_for_each_owner(tasks, alice, bob):
    Task.objects.all().delete()

    assert list(Task.objects.exclude(deleted_at=None).values_list("revision", flat=True)) == [2, 2, 2]
    assert revisions(alice, bob) == [2, 2]


def test_the_admin_takes_the_owners_revision_and_not_its_own(desk, operator, tasks, alice):
    form = {"title": "New", "description": "", "tags": "", "priority": 0}

    assert desk.post(f"/admin/todos/task/{tasks[0].pk}/change/", form).status_code == 302
    assert desk.post("/admin/todos/task/add/", {**form, "owner": alice.pk}).status_code == 302
    assert desk.post(f"/admin/todos/task/{tasks[1].pk}/delete/", {"post": "yes"}).status_code == 302

    assert stamps() == [("New", 2), ("Old", 4), ("Old", 1), ("New", 3)]
    assert revisions(alice, operator) == [4, 0]


def test_the_admins_bulk_deletion_is_one_write_for_each_owner(desk, tasks, alice, bob):
    chosen = {"action": "delete_selected", "_selected_action": [task.pk for task in tasks], "post": "yes"}

    assert desk.post("/admin/todos/task/", chosen).status_code == 302

    assert list(Task.objects.exclude(deleted_at=None).values_list("revision", flat=True)) == [2, 2, 2]
    assert revisions(alice, bob) == [2, 2]


# Each request loads the user, and some save it: that must never set the revision back.


def test_a_change_of_the_profile_is_a_write(alice):
    alice.name = "New"

    alice.save()

    assert alice.revision == 1
    assert revisions(alice) == [1]


def test_a_stale_user_never_writes_the_counter_back(alice):
    stale = User.objects.get(pk=alice.pk)
    Task.objects.create(owner=alice, title="x")
    Task.objects.create(owner=alice, title="x")
    stale.name = "New"

    stale.save()

    assert User.objects.get(pk=alice.pk).name == "New"
    assert stale.revision == 3
    assert revisions(alice) == [3]


def test_a_user_with_deferred_fields_never_writes_the_counter_back(alice):
    stale = User.objects.only("name").get(pk=alice.pk)
    Task.objects.create(owner=alice, title="x")
    stale.name = "New"

    stale.save()

    assert User.objects.filter(name="New", email="alice@example.com", timezone="Europe/Zurich", revision=2).exists()


def test_saving_some_fields_of_the_profile_is_a_write(alice):
    stale = User.objects.get(pk=alice.pk)
    Task.objects.create(owner=alice, title="x")
    stale.name, stale.timezone = "New", "UTC"

    stale.save(update_fields=["name"])

    assert User.objects.filter(name="New", timezone="Europe/Zurich", revision=2).exists()


@pytest.mark.parametrize("sign_in", [lambda user: update_last_login(User, user), Browser().force_login])
def test_a_sign_in_takes_no_revision_and_writes_none_back(alice, sign_in):
    stale = User.objects.get(pk=alice.pk)
    Task.objects.create(owner=alice, title="x")

    sign_in(stale)

    assert User.objects.get(pk=alice.pk).last_login is not None
    assert revisions(alice) == [1]


def test_a_user_saved_inside_of_a_write_is_a_part_of_it(api, alice, task):
    Task.objects.create(owner=alice, title="x")

    response = api.patch("/me/", {"name": "New"})

    assert response.json()["revision"] == 3
    assert revisions(alice) == [3]


def test_the_admins_form_of_a_user_is_a_write(desk, alice, operator):
    Task.objects.create(owner=alice, title="x")
    form = {"email": alice.email, "name": "New", "timezone": "UTC", "is_active": "on", "revision": "99"}

    assert desk.post(f"/admin/users/user/{alice.pk}/change/", form).status_code == 302

    assert User.objects.filter(name="New", timezone="UTC", revision=2).exists()
    assert revisions(operator) == [0]
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)


def test_a_title_that_is_set_back_is_no_change(task):
    before = task.title
    task.title = "Other"
    task.changed_fields()
    task.title = before

    assert task.changed_fields() == set()


def test_rows_saved_together_keep_their_moments_to_the_microsecond(tasks):
    first, second, _ = tasks
    first.completed_at, second.completed_at = (datetime(2027, 1, 20, 12, 0, 0, 123456 + n, tzinfo=UTC) for n in (0, 1))

    Task.objects.bulk_update([first, second], ["completed_at"])

    stored = Task.objects.exclude(completed_at=None).order_by("id").values_list("completed_at", flat=True)
    assert list(stored) == [first.completed_at, second.completed_at]


def test_rows_saved_together_are_found_by_their_times(tasks):
    first, second, _ = tasks
    first.due_date = second.due_date = date(2027, 1, 20)
    first.due_time, second.due_time = time(9), time(10)

    Task.objects.bulk_update([first, second], ["due_date", "due_time"])

    assert list(Task.objects.filter(due_time=time(9))) == [first]

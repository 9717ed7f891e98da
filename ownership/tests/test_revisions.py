import logging
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from uuid import uuid4

import pytest
from django.db import transaction

from ownership.transactions import revision_transaction
from testing.races import in_parallel, in_thread
from todos.models import Task
from users.models import User

pytestmark = pytest.mark.django_db


def revision_of(user: User) -> int:
    return User.objects.values_list("revision", flat=True).get(pk=user.pk)


def change(user: User) -> int:
    """One write; its revision."""
    return Task.objects.create(owner=user, title="x").revision


def change_and_fail(user: User) -> None:
    change(user)
    change(user)
    raise ZeroDivisionError


def test_each_write_takes_the_owners_next_revision(alice):
    assert [change(alice) for _ in range(3)] == [1, 2, 3]
    assert revision_of(alice) == 3


def test_a_write_inside_of_another_is_a_part_of_it(alice):
    with revision_transaction(alice.pk) as outer:
        inside = [change(alice)]
        with revision_transaction(alice.pk) as inner:
            inside += [change(alice), inner.revision]

    assert inside == [1, 1, outer.revision]
    assert revision_of(alice) == 1


def test_after_a_write_the_next_is_another(alice):
    with revision_transaction(alice.pk):
        change(alice)

    assert change(alice) == 2


def test_a_write_that_changes_nothing_takes_no_revision(alice):
    change(alice)

    with revision_transaction(alice.pk) as empty:
        pass

    assert empty.revision == 2
    assert revision_of(alice) == 1
    assert change(alice) == 2


def test_a_write_that_finds_nothing_to_change_takes_no_revision(alice):
    with revision_transaction(alice.pk) as current:
        current.record(Task, "updated", [])

    assert revision_of(alice) == 0


def test_a_write_that_fails_takes_no_revision_and_changes_nothing(alice):
    with pytest.raises(ZeroDivisionError), revision_transaction(alice.pk):
        change_and_fail(alice)

    assert revision_of(alice) == 0
    assert not Task.objects.exists()
    assert change(alice) == 1


def test_a_write_that_fails_inside_of_another_leaves_the_other_open(alice):
    with revision_transaction(alice.pk):
        with pytest.raises(ZeroDivisionError), revision_transaction(alice.pk):
            raise ZeroDivisionError
        inside = change(alice)

    assert inside == revision_of(alice) == 1


def test_a_transaction_that_is_rolled_back_gives_its_revisions_back(alice):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        change_and_fail(alice)

    assert revision_of(alice) == 0
    assert change(alice) == 1


def test_each_owner_counts_alone(alice, bob):
    change(bob)

    with revision_transaction(alice.pk) as hers, revision_transaction(bob.pk) as his:
        taken = (change(alice), change(bob))

    assert taken == (hers.revision, his.revision) == (1, 2)
    assert (revision_of(alice), revision_of(bob)) == (1, 2)


def test_a_write_goes_on_after_anothers_inside_of_it(alice, bob):
    with revision_transaction(alice.pk):
        with revision_transaction(bob.pk):
            change(bob)
        inside = change(alice)

    assert inside == revision_of(alice) == 1


def test_of_two_owners_only_the_one_with_changes_takes_a_revision(alice, bob):
    with revision_transaction(alice.pk), revision_transaction(bob.pk):
        change(bob)

    assert (revision_of(alice), revision_of(bob)) == (0, 1)


def test_nobody_has_no_writes():
    with pytest.raises(User.DoesNotExist), revision_transaction(uuid4()):
        pytest.fail("It got in.")


@pytest.mark.django_db(transaction=True)
def test_a_write_is_logged_once_it_is_committed(alice, caplog):
    caplog.set_level(logging.INFO, "api.changes")

    with transaction.atomic():
        with revision_transaction(alice.pk):
            tasks = [Task.objects.create(owner=alice, title="x") for _ in range(2)]
        assert not caplog.records

    [record] = caplog.records
    ids = [task.pk for task in tasks]
    assert record.message == "task.created"
    assert record.fields == {"owner": alice.pk, "revision": 1, "count": 2, "ids": ids}


@pytest.mark.django_db(transaction=True)
def test_a_write_that_is_rolled_back_is_not_logged(alice, caplog):
    caplog.set_level(logging.INFO, "api.changes")

    with pytest.raises(ZeroDivisionError), revision_transaction(alice.pk):
        change_and_fail(alice)

    assert not caplog.records


@pytest.mark.django_db(transaction=True)
def test_writes_at_once_come_one_after_the_other(alice, bob):
    threads, writes = 8, 10

    def work(number: int) -> list[int]:
        revisions = []
        for _ in range(writes):
            with revision_transaction(alice.pk):  # changes nothing: what it took and gave back must not be missing
                pass
            revisions.append(change(alice))
            change(bob)
        return revisions

    taken = in_parallel(threads, work)

    everything = list(range(1, threads * writes + 1))
    assert sorted(chain(*taken)) == everything
    assert all(revisions == sorted(revisions) for revisions in taken)
    assert sorted(Task.objects.owned_by(alice).values_list("revision", flat=True)) == everything
    assert revision_of(alice) == revision_of(bob) == len(everything)


@pytest.mark.django_db(transaction=True)
def test_a_reader_never_sees_a_revision_before_those_below_it(alice):
    seen = []

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(in_thread, lambda: [change(alice) for _ in range(15)]) for _ in range(4)]
        while not all(writer.done() for writer in writers):
            seen.append(sorted(Task.objects.values_list("revision", flat=True)))

    assert sorted(chain(*(writer.result() for writer in writers))) == list(range(1, 61))
    assert [revisions for revisions in seen if revisions != list(range(1, len(revisions) + 1))] == []

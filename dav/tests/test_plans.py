"""What an object, a change or an empty sync costs doesn't grow with its list: Postgres reads what it answers."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from dav.models import Resource
from dav.tests.conftest import Dav, vtodo
from testing.client import PASSWORD
from testing.plans import empty_tables, plans_of
from todos.models import Task
from users.models import User

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="The plan is Postgres's.")

COUNT = 4000
A_FEW = 12  # rows: the object, its family, and what is near it


@pytest.fixture(scope="module")
def furnished(django_db_setup, django_db_blocker):
    """Alice and Bob with many tasks in their inboxes, half of which clients wrote."""
    with django_db_blocker.unblock(), transaction.atomic():
        empty_tables()
        for name in ("alice", "bob"):
            owner = User.objects.create_user(f"{name}@example.com", PASSWORD)
            tasks = Task.objects.bulk_create([Task(owner=owner, title=str(number)) for number in range(COUNT)])
            Resource.objects.bulk_create(
                Resource(owner=owner, task=task, name=f"{task.title}.ics", uid=f"uid {task.title}", body=vtodo())
                for task in tasks[::2]
            )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def alice(furnished, db) -> User:
    return User.objects.get(email="alice@example.com")


def rows_read(call) -> int:
    """The most rows of tasks, or of their texts, that one statement reads."""
    with CaptureQueriesContext(connection) as queries:
        call()
    plans = [plan for plan in plans_of(queries) if plan.tables & {"todos_task", "dav_resource", "dav_removal"}]
    assert plans
    return max(plan.read(table) for plan in plans for table in ("todos_task", "dav_resource", "dav_removal"))


@pytest.mark.parametrize("name", ["2000.ics", "of the API"])
def test_an_object_is_found_by_its_name(dav, name):
    if name == "of the API":
        name = f"{Task.objects.filter(owner=dav.user, resource=None).first().pk}.ics"

    assert rows_read(lambda: dav.text(f"inbox/{name}")) <= A_FEW


def test_storing_reads_no_list(dav):
    assert rows_read(lambda: dav.put_text("inbox/new.ics", vtodo(uid="new"))) <= A_FEW
    assert rows_read(lambda: dav.put_text("inbox/new.ics", vtodo("PRIORITY:1", uid="new"))) <= A_FEW


def test_a_sync_reads_what_changed(dav):
    _, token = dav.sync("inbox/")
    dav.put_text("inbox/new.ics", vtodo(uid="new"))

    assert rows_read(lambda: dav.sync("inbox/", token)) <= A_FEW


def test_a_multiget_reads_what_it_names(dav: Dav):
    hrefs = "".join(f"<d:href>/dav/{dav.user.pk}/inbox/{number}.ics</d:href>" for number in range(0, 40, 2))
    inner = f"<d:prop><d:getetag/><c:calendar-data/></d:prop>{hrefs}"

    assert rows_read(lambda: dav.report("inbox/", "c:calendar-multiget", inner)) <= 2 * 20 + A_FEW

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet

from todos.models import Task, TaskTag

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def constraints() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "todos_tasktag")
    return {name: each["columns"] for name, each in found.items() if each["foreign_key"] or each["index"]}


@pytest.mark.django_db(transaction=True)
def test_links_of_before_learn_when_their_tasks_were_made(alice):
    Task.objects.create(owner=alice, title="x", tags=["a", "b"])
    QuerySet(Task).update(created_at=LONG_AGO)
    before = constraints()

    call_command("migrate", "todos", "0004", verbosity=0)
    call_command("migrate", verbosity=0)

    assert set(TaskTag.objects.values_list("created_at", flat=True)) == {LONG_AGO}
    assert constraints() == before

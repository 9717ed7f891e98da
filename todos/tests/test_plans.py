"""Which index answers a list, and that it reads about what it answers, however few of the rows are meant."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import Client
from todos.models import Project, Task
from todos.tests.plans import Plan, plans_of

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="The plan is Postgres's.")

COUNT = 4000
TODAY = date(2027, 1, 1)
LISTS = {
    "": "task_owner_created",
    "ordering=created_at": "task_owner_created",
    "ordering=-updated_at": "task_owner_updated",
    "ordering=updated_at": "task_owner_updated",
    "ordering=title": "task_owner_title",
    "ordering=-title": "task_owner_title",
    "ordering=position": "task_owner_position",
    "ordering=-position": "task_owner_position",
    "ordering=priority": "task_by_priority",
    "ordering=-priority": "task_by_priority",
    "ordering=due_date": "task_by_due_date",
    "ordering=-due_date": "task_by_due_date",
    "completed=true": "task_completed",
    "completed=false": "task_open",
    "priority=0": "task_by_priority",
    "priority=4": "task_by_priority",
    "due=none": "task_undated",
    "due_after=2027-03-01": "task_by_due_date",
    "project={large}": "task_by_project",
    "project={small}": "task_by_project",
    "project=none": "task_in_inbox",
    "parent={parent}": "task_by_parent",
    "parent=none": "task_owner_created",
    "tag=common": "task_owner_created",
    "tag=rare": "todos_tasktag_tag_id",  # and some digits
}


def make_tasks(owner) -> dict[str, str]:
    """Many, of which a few are open, urgent, undated, somewhere else. Returns what the lists are filtered by."""
    large, small = (Project.objects.create(owner=owner, name=name) for name in ("Large", "Small"))
    parent = Task.objects.create(owner=owner, title="Parent", due_date=TODAY)
    few = [
        {"title": f"Few {n}", "due_date": None, "priority": 4, "project": small, "completed": False, "tags": ["rare"]}
        for n in range(3)
    ]
    many = [
        {
            "title": f"Many {n}",
            "due_date": TODAY + timedelta(days=n % 50),
            "priority": n % 2,
            "project": large if n % 2 else None,
            "completed": True,
            "tags": ["common"] if n // 2 % 2 else [],
        }
        for n in range(COUNT)
    ]
    below = [{"title": "Below", "parent": parent, "due_date": TODAY + timedelta(days=90)}]
    Task.objects.bulk_create(Task(owner=owner, **values) for values in [*few, *many, *below])
    return {"large": str(large.pk), "small": str(small.pk), "parent": str(parent.pk)}


@pytest.fixture
def ids(alice, bob) -> dict[str, str]:
    make_tasks(bob)
    ids = make_tasks(alice)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return ids


def plans(api: Client, link: str) -> list[Plan]:
    with CaptureQueriesContext(connection) as queries:
        answer = api.get(link)
    assert answer.status_code == 200, answer.content
    return plans_of(queries, "LIMIT 51")


def rows(plan: Plan) -> tuple[int, int]:
    return plan.read("todos_task"), plan.answered


def test_each_list_is_answered_by_an_index(api, ids):
    found = {query: plans(api, f"/tasks/?{query.format(**ids)}") for query in LISTS}

    for query, index in LISTS.items():
        assert any(name.startswith(index) for plan in found[query] for name in plan.indexes), query
        read, answered = (sum(numbers) for numbers in zip(*map(rows, found[query]), strict=True))
        assert read <= 2 * answered + 3, query


def test_a_page_in_the_middle_is_found_by_its_place(api, ids):
    for ordering in ("-created_at", "due_date", "-due_date", "-priority", "title"):
        link = f"/tasks/?ordering={ordering}&limit=200"
        for _ in range(10):
            link = api.get(link).json()["next"].removeprefix("http://testserver/api/v1")

        (plan,) = plans(api, link.replace("limit=200", "limit=50"))

        assert (ordering, plan.read("todos_task"), plan.sorts_rows) == (ordering, 51, False)


def test_the_trash_is_found_among_what_is_present(api, ids):
    Task.objects.filter(priority=4).first().delete()

    (plan,) = plans(api, "/tasks/trash/")

    assert (plan.indexes >= {"task_in_trash"}, plan.read("todos_task")) == (True, 1)

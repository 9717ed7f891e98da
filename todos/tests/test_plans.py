"""Which index answers a list, and that it reads about what it answers, however few of the rows are meant."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from testing.client import PASSWORD, Client
from testing.plans import Plan, empty_tables, plans_of
from todos import sync
from todos.models import Project, Tag, Task
from users.models import ApiToken, User

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
    "ordering=-due_date": "task_by_due_date_desc",
    "ordering=completed_at": "task_by_completed_at",
    "ordering=-completed_at": "task_by_completed_at",
    "completed_after=2027-03-01&ordering=-completed_at": "task_by_completed_at",
    "completed_before=2026-03-01": "task_by_completed_at",
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
    "tag=common": "task_tag_in_order",
    "tag=common&ordering=created_at": "task_tag_in_order",
    "tag=rare": "task_tag_in_order",
    "tag=rare&ordering=title": "task_tag_in_order",
    "tag=rare&completed=true": "task_tag_in_order",
    "tag=rare&tag=common": "task_tag_in_order",
    "tag=common&tag=rare": "task_tag_in_order",
    "tag_any=rare": "task_tag_in_order",
    "tag_any=rare&tag_any=rarer": "task_tag_in_order",
    "tag_any=common&limit=50": "task_owner_created",
    "tag_none=common": "task_owner_created",
    "tag_none=rare": "task_owner_created",
    "untagged=true": "task_untagged",
    "untagged=true&ordering=created_at": "task_untagged",
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


@pytest.fixture(scope="module")
def furnished(django_db_setup, django_db_blocker) -> Iterator[tuple[User, dict[str, str]]]:
    """Alice, and what her lists are filtered by; in a transaction around those of the tests, which it outlives."""
    with django_db_blocker.unblock(), transaction.atomic():
        empty_tables()
        alice, bob = (User.objects.create_user(f"{name}@example.com", PASSWORD) for name in ("alice", "bob"))
        make_tasks(bob)
        ids = make_tasks(alice)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield alice, ids
        transaction.set_rollback(True)


@pytest.fixture
def alice(furnished, db) -> User:
    return furnished[0]


@pytest.fixture
def ids(furnished) -> dict[str, str]:
    return {**furnished[1]}


def plans(api: Client, link: str) -> list[Plan]:
    with CaptureQueriesContext(connection) as queries:
        response = api.get(link)
    assert response.status_code == 200, response.content
    return plans_of(queries, "LIMIT 51")


def rows(plan: Plan) -> tuple[int, int]:
    return max(plan.read("todos_task"), plan.read("todos_tasktag")), plan.answered


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


def names_of(model) -> set[str]:
    """What the names of its indexes begin with."""
    return {model._meta.db_table, str(model._meta.model_name)}


# The indexes that each statement of a call may find its rows by, in the order of the statements.
TOKEN, OWNER = {"users_apitoken_digest", "users_user_pkey"}, {"users_user_pkey"}
TASK, PROJECT = {"todos_task_pkey", "task_owner_id"}, {"todos_project_pkey", "project_owner_id"}
CALLS = [
    ("GET", "/tasks/", {}, [TOKEN, {"task_owner_created"}]),
    ("GET", "/tasks/{task}/", {}, [TOKEN, TASK]),
    (
        "GET",
        "/sync/?limit=100",
        {},
        [TOKEN, *({f"{kind}_owner_revision"} for kind in sync.kinds()), OWNER],
    ),
    ("POST", "/tasks/", {"title": "x", "project": "%(small)s"}, [TOKEN, OWNER, PROJECT]),
    ("POST", "/tasks/", {"title": "x", "parent": "%(parent)s"}, [TOKEN, OWNER, TASK | PROJECT]),
    ("POST", "/tasks/", {"title": "x", "tags": ["rare", "common"]}, [TOKEN, OWNER, {"tag_name_unique"}]),
    ("PATCH", "/tasks/{task}/", {"title": "x"}, [TOKEN, OWNER, TASK, TASK]),
    (
        "PATCH",
        "/tasks/{task}/",
        {"tags": ["common"]},
        [TOKEN, OWNER, TASK, TASK, {"tag_name_unique"}, {"task_tag_once"}],
    ),
    ("POST", "/tasks/{task}/complete/", {}, [TOKEN, OWNER, TASK, TASK]),
    # Of what is deleted with a task, one statement each: by an index of its table.
    ("DELETE", "/tasks/{task}/", {}, [TOKEN, OWNER, TASK, *(names_of(model) for model, _ in Task.dependents()), TASK]),
]


def test_each_statement_of_a_call_finds_its_rows_by_an_index(api, ids, alice):
    make_many_others(alice)
    ids["task"] = str(Task.objects.get(owner=alice, title="Few 0").pk)
    api.get("/tasks/")  # the first use of a token is noted
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE; SET LOCAL enable_seqscan = off")

    for method, path, body, expected in CALLS:
        found = plans_of_call(api, method, path.format(**ids), json.dumps(body) % ids)

        assert len(found) == len(expected), (method, path, body)
        for plan, indexes in zip(found, expected, strict=True):
            assert plan.indexes, plan
            assert all(name.startswith(tuple(indexes)) for name in plan.indexes), plan
            assert all(plan.read(table) <= 2 * plan.answered + 3 for table in plan.tables), plan


def make_many_others(alice) -> None:
    """So many that a look at all of them would be seen."""
    others = User.objects.bulk_create(User(email=f"{n}@example.com") for n in range(300))
    ApiToken.objects.bulk_create(ApiToken(owner=other, name="x", digest=other.email) for other in others)
    for model in (Project, Tag):
        model.objects.bulk_create(model(owner=alice, name=str(n)) for n in range(300))


def plans_of_call(api: Client, method: str, path: str, body: str) -> list[Plan]:
    with CaptureQueriesContext(connection) as queries:
        response = api.generic(method, path, body, "application/json")
    assert response.status_code < 300, response.content
    return plans_of(queries)

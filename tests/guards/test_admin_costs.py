"""The admin's pages cost the same, however many rows there are."""

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from live.models import Delivery
from testing.client import PASSWORD, Client
from testing.resources import RESOURCES, make
from todos.models import Project, Task
from users.models import User

LISTED = [User, Delivery, *(resource.model for resource in RESOURCES.values() if resource.is_in_admin)]


def url(model: type, rest: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{rest}"


def fill(count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        owner = User.objects.create_user(f"{number}@example.com")
        project = Project.objects.create(owner=owner, name="Home")
        parent = Task.objects.create(owner=owner, title="x", project=project, tags=["a", "b"])
        Task.objects.create(owner=owner, title="y", parent=parent)
        for model in RESOURCES:
            make(model, owner)


def cost(desk: Browser, page: str) -> int:
    desk.get(page)  # Django remembers the kinds of content that it has looked up
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(page).status_code == 200
    return len(queries)


QUERIES = ["", "?q=example", "?o=1"]
ABOUT_ONE = ["change/", "delete/", "history/"]


@pytest.fixture(scope="module")
def costs(django_db_setup, django_db_blocker) -> dict[tuple[type, str], list[int]]:
    """What each list and each page about one costs with one owner's rows, and with 30 tasks more and the rows of 5
    others: to make them takes longer than the pages."""
    with django_db_blocker.unblock(), transaction.atomic():
        desk, pages = Browser(), {(model, query): url(model, query) for model in LISTED for query in QUERIES}
        desk.force_login(User.objects.create_superuser("operator@example.com", PASSWORD))
        fill(1)
        owner = User.objects.get(email="0@example.com")
        for model in LISTED:
            thing = owner if model is User else model.objects.filter(owner=owner).first()
            pages |= {(model, rest): url(model, f"{thing.pk}/{rest}") for rest in ABOUT_ONE}
        few = [cost(desk, page) for page in pages.values()]
        project = Project.objects.filter(owner=owner).first()
        Task.objects.bulk_create(Task(owner=owner, title="x", project=project) for _ in range(30))
        fill(5, start=1)
        many = [cost(desk, page) for page in pages.values()]
        transaction.set_rollback(True)
    return {what: list(costs) for what, *costs in zip(pages, few, many, strict=True)}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("model", LISTED, ids=lambda model: model.__name__)
def test_a_list_costs_few_queries_and_the_same_for_many(costs, model, query):
    few, many = costs[model, query]

    assert many == few <= 10


@pytest.mark.parametrize("rest", ABOUT_ONE)
@pytest.mark.parametrize("model", LISTED, ids=lambda model: model.__name__)
def test_a_page_about_one_costs_few_queries_and_the_same_for_much(costs, model, rest):
    few, many = costs[model, rest]

    assert many == few <= 10


def test_the_front_page_costs_few_queries(desk):
    assert cost(desk, "/admin/") <= 10


def test_no_list_counts_a_whole_table(desk, alice, monkeypatch):
    monkeypatch.setattr("api.admin.MAX_COUNT", 60)
    Task.objects.bulk_create(Task(owner=alice, title="x") for _ in range(70))

    with CaptureQueriesContext(connection) as queries:
        page = desk.get(url(Task))

    assert page.context["cl"].result_count == 60
    (counting,) = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert "LIMIT 60" in counting


@pytest.mark.parametrize("action", ["complete", "delete_selected"])
def test_an_action_on_more_than_five_hundred_is_refused(desk, alice, task, monkeypatch, action):
    monkeypatch.setattr("api.admin.MAX_AT_ONCE", 2)
    Task.objects.bulk_create(Task(owner=alice, title="x") for _ in range(2))
    chosen = {"action": action, "_selected_action": [task.pk], "select_across": "1", "post": "yes"}

    page = desk.post(url(Task), chosen, follow=True)

    assert "Nothing was changed. Select at most 2 rows for one action." in page.content.decode()
    assert Task.objects.present().open().count() == 3


def test_every_list_of_the_admin_is_bounded():
    ours = [each for model, each in admin.site._registry.items() if model._meta.app_label in ("users", "todos", "live")]

    assert {each.model for each in ours} == set(LISTED)
    assert {each.paginator.__name__ for each in ours} == {"BoundedPaginator"}
    assert {each.show_facets for each in ours} == {admin.ShowFacets.NEVER}


def columns(page) -> dict[str, list]:
    names = ("open_tasks", "completed_tasks", "trashed_tasks", "projects", "tokens", "last_active")
    return {user.email: [getattr(user, name) for name in names] for user in page.context["cl"].result_list}


def test_the_users_show_who_has_how_much(desk, operator, alice, bob, bobs_task):
    bobs_task.complete()
    for title in ("a", "b", "c"):
        Task.objects.create(owner=alice, title=title)
    Task.objects.get(title="c").delete()
    Project.objects.create(owner=alice, name="Home")
    Project.objects.create(owner=alice, name="Gone").delete()
    token = Client(alice).token
    token.note_use()

    rows = columns(desk.get(url(User)))

    operator.refresh_from_db()
    bobs_task.refresh_from_db()
    newest = Task.objects.order_by("updated_at").last().updated_at
    token.refresh_from_db()
    assert rows == {
        "alice@example.com": [2, 0, 1, 1, 1, max(newest, token.last_used_at)],
        "bob@example.com": [0, 1, 0, 0, 0, bobs_task.updated_at],
        "operator@example.com": [0, 0, 0, 0, 0, operator.last_login],
    }


def test_the_users_are_ordered_by_how_much_they_have(desk, alice, bob, bobs_task):
    column = list(desk.get(url(User)).context["cl"].list_display).index("open_tasks")

    page = desk.get(url(User), {"o": f"-{column}"})

    assert page.context["cl"].result_list[0].email == "bob@example.com"

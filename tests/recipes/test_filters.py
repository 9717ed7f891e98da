"""How to add a filter. A FilterSet is documented in api/filters.py, a QuerySet method in Django's "Managers"."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from rest_framework.filters import OrderingFilter

from api import fields
from api.filters import FilterSet, ordering_field
from api.pagination import Order
from ownership.viewsets import RevisedViewSet
from testing.client import Client
from tests.recipes.conftest import results, values

MONDAY = datetime(2030, 3, 11, 12, tzinfo=UTC)


class Filters(FilterSet):
    orderings = {"created_at": Order("created_at")}
    default_ordering = "created_at"

    recent = fields.BooleanField(required=False)
    this_month = fields.BooleanField(required=False)
    mine = fields.BooleanField(required=False)
    unread = fields.BooleanField(required=False)
    longer_than = fields.IntegerField(required=False)
    ordering = ordering_field(orderings)

    lookups = {"longer_than": "pages__gt"}

    @staticmethod
    def filter_recent(books, value, user):
        return books.recent()

    @staticmethod
    def filter_this_month(books, value, user):
        return books.filter(bought_at__month=timezone.now().month)

    @staticmethod
    def filter_mine(books, value, user):
        return books.filter(title__startswith=user.name) if value else books.none()

    @staticmethod
    def filter_unread(books, value, user):
        return books.unread() if value else books


class Careless(Filters):
    """A method that asks the clock must not be named here. It is right all the same, only slow."""

    compiled = frozenset({"recent"})


@pytest.fixture
def filterset():
    return Filters


@pytest.fixture
def books(models, viewset_of, serve, filterset, alice, bob):
    """A book of each on Monday, and another one on Tuesday evening."""
    serve(books=viewset_of(models.Book, "title", "pages", filterset_class=filterset))
    for days, title in enumerate(("Monday", "Tuesday")):
        with time_machine.travel(MONDAY + timedelta(hours=30 * days), tick=False):
            for owner in (alice, bob):
                pages = 10 * (days + 1)
                models.Book.objects.create(owner=owner, title=f"{owner.name} {title}", pages=pages, pages_read=days)


def titles_at(moment: datetime, user, **query) -> list[str]:
    with time_machine.travel(moment, tick=False):
        return [row["title"] for row in results(Client(user), "/books/", **query)]


@pytest.mark.parametrize("filterset", [Filters, Careless], ids=lambda each: each.__name__)
@pytest.mark.parametrize("order", [1, -1], ids=["forwards", "backwards"])
def test_a_filter_may_ask_the_clock(books, alice, bob, order):
    moments = [MONDAY + timedelta(hours=hours) for hours in (1, 31, 55)][::order]

    found = [titles_at(moment, user, recent="true") for moment in moments for user in (alice, bob)]

    both = [[f"{name} Monday", f"{name} Tuesday"] for name in ("Alice", "Bob")]
    steps = [both, [["Alice Tuesday"], ["Bob Tuesday"]], [[], []]][::order]
    assert found == [titles for step in steps for titles in step]


def test_a_filter_may_put_a_part_of_the_clock_into_the_query(books, models, alice, bob):
    models.Book.objects.filter(title__endswith="Tuesday").update(bought_at=MONDAY + timedelta(days=30))

    assert titles_at(MONDAY, alice, this_month="true") == ["Alice Monday"]
    assert titles_at(MONDAY + timedelta(days=30), bob, this_month="true") == ["Bob Tuesday"]


def test_a_poller_hears_of_what_only_the_clock_changed(books, alice):
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        first = Client(alice).get("/books/?recent=true")

    with time_machine.travel(MONDAY + timedelta(days=9), tick=False):
        again = Client(alice).get("/books/?recent=true", HTTP_IF_NONE_MATCH=first.get("ETag", '"none"'))

    assert (again.status_code, again.json()["results"]) == (200, [])


def test_a_filter_may_ask_who_is_calling(books, api, bobs_api):
    assert values(api, "/books/", "title", mine="true") == {"Alice Monday", "Alice Tuesday"}
    assert values(bobs_api, "/books/", "title", mine="true") == {"Bob Monday", "Bob Tuesday"}
    assert values(api, "/books/", "title", mine="false") == set()


def test_a_filter_may_call_a_queryset_method(books, api, bobs_api):
    assert values(api, "/books/", "title", unread="true") == {"Alice Monday"}
    assert values(bobs_api, "/books/", "title", unread="true") == {"Bob Monday"}


def test_a_filter_may_be_a_lookup(books, api, bobs_api):
    assert values(api, "/books/", "title", longer_than=10) == {"Alice Tuesday"}
    assert values(bobs_api, "/books/", "title", longer_than=0) == {"Bob Monday", "Bob Tuesday"}


# What can't work says so by name when its class is made.


def test_a_filter_without_lookup_or_method_is_refused():
    with pytest.raises(ImproperlyConfigured, match=r"Forgetful.recent has no effect"):

        class Forgetful(FilterSet):
            recent = fields.BooleanField(required=False)


@pytest.mark.parametrize("misspelt", [{"lookups": {"recnt": "created_at__gt"}}, {"compiled": frozenset({"recnt"})}])
def test_a_misspelt_filter_is_refused(misspelt):
    with pytest.raises(ImproperlyConfigured, match="Misspelt has no field for its filter recnt"):
        type("Misspelt", (FilterSet,), misspelt)


def test_filters_that_no_backend_applies_are_refused():
    with pytest.raises(ImproperlyConfigured, match=r"Books.filter_backends needs FilterSetBackend"):

        class Books(RevisedViewSet):
            filterset_class = Filters
            filter_backends = []


def test_an_order_that_the_pages_would_undo_is_refused():
    with pytest.raises(ImproperlyConfigured, match="Books: KeysetPagination orders by the `orderings`"):

        class Books(RevisedViewSet):
            filter_backends = [OrderingFilter]


def test_an_order_by_a_column_that_can_be_null_is_refused(models):
    class Filters(FilterSet):
        orderings = {"shelf": Order("title", "shelf", nulls_last=1)}
        default_ordering = "shelf"

    with pytest.raises(ImproperlyConfigured, match=r"Filters.orderings: shelf can be null"):

        class Books(RevisedViewSet):
            queryset = models.Book.objects.all()
            filterset_class = Filters


def test_filters_without_an_order_are_refused():
    class Filters(FilterSet):
        title = fields.StringField(required=False)
        lookups = {"title": "title"}

    with pytest.raises(ImproperlyConfigured, match="Filters has no order for the pages of Books"):

        class Books(RevisedViewSet):
            filterset_class = Filters

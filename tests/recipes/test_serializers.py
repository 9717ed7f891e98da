"""Serializers and their fields as REST framework documents them: "Serializers", "Serializer fields", "Relations"."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.utils import timezone
from rest_framework import serializers

from api.serializers import fields_without_row, has_rows
from testing.client import Client
from tests.recipes.conftest import results
from todos.serializers.task import TaskSerializer
from todos.views import TaskViewSet


@pytest.fixture
def shelf(models, alice):
    return models.Shelf.objects.create(owner=alice, name="Top")


@pytest.fixture
def book(models, alice, bob, shelf):
    models.Book.objects.create(owner=bob, title="Bob's secret")
    bought_at = datetime(2030, 3, 10, 12, tzinfo=UTC)
    return models.Book.objects.create(owner=alice, title="Emma", pages=7, shelf=shelf, bought_at=bought_at)


@pytest.fixture
def shows(api, book, viewset_of, serve):
    """With this serializer every call shows, of Alice's one book and nothing else, the same."""

    def check(serializer_class: type, expected: dict, new: dict | None = None) -> None:
        serve(books=viewset_of(type(book), serializer_class=serializer_class))
        url = f"/books/{book.pk}/"

        [listed] = results(api, "/books/")
        responses = [listed, api.get(url).json(), api.patch(url, {}).json()]
        assert [{name: response[name] for name in expected} for response in responses] == [expected] * 3
        created = api.post("/books/", new or {"title": "New"})
        assert created.status_code == 201, created.content
        assert created.json().keys() == listed.keys()

    return check


# Fields


def test_a_method_field(shows, serializer_of, models):
    class BookSerializer(serializer_of(models.Book, "title", "shouted")):
        shouted = serializers.SerializerMethodField()

        def get_shouted(self, book):
            return book.title.upper()

    shows(BookSerializer, {"shouted": "EMMA"})


def test_a_method_field_may_ask_the_request(shows, serializer_of, models):
    class BookSerializer(serializer_of(models.Book, "title", "is_mine")):
        is_mine = serializers.SerializerMethodField()

        def get_is_mine(self, book):
            return book.owner == self.context["request"].user

    shows(BookSerializer, {"is_mine": True})


def test_a_field_may_ask_the_request(shows, serializer_of, models):
    class LinkField(serializers.CharField):
        def to_representation(self, value):
            return self.context["request"].build_absolute_uri(f"/{value}")

    class BookSerializer(serializer_of(models.Book, "title", "link")):
        link = LinkField(source="title", read_only=True)

    shows(BookSerializer, {"link": "http://testserver/Emma"})


def test_a_field_with_another_source(shows, serializer_of, models):
    class BookSerializer(serializer_of(models.Book, "name", "place")):
        name = serializers.CharField(source="title")
        place = serializers.CharField(source="shelf.name", read_only=True, default=None)

    shows(BookSerializer, {"name": "Emma", "place": "Top"}, new={"name": "New"})


def test_a_nested_read_only_serializer(shows, serializer_of, models, shelf):
    class BookSerializer(serializer_of(models.Book, "title", "shelf")):
        shelf = serializer_of(models.Shelf, "name")(read_only=True)

    shows(BookSerializer, {"shelf": {"id": str(shelf.pk), "name": "Top", "revision": shelf.revision}})


def test_a_string_related_field(shows, serializer_of, models):
    class BookSerializer(serializer_of(models.Book, "title", "shelf")):
        shelf = serializers.StringRelatedField()

    shows(BookSerializer, {"shelf": "Top"})


def test_read_only_fields_of_attributes_of_the_owner(shows, serializer_of, models):
    class BookSerializer(serializer_of(models.Book, "title", "owner", "pk")):
        owner = serializers.ReadOnlyField(source="owner.name")
        pk = serializers.ReadOnlyField()

    shows(BookSerializer, {"owner": "Alice"})


def test_fields_with_a_format(shows, serializer_of, models):
    class BookSerializer(serializer_of(models.Book, "title", "bought_at", "created_at")):
        bought_at = serializers.DateTimeField(format="%d.%m.%Y", read_only=True)
        created_at = serializers.CharField(read_only=True)

    shows(
        BookSerializer, {"bought_at": "10.03.2030", "created_at": str(models.Book.objects.get(title="Emma").created_at)}
    )


def test_a_number_shown_as_text(shows, serializer_of, models):
    class BookSerializer(serializer_of(models.Book, "title", "pages")):
        pages = serializers.CharField(read_only=True)

    shows(BookSerializer, {"pages": "7"})


def test_extra_kwargs(shows, serializer_of, models):
    extra = {"pages": {"min_value": 5, "help_text": "At least 5."}, "subtitle": {"write_only": True}}
    BookSerializer = serializer_of(models.Book, "title", "pages", "subtitle", meta={"extra_kwargs": extra})

    shows(BookSerializer, {"pages": 7}, new={"title": "New", "pages": 5, "subtitle": "x"})
    assert models.Book.objects.get(title="New").subtitle == "x"
    assert not BookSerializer(data={"title": "x", "pages": 4}).is_valid()
    assert "subtitle" not in BookSerializer(models.Book(title="x", revision=1)).data


# Fields that depend on the request


def test_fields_that_an_argument_chooses(shows, serializer_of, models):
    class BookSerializer(serializer_of(models.Book, "title", "pages")):
        def __init__(self, *args, **kwargs):
            chosen = kwargs.pop("fields", {"id", "title"})
            super().__init__(*args, **kwargs)
            for name in set(self.fields) - chosen:
                self.fields.pop(name)

    shows(BookSerializer, {"title": "Emma"})
    assert list(BookSerializer(fields={"pages"}).fields) == ["pages"]
    assert list(BookSerializer().fields) == ["id", "title"]


def test_a_field_that_an_instance_changes(serializer_of, models, viewset_of, serve, api):
    class BookSerializer(serializer_of(models.Book, "title", "pages")):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            if self.context["request"].method == "POST":
                self.fields["title"].required = False
                self.fields["title"].default = "Untitled"

    serve(books=viewset_of(models.Book, serializer_class=BookSerializer))

    made = api.post("/books/", {})

    assert (made.status_code, made.json()["title"]) == (201, "Untitled")
    assert api.put(f"/books/{made.json()['id']}/", {}).status_code == 400


def test_get_fields(serializer_of, viewset_of, serve, models, book, api, bobs_api):
    class BookSerializer(serializer_of(models.Book, "title", "pages")):
        def get_fields(self):
            fields = super().get_fields()
            if self.context["request"].user.name == "Alice":
                del fields["pages"]
            return fields

    serve(books=viewset_of(models.Book, serializer_class=BookSerializer))
    for client, has_pages in ((api, False), (bobs_api, True), (api, False)):
        [listed] = results(client, "/books/")
        assert ("pages" in listed) is has_pages
        assert client.get(f"/books/{listed['id']}/").json() == listed


def test_to_representation(shows, serializer_of, models):
    class BookSerializer(serializer_of(models.Book, "title")):
        def to_representation(self, book):
            return {**super().to_representation(book), "length": len(book.title)}

    shows(BookSerializer, {"length": 4})


def test_a_list_serializer_of_ones_own(serializer_of, viewset_of, serve, models, book, api):
    class Numbered(serializers.ListSerializer):
        def to_representation(self, data):
            return [{"number": number, **row} for number, row in enumerate(super().to_representation(data))]

    made = serializer_of(models.Book, "title", meta={"list_serializer_class": Numbered})
    serve(books=viewset_of(models.Book, serializer_class=made))

    assert [(row["number"], row["title"]) for row in results(api, "/books/")] == [(0, "Emma")]


# A poller of what changes without its row


def test_a_poller_hears_of_what_only_the_clock_changed(serializer_of, viewset_of, serve, models, book, alice):
    class BookSerializer(serializer_of(models.Book, "title", "days")):
        days = serializers.SerializerMethodField()

        def get_days(self, book):
            return (timezone.now() - book.bought_at).days

    serve(books=viewset_of(models.Book, serializer_class=BookSerializer))
    for url in ("/books/", f"/books/{book.pk}/"):
        with time_machine.travel("2030-03-11T13:00Z", tick=False):
            client = Client(alice)
            etag = client.get(url)["ETag"]
            assert client.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 304
        with time_machine.travel("2030-03-12T13:00Z", tick=False):
            assert client.get(url, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_a_poller_hears_of_a_nested_change(serializer_of, viewset_of, serve, models, book, shelf, api):
    class BookSerializer(serializer_of(models.Book, "title", "shelf")):
        shelf = serializer_of(models.Shelf, "name")(read_only=True)

    serve(books=viewset_of(models.Book, serializer_class=BookSerializer))
    etag = api.get(f"/books/{book.pk}/")["ETag"]

    shelf.name = "Bottom"
    shelf.save()

    again = api.get(f"/books/{book.pk}/", HTTP_IF_NONE_MATCH=etag)
    assert (again.status_code, again.json()["shelf"]["name"]) == (200, "Bottom")
    assert api.patch(f"/books/{book.pk}/", {"title": "x"}, HTTP_IF_MATCH=etag).status_code == 200


def test_a_method_field_of_a_task_is_in_sync_too(monkeypatch, api, task):
    class Shouting(TaskSerializer):
        shouted = serializers.SerializerMethodField()

        class Meta(TaskSerializer.Meta):
            fields = [*TaskSerializer.Meta.fields, "shouted"]

        def get_shouted(self, task):
            return f"{self.context['request'].user.name}: {task.title.upper()}"

    monkeypatch.setattr(TaskViewSet, "sync_serializer_class", Shouting)

    first = api.get("/sync/").json()
    task.delete()
    then = api.get("/sync/", {"since": first["token"]}).json()

    assert [each["object"]["shouted"] for each in first["results"]] == ["Alice: BUY MILK"]
    assert [(each["id"], each["deleted"], each["object"]) for each in then["results"]] == [(str(task.pk), True, None)]


def test_the_serializers_of_the_project_are_rows():
    assert fields_without_row(TaskSerializer) == [], "Each task is represented by itself: that takes longer."
    assert has_rows(TaskSerializer)

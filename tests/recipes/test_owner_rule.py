"""What REST framework's documentation shows, and what would forget the owner: it keeps the rule, or says so by name."""

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models.signals import pre_save
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.validators import UniqueValidator

from api.pagination import KeysetPagination
from api.serializers import Serializer
from ownership.viewsets import RevisedViewSet
from testing.client import Client
from testing.counting import revision_of
from testing.problems import assert_problem
from tests.recipes.conftest import results
from todos.models import Task
from todos.views import TaskViewSet


@pytest.fixture
def book(models, alice):
    return models.Book.objects.create(owner=alice, title="Emma", pages=7)


def faults() -> list[tuple]:
    found = checks.run_checks(tags=[checks.Tags.urls])
    return [(each.id, each.msg, each.hint) for each in found if each.id.startswith("ownership.")]


def test_a_view_of_owned_rows_without_the_owner_rule_is_an_error(models, serve, serializer_of):
    class Books(viewsets.ModelViewSet):
        queryset = models.Book.objects.all()
        serializer_class = serializer_of(models.Book, "title")

    serve(books=Books)

    hint = "Derive it from OwnedViewSet or RevisedViewSet, or another view of its own from CallerView."
    assert faults() == [("ownership.E005", "Books shows each user the rows of all.", hint)]


def test_a_field_or_a_validator_that_finds_the_rows_of_all_users_is_an_error(models, serve, viewset_of):
    class PartSerializer(Serializer):
        shelf = serializers.PrimaryKeyRelatedField(queryset=models.Shelf.objects.all())

    class SendSerializer(Serializer):
        parts = PartSerializer(many=True)
        shelves = serializers.PrimaryKeyRelatedField(queryset=models.Shelf.objects.all(), many=True)
        title = serializers.SlugField(validators=[UniqueValidator(queryset=models.Book.objects.all())])
        country = serializers.PrimaryKeyRelatedField(queryset=models.Country.objects.all())

    class Books(viewset_of(models.Book, "title")):
        @action(detail=True, methods=["post"], serializer_class=SendSerializer)
        def send(self, request, pk): ...

    serve(books=Books)

    field, rule = "Use ownership.references.OwnedRelatedField.", "Use a constraint of the model, with its owner."
    assert faults() == [
        ("ownership.E006", "Books.send: SendSerializer.parts.shelf finds the rows of all users.", field),
        ("ownership.E006", "Books.send: SendSerializer.shelves finds the rows of all users.", field),
        ("ownership.E006", "Books.send: SendSerializer.title, UniqueValidator finds the rows of all users.", rule),
    ]


def test_permissions_by_action_keep_the_scope_of_the_token(serve, models, viewset_of, alice, book):
    class Books(viewset_of(models.Book, "title")):
        def get_permissions(self):
            return [IsAuthenticated()] if self.action == "create" else super().get_permissions()

    serve(books=Books)
    reader = Client(alice, scopes=["read"])

    response = reader.post("/books/", {"title": "New"})

    detail = "This token lacks the scope “write”. Create a token with it."
    assert_problem(response, 403, "permission_denied", detail)
    assert Client(alice).post("/books/", {"title": "New"}).status_code == 201
    assert Client().post("/books/", {"title": "New"}).status_code == 401


@pytest.mark.parametrize(("rows", "is_emptied"), [(Task.objects.present, False), (Task.objects.all, True)])
def test_emptying_the_trash_deletes_nothing_else_whatever_get_queryset_finds(serve, alice, api, rows, is_emptied):
    class Tasks(TaskViewSet):
        def get_queryset(self):
            return rows().filter(owner=self.request.user).select_related("project")

    serve(tasks=Tasks)
    kept, trashed = (Task.objects.create(owner=alice, title=title) for title in ("Kept", "Trashed"))
    trashed.delete()

    assert api.delete("/tasks/trash/").status_code == 204
    assert Task.objects.filter(pk=trashed.pk).exists() is not is_emptied

    assert Task.objects.filter(pk=kept.pk).exists()


@pytest.mark.parametrize("by_id", [False, True])
def test_an_update_of_many_rows_refuses_the_object_of_another_owner(models, alice, bob, book, by_id):
    bobs, own = (models.Shelf.objects.create(owner=owner, name="Top") for owner in (bob, alice))
    before = revision_of(alice)

    with pytest.raises(ValidationError) as refused:
        models.Book.objects.owned_by(alice).update(**({"shelf_id": bobs.pk} if by_id else {"shelf": bobs}))

    assert [each.code for each in refused.value.error_dict["shelf"]] == ["does_not_exist"]
    assert revision_of(alice) == before
    assert models.Book.objects.owned_by(alice).update(**({"shelf_id": own.pk} if by_id else {"shelf": own})) == 1
    assert models.Book.objects.owned_by(alice).update(shelf=None) == 1


def test_what_a_pre_save_receiver_sets_is_saved(serve, models, viewset_of, book, api):
    serve(books=viewset_of(models.Book, "title", "subtitle"))

    def stamp(sender, instance, **kwargs):
        instance.subtitle = f"about {instance.title}"

    pre_save.connect(stamp, sender=models.Book)
    try:
        response = api.patch(f"/books/{book.pk}/", {"title": "Persuasion"})
    finally:
        pre_save.disconnect(stamp, sender=models.Book)

    assert response.json()["subtitle"] == "about Persuasion"
    assert api.get(f"/books/{book.pk}/").json() == response.json()


@pytest.mark.parametrize("name", ["ordering", "queryset"])
def test_an_order_that_does_nothing_is_refused(models, name):
    order = {"ordering": ["title"], "queryset": models.Book.objects.order_by("title")}[name]

    with pytest.raises(ImproperlyConfigured, match="Books: KeysetPagination orders by the `orderings`"):
        type("Books", (RevisedViewSet,), {"queryset": models.Book.objects.all(), name: order})


def test_lists_without_filters_are_refused(models):
    with pytest.raises(ImproperlyConfigured, match="filterset_class = None has no order for the pages of Books"):
        type("Books", (RevisedViewSet,), {"filterset_class": None})


def test_the_size_of_a_page(serve, models, viewset_of, alice, book, api):
    class Pairs(KeysetPagination):
        page_size = 2

    for title in ("a", "b", "c"):
        models.Book.objects.create(owner=alice, title=title)
    serve(books=viewset_of(models.Book, "title", pagination_class=Pairs))

    assert len(results(api, "/books/")) == 2
    assert len(results(api, "/books/", limit=3)) == 3

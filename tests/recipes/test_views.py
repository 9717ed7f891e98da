"""The hooks of REST framework's generic views: they keep their meaning and their order."""

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F, Prefetch
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ErrorDetail, PermissionDenied
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.generics import get_object_or_404
from rest_framework.pagination import CursorPagination, LimitOffsetPagination, PageNumberPagination
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle, UserRateThrottle

from api import fields
from api.filters import FilterSetBackend
from api.serializers import EmptySerializer, Serializer
from ownership.viewsets import CallerView, OwnedFilters
from testing.client import Client
from testing.counting import revision_of
from testing.problems import assert_problem, refused
from tests.recipes.conftest import results, values
from todos.views import TaskViewSet


@pytest.fixture
def book(models, alice, bob):
    shelf = models.Shelf.objects.create(owner=alice, name="Top")
    models.Book.objects.create(owner=alice, title="Persuasion", pages=3)
    models.Book.objects.create(owner=bob, title="Bob's secret")
    return models.Book.objects.create(owner=alice, title="Emma", pages=7, shelf=shelf, slug="emma")


@pytest.fixture
def base(models, book, viewset_of):
    """What the viewsets below inherit from: a plain one."""
    return viewset_of(models.Book, "title", "pages")


def test_perform_destroy(base, serve, models, book, api, bobs_api):
    class Books(base):
        def perform_destroy(self, instance):
            instance.title = "Withdrawn"
            instance.save()

    serve(books=Books)

    assert api.delete(f"/books/{book.pk}/").status_code == 204
    assert values(api, "/books/", "title") == {"Withdrawn", "Persuasion"}
    assert bobs_api.delete(f"/books/{book.pk}/").status_code == 404


def test_get_queryset_that_depends_on_the_request(base, serve, book, api, bobs_api):
    class Books(base):
        def get_queryset(self):
            books = super().get_queryset()
            return books.filter(pages__gt=5) if self.request.user.name == "Alice" else books

    serve(books=Books)

    assert values(api, "/books/", "title") == {"Emma"}
    assert values(bobs_api, "/books/", "title") == {"Bob's secret"}
    assert bobs_api.get(f"/books/{book.pk}/").status_code == 404


def test_get_queryset_that_prefetches(base, serve, models, book, alice, api, django_assert_num_queries):
    class ShelfSerializer(serializers.ModelSerializer):
        titles = serializers.SerializerMethodField()

        class Meta:
            model = models.Shelf
            fields = ["id", "titles"]

        def get_titles(self, shelf):
            return [book.title for book in shelf.books.all()]

    class Shelves(base):
        queryset = models.Shelf.objects.all()
        serializer_class = ShelfSerializer

        def get_queryset(self):
            return super().get_queryset().prefetch_related("books")

    for number in range(4):
        models.Shelf.objects.create(owner=alice, name=str(number))
    serve(shelves=Shelves)
    api.get("/shelves/")  # the first use of a token is noted

    with django_assert_num_queries(3):  # the token, the shelves, their books
        found = results(api, "/shelves/")

    assert sorted(row["titles"] for row in found) == [[], [], [], [], ["Emma"]]


def test_a_queryset_that_prefetches(base, serve, models, book, api):
    class ShelfSerializer(serializers.ModelSerializer):
        long = serializers.SerializerMethodField()

        class Meta:
            model = models.Shelf
            fields = ["id", "long"]

        def get_long(self, shelf):
            return [book.title for book in shelf.long_books]

    class Shelves(base):
        long_books = models.Book.objects.filter(pages__gt=5)
        queryset = models.Shelf.objects.prefetch_related(Prefetch("books", long_books, to_attr="long_books"))
        serializer_class = ShelfSerializer

    serve(shelves=Shelves)

    assert values(api, "/shelves/", "id") == {str(book.shelf_id)}
    assert api.get(f"/shelves/{book.shelf_id}/").json()["long"] == ["Emma"]


def test_get_serializer_class_by_action(base, serve, serializer_of, models, book, api):
    class Books(base):
        serializer_class = None

        def get_serializer_class(self):
            if self.action == "list":
                return type("Brief", (serializers.ModelSerializer,), {"Meta": Brief})
            return serializer_of(models.Book, "title", "pages") if self.action == "retrieve" else Writing

    class Brief:
        model = models.Book
        fields = ["title"]

    class Writing(serializers.ModelSerializer):
        class Meta:
            model = models.Book
            fields = ["title", "subtitle"]

    serve(books=Books)

    assert results(api, "/books/") == [{"title": "Emma"}, {"title": "Persuasion"}]
    assert api.get(f"/books/{book.pk}/").json()["pages"] == 7
    assert api.patch(f"/books/{book.pk}/", {"subtitle": "x"}).json() == {"title": "Emma", "subtitle": "x"}
    assert api.post("/books/", {"title": "New"}).json() == {"title": "New", "subtitle": ""}


def test_a_serializer_without_the_revision(base, serve, models, book, api):
    class Brief(serializers.ModelSerializer):
        class Meta:
            model = models.Book
            fields = ["title"]

    serve(books=type("Books", (base,), {"serializer_class": Brief}))

    response = api.get(f"/books/{book.pk}/")

    assert response.json() == {"title": "Emma"}
    unchanged = api.get(f"/books/{book.pk}/", HTTP_IF_NONE_MATCH=response["ETag"])
    assert (unchanged.status_code, unchanged.data) == (304, None)
    assert api.patch(f"/books/{book.pk}/", {"title": "x"}, HTTP_IF_MATCH=response["ETag"]).status_code == 200
    assert api.get(f"/books/{book.pk}/?format=api").status_code == api.get("/books/?format=api").status_code == 200


def test_get_object_of_ones_own(base, serve, models, book, api, bobs_api):
    class Books(base):
        lookup_field = "slug"
        lookup_value_converter = "slug"

        def get_object(self):
            book = get_object_or_404(self.filter_queryset(self.get_queryset()), slug=self.kwargs["slug"])
            self.check_object_permissions(self.request, book)
            return book

    serve(books=Books)

    assert api.get("/books/emma/").json()["title"] == "Emma"
    assert api.patch("/books/emma/", {"pages": 8}).json()["pages"] == 8
    assert bobs_api.get("/books/emma/").status_code == 404


def test_get_object_that_would_ignore_if_match_is_named(base, serve, models, book, api):
    class Books(base):
        def get_object(self):
            return self.get_queryset().get(pk=self.kwargs["pk"])

    serve(books=Books)
    api.raise_request_exception = True

    with pytest.raises(ImproperlyConfigured, match=r"Books.get_object\(\) ignores If-Match"):
        api.patch(f"/books/{book.pk}/", {"pages": 8}, HTTP_IF_MATCH='"stale"')
    book.refresh_from_db()
    assert book.pages != 8


def test_another_lookup_field(base, serve, serializer_of, models, book, api, bobs_api):
    serializer = serializer_of(models.Book, "title", "slug")
    attributes = {"lookup_field": "slug", "lookup_value_converter": "slug", "serializer_class": serializer}
    serve(books=type("Books", (base,), attributes))

    made = api.post("/books/", {"title": "New", "slug": "new"})

    assert made["Location"].endswith("/books/new/")
    assert api.get("/books/new/").json()["title"] == "New"
    assert bobs_api.get("/books/new/").status_code == 404


class ShortOnly(BasePermission):
    message = "This is too long for you."

    def has_object_permission(self, request, view, obj):
        return obj.pages < 5


def test_permissions_about_the_object(base, serve, models, book, api, bobs_api):
    class Books(base):
        def get_permissions(self):
            more = [] if self.action == "list" else [ShortOnly()]
            return [*super().get_permissions(), *more]

    serve(books=Books)
    short = models.Book.objects.get(title="Persuasion")

    assert values(api, "/books/", "title") == {"Emma", "Persuasion"}
    assert [api.get(f"/books/{each.pk}/").status_code for each in (book, short)] == [403, 200]
    assert api.delete(f"/books/{book.pk}/").json()["detail"] == "This is too long for you."
    assert bobs_api.get(f"/books/{short.pk}/").status_code == 404


def test_permissions_of_its_own_leave_the_sign_in_and_the_scope_of_a_token(base, serve, book, alice, anonymous):
    class Books(base):
        permission_classes = [ShortOnly]

    serve(books=Books)
    reader = Client(alice, scopes=["read"])

    assert values(reader, "/books/", "title") == {"Emma", "Persuasion"}
    assert reader.post("/books/", {"title": "New"}).json()["detail"].startswith("This token lacks the scope “write”.")
    assert [anonymous.get("/books/").status_code, anonymous.post("/books/", {"title": "New"}).status_code] == [401, 401]


def test_an_action_with_a_serializer_and_permissions_of_its_own(base, serve, book, alice, api, bobs_api):
    class PagesSerializer(Serializer):
        pages = fields.IntegerField(min_value=1)

    class Books(base):
        @action(
            detail=True,
            methods=["post"],
            serializer_class=PagesSerializer,
            permission_classes=[IsAuthenticated, ShortOnly],
        )
        def tear_out(self, request, pk):
            book = self.get_object()
            serializer = self.get_serializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            book.pages -= serializer.validated_data["pages"]
            book.save()
            return Response({"left": book.pages})

    serve(books=Books)
    short = type(book).objects.get(title="Persuasion")
    before = revision_of(alice)

    assert api.post(f"/books/{short.pk}/tear_out/", {"pages": 2}).json() == {"left": 1}
    assert revision_of(alice) == before + 1
    assert api.post(f"/books/{short.pk}/tear_out/", {"pages": "2"}).status_code == 400
    assert api.post(f"/books/{book.pk}/tear_out/", {"pages": 2}).status_code == 403
    assert bobs_api.post(f"/books/{short.pk}/tear_out/", {"pages": 1}).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"HTTP_IDEMPOTENCY_KEY": "once"}], ids=["plain", "with a key"])
def test_an_action_that_returns_the_errors_of_its_serializer(base, serve, book, api, headers):
    class PagesSerializer(serializers.Serializer):
        pages = serializers.IntegerField(min_value=1)

    class Books(base):
        @action(detail=True, methods=["post"])
        def tear_out(self, request, pk=None):
            book = self.get_object()
            serializer = PagesSerializer(data=request.data)
            if serializer.is_valid():
                book.pages -= serializer.validated_data["pages"]
                book.save()
                return Response({"status": "torn out"})
            else:
                return Response(serializer.errors, status=status.HTTP_400_BAD_REQUEST)

    serve(books=Books)

    for _ in range(2):
        assert refused(api.post(f"/books/{book.pk}/tear_out/", {"pages": 0}, **headers)) == [("pages", "min_value")]
    page = api.post(f"/books/{book.pk}/tear_out/", {}, HTTP_ACCEPT="text/html")
    assert (page.status_code, "This field is required." in page.content.decode()) == (400, True)
    done = api.post(f"/books/{book.pk}/tear_out/", {"pages": 2}, **headers)
    assert (done.json(), type(book).objects.get(pk=book.pk).pages) == ({"status": "torn out"}, 5)


def test_an_error_that_is_returned_undoes_what_was_written(base, serve, book, api):
    class Books(base):
        @action(detail=True, methods=["post"], serializer_class=EmptySerializer)
        def tear_out(self, request, pk):
            book = self.get_object()
            book.pages -= 1
            book.save()
            return Response({"detail": "The book is closed."}, status=409)

    serve(books=Books)

    for _ in range(2):
        assert api.post(f"/books/{book.pk}/tear_out/", HTTP_IDEMPOTENCY_KEY="once").status_code == 409
    assert type(book).objects.get(pk=book.pk).pages == book.pages


def test_a_rule_about_an_expression_is_checked_by_the_database(serve, api, task):
    class Tasks(TaskViewSet):
        @action(detail=True, methods=["post"], serializer_class=EmptySerializer)
        def raise_priority(self, request, pk):
            task = self.get_object()
            task.priority = F("priority") + 9
            task.save()

    serve(tasks=Tasks)

    assert refused(api.post(f"/tasks/{task.pk}/raise_priority/")) == [("priority", "invalid")]
    task.refresh_from_db()
    assert task.priority == 0


def test_a_body_that_would_be_read_carelessly_is_named(base, serve):
    class LaxSerializer(serializers.Serializer):
        pages = serializers.IntegerField()

    class Number(serializers.IntegerField):
        pass

    class HalfStrictSerializer(Serializer):
        pages = serializers.IntegerField()
        title = serializers.CharField(read_only=True)
        numbers = fields.ListField(child=Number())
        parts = LaxSerializer(many=True)

    class Books(base):
        @action(detail=True, methods=["post"], serializer_class=LaxSerializer)
        def tear_out(self, request, pk): ...

        @action(detail=True, methods=["post"], serializer_class=HalfStrictSerializer)
        def glue_in(self, request, pk): ...

        @action(detail=True, serializer_class=LaxSerializer)
        def pages(self, request, pk): ...

    class Shelves(base):
        serializer_class = LaxSerializer

    serve(books=Books, shelves=Shelves)

    found = checks.run_checks(tags=[checks.Tags.urls])
    assert [(each.id, each.msg, each.hint) for each in found if each.id.startswith("api.")] == [
        (
            "api.W003",
            "Books.glue_in: HalfStrictSerializer.pages accepts values of other types.",
            "Use api.fields.IntegerField.",
        ),
        (
            "api.W003",
            "Books.glue_in: HalfStrictSerializer.numbers.child accepts values of other types.",
            "Use api.fields.IntegerField.",
        ),
        (
            "api.W002",
            "Books.glue_in: LaxSerializer accepts unknown fields, and values of other types.",
            "Derive it from RevisedSerializer, or from Serializer or ModelSerializer in api.serializers.",
        ),
        *(
            (
                "api.W002",
                f"{name}: LaxSerializer accepts unknown fields, and values of other types.",
                "Derive it from RevisedSerializer, or from Serializer or ModelSerializer in api.serializers.",
            )
            for name in ("Books.tear_out", "Shelves")
        ),
    ]


def test_the_views_of_the_project_read_bodies_carefully():
    assert checks.run_checks(tags=[checks.Tags.urls]) == []


@pytest.mark.parametrize(
    ("status", "data", "code", "detail", "errors"),
    [
        (400, {"detail": "No."}, "bad_request", "No.", None),
        (403, {"detail": ErrorDetail("No.", code="not_today")}, "not_today", "No.", None),
        (409, "No.", "conflict", "No.", None),
        (404, None, "not_found", "Not Found", None),
        (404, {}, "not_found", "Not Found", None),
        (400, [], "bad_request", "Bad Request", None),
        (507, {"error": "Full"}, "error", "error: Full", None),
        (409, {"detail": "No paper.", "code": "printer"}, "printer", "No paper.", None),
        (422, {"error": "Full"}, "error", "error: Full", None),
        (400, {"error": "Full"}, "validation_error", "error: Full", [("error", "invalid", "Full")]),
    ],
)
def test_an_error_that_a_view_returns_is_a_problem(base, serve, api, status, data, code, detail, errors):
    class Books(base):
        def list(self, request):
            return Response(data, status=status, headers={"Retry-After": "5"})

    serve(books=Books)

    response = api.get("/books/")

    named = errors and [dict(zip(("field", "code", "message"), each, strict=True)) for each in errors]
    assert_problem(response, status, code, detail, named)
    assert response["Retry-After"] == "5"


def test_filter_queryset(base, serve, book, api, bobs_api):
    class Books(base):
        def filter_queryset(self, queryset):
            return super().filter_queryset(queryset).exclude(title="Emma")

    serve(books=Books)

    assert values(api, "/books/", "title") == {"Persuasion"}
    assert api.get(f"/books/{book.pk}/").status_code == 404
    assert values(bobs_api, "/books/", "title") == {"Bob's secret"}


def test_search_beside_the_filters(base, serve, book, api, bobs_api):
    attributes = {"filter_backends": [FilterSetBackend, SearchFilter], "search_fields": ["title"]}
    serve(books=type("Books", (base,), attributes))

    assert values(api, "/books/", "title", search="em") == {"Emma"}
    assert values(bobs_api, "/books/", "title", search="em") == set()
    assert api.get("/books/?serach=em").status_code == 400


@pytest.mark.parametrize(
    ("pagination", "query"),
    [(PageNumberPagination, {"page": 2}), (LimitOffsetPagination, {"offset": 1}), (CursorPagination, {})],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_pages_and_an_order_of_rest_framework(base, serve, api, bobs_api, pagination, query):
    pages = type("Pages", (pagination,), {"page_size": 1, "default_limit": 1, "ordering": "-title"})
    attributes = {"filter_backends": [OrderingFilter], "ordering_fields": ["title"], "pagination_class": pages}
    serve(books=type("Books", (base,), attributes))

    assert [row["title"] for row in results(api, "/books/", ordering="-title")] == ["Persuasion"]
    if query:
        assert [row["title"] for row in results(api, "/books/", ordering="-title", **query)] == ["Emma"]
    assert values(bobs_api, "/books/", "title") == {"Bob's secret"}
    assert api.get("/books/?pgae=2").status_code == 400
    if pagination is not CursorPagination:
        assert refused(api.get("/books/?cursor=x")) == [("cursor", "unknown")]


def test_no_pages(base, serve, api, bobs_api):
    serve(books=type("Books", (base,), {"pagination_class": None}))

    assert [row["title"] for row in api.get("/books/").json()] == ["Emma", "Persuasion"]
    assert [row["title"] for row in bobs_api.get("/books/").json()] == ["Bob's secret"]


def test_throttle_classes(base, serve, api, bobs_api):
    Twice = type("Twice", (UserRateThrottle,), {"rate": "2/min", "scope": "recipe"})
    serve(books=type("Books", (base,), {"throttle_classes": [Twice]}))

    found = [api.get("/books/") for _ in range(3)]

    assert [response.status_code for response in found] == [200, 200, 429]
    assert (found[-1].json()["code"], int(found[-1]["Retry-After"]) > 0) == ("throttled", True)
    assert bobs_api.get("/books/").status_code == 200


def test_throttle_scope(base, serve, api, monkeypatch):
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"books": "1/min"})
    serve(books=type("Books", (base,), {"throttle_classes": [ScopedRateThrottle], "throttle_scope": "books"}))

    assert [api.post("/books/", {"title": "x"}).status_code for _ in range(2)] == [201, 429]


def test_hooks_around_a_call_run_in_their_order(base, serve, api):
    calls = []

    class Books(base):
        def initial(self, request, *args, **kwargs):
            calls.append("initial")
            super().initial(request, *args, **kwargs)
            calls.append(request.user.name)

        def list(self, request, *args, **kwargs):
            calls.append(self.action)
            raise PermissionDenied("Not today.")

        def handle_exception(self, exc):
            calls.append(type(exc).__name__)
            return super().handle_exception(exc)

        def finalize_response(self, request, response, *args, **kwargs):
            calls.append(response.status_code)
            response = super().finalize_response(request, response, *args, **kwargs)
            response["X-Recipe"] = "yes"
            return response

    serve(books=Books)

    response = api.get("/books/")

    assert (response.status_code, response.json()["detail"], response["X-Recipe"]) == (403, "Not today.", "yes")
    assert calls == ["initial", "Alice", "list", "PermissionDenied", 403]


def test_an_exception_of_ones_own_undoes_the_call(base, serve, models, alice, api):
    class Full(APIException):
        status_code, default_code, default_detail = 507, "full", "The shelf is full."

    class Books(base):
        def perform_create(self, serializer):
            super().perform_create(serializer)
            raise Full

    serve(books=Books)
    before = revision_of(alice)

    response = api.post("/books/", {"title": "New"})

    assert (response.status_code, response.json()["code"]) == (507, "full")
    assert (models.Book.objects.filter(title="New").exists(), revision_of(alice)) == (False, before)


def test_get_serializer(base, serve, models, serializer_of, book, api):
    class Chosen(serializer_of(models.Book, "title", "pages")):
        def __init__(self, *args, **kwargs):
            left_out = kwargs.pop("left_out", ())
            super().__init__(*args, **kwargs)
            for name in left_out:
                self.fields.pop(name)

    class Books(base):
        serializer_class = Chosen

        def get_serializer(self, *args, **kwargs):
            return super().get_serializer(*args, left_out=["pages"], **kwargs)

    serve(books=Books)
    shown = {"id", "title", "revision"}

    assert {frozenset(row) for row in results(api, "/books/")} == {frozenset(shown)}
    assert api.get(f"/books/{book.pk}/").json().keys() == shown
    assert api.patch(f"/books/{book.pk}/", {"title": "x"}).json().keys() == shown
    assert api.post("/books/", {"title": "x"}).json().keys() == shown


def test_create_as_its_mixin_has_it(base, serve, api):
    class Books(base):
        def create(self, request, *args, **kwargs):
            serializer = self.get_serializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            self.perform_create(serializer)
            return Response(serializer.data, status=201, headers=self.get_success_headers(serializer.data))

    serve(books=Books)

    made = api.post("/books/", {"title": "New"})

    assert (made.status_code, made.json()["title"]) == (201, "New")
    assert made["Location"].endswith(f"/api/v1/books/{made.json()['id']}/")


def test_success_headers_of_ones_own(base, serve, api):
    class Books(base):
        def get_success_headers(self, data):
            return {**super().get_success_headers(data), "X-Title": data["title"]}

    serve(books=Books)

    made = api.post("/books/", {"title": "New"})

    assert made["X-Title"] == "New"
    assert made["Location"].endswith(f"/api/v1/books/{made.json()['id']}/")


def test_the_url_of_what_an_action_makes(base, serve, book, api):
    class Books(base):
        @action(detail=True, methods=["post"])
        def reprint(self, request, pk):
            again = type(book).objects.create(owner=request.user, title=self.get_object().title)
            serializer = self.get_serializer(again)
            return Response(serializer.data, status=201, headers=self.get_success_headers(serializer.data))

    serve(books=Books)

    made = api.post(f"/books/{book.pk}/reprint/")

    assert made["Location"] == f"http://testserver/api/v1/books/{made.json()['id']}/"


def list_of_sequels(base, **kwargs):
    class Books(base):
        @action(detail=True, **kwargs)
        def sequels(self, request, pk):
            self.get_object()
            page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
            return self.get_paginated_response(self.get_serializer(page, many=True).data)

    return Books


class PagesOfOne(PageNumberPagination):
    page_size = 1


@pytest.mark.parametrize(
    ("pages", "query", "titles"),
    [
        ({}, "?limit=1&ordering=created_at", ["Persuasion", "Emma"]),
        ({"pagination_class": PagesOfOne}, "?page=1", ["Emma", "Persuasion"]),
    ],
)
def test_an_action_on_one_object_may_be_a_list_in_pages(base, serve, book, api, pages, query, titles):
    serve(books=list_of_sequels(base, filterset_class=OwnedFilters, **pages))
    url = f"/books/{book.pk}/sequels/{query}"

    first = api.get(url).json()
    then = api.get(first["next"].partition("/api/v1")[2]).json()

    assert [each["title"] for each in first["results"] + then["results"]] == titles
    assert then["next"] is None


def test_a_list_in_pages_that_could_not_read_its_next_one_is_refused(base, serve, book, api):
    serve(books=list_of_sequels(base))
    api.raise_request_exception = True

    with pytest.raises(ImproperlyConfigured, match=r"Books.sequels can't read the parameters of its next page"):
        api.get(f"/books/{book.pk}/sequels/")


def test_a_viewset_of_no_model(serve, api):
    class Words(viewsets.ViewSet):
        permission_classes = [IsAuthenticated]

        def list(self, request):
            return Response({"hello": request.user.name})

    serve(words=Words)

    assert api.get("/words/").json() == {"hello": "Alice"}


def test_a_view_that_only_reads_is_documented_by_its_response(capsys):
    class CountsSerializer(Serializer):
        open = fields.IntegerField()

    class CountsView(CallerView):
        @extend_schema(responses=CountsSerializer)
        def get(self, request):
            """Count the open tasks."""

    found = SchemaGenerator(patterns=[path("counts/", CountsView.as_view())]).get_schema(request=None, public=True)

    [call] = found["paths"]["/counts/"].values()
    reference = call["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert (reference, "requestBody" in call) == ("#/components/schemas/Counts", False)
    assert capsys.readouterr().err == ""

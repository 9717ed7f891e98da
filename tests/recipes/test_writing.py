"""Validation and saving as REST framework documents them: "Serializers", "Validators", "Saving instances"."""

import pytest
from rest_framework import serializers

from testing.counting import revision_of


@pytest.fixture
def book(models, alice):
    return models.Book.objects.create(owner=alice, title="Emma", pages=7)


@pytest.fixture
def books(viewset_of, serve, models):
    """Serve books with this serializer, and with these methods of the viewset."""

    def served(serializer_class: type, **attributes) -> None:
        serve(books=viewset_of(models.Book, serializer_class=serializer_class, **attributes))

    return served


def refusals(response) -> tuple:
    assert response.status_code == 400, response.content
    return tuple((error["field"], error["code"], error["message"]) for error in response.json()["errors"])


def test_save_with_further_values(books, serializer_of, models, book, alice, api):
    def perform_create(self, serializer):
        serializer.save(owner=self.request.user, subtitle="made here")

    def perform_update(self, serializer):
        serializer.save(subtitle="changed here")

    books(serializer_of(models.Book, "title", "subtitle"), perform_create=perform_create, perform_update=perform_update)

    assert api.post("/books/", {"title": "New"}).json()["subtitle"] == "made here"
    assert api.patch(f"/books/{book.pk}/", {"title": "x"}).json()["subtitle"] == "changed here"
    assert api.put(f"/books/{book.pk}/", {"title": "y"}).json()["subtitle"] == "changed here"
    assert revision_of(alice) == models.Book.objects.get(pk=book.pk).revision
    assert set(models.Book.objects.values_list("subtitle", flat=True)) == {"made here", "changed here"}


def test_validate_may_change_what_is_saved(books, serializer_of, models, book, api):
    class BookSerializer(serializer_of(models.Book, "title", "subtitle")):
        def validate(self, attrs):
            attrs["subtitle"] = f"by {self.context['request'].user.name}"
            return attrs

    books(BookSerializer)

    assert api.post("/books/", {"title": "New"}).json()["subtitle"] == "by Alice"
    assert api.patch(f"/books/{book.pk}/", {}).json()["subtitle"] == "by Alice"


def test_validate_of_one_field(books, serializer_of, models, book, api):
    class BookSerializer(serializer_of(models.Book, "title")):
        def validate_title(self, value):
            if "!" in value:
                raise serializers.ValidationError("Not so loud.", code="loud")
            return value.strip(".")

    books(BookSerializer)

    assert api.post("/books/", {"title": "Calm."}).json()["title"] == "Calm"
    assert refusals(api.patch(f"/books/{book.pk}/", {"title": "No!"})) == (("title", "loud", "Not so loud."),)


def test_create_and_update_of_ones_own(books, serializer_of, models, book, api):
    class BookSerializer(serializer_of(models.Book, "title", "pages")):
        def create(self, validated_data):
            return models.Book.objects.create(**{**validated_data, "pages": 100})

        def update(self, instance, validated_data):
            instance.title = validated_data.get("title", instance.title).upper()
            instance.save()
            return instance

    books(BookSerializer)

    assert api.post("/books/", {"title": "New"}).json()["pages"] == 100
    assert api.patch(f"/books/{book.pk}/", {"title": "quiet"}).json()["title"] == "QUIET"


def test_to_internal_value(books, serializer_of, models, api):
    class BookSerializer(serializer_of(models.Book, "title")):
        def to_internal_value(self, data):
            return super().to_internal_value({"title": data["name"]} if "name" in data else data)

    books(BookSerializer)

    assert api.post("/books/", {"name": "By its name"}).json()["title"] == "By its name"
    assert refusals(api.post("/books/", {"title": "x", "nmae": 1})) == (
        ("nmae", "unknown", "This field is unknown. Check its name."),
    )


def test_a_hidden_field_of_the_current_user(books, serializer_of, models, alice, api):
    class BookSerializer(serializer_of(models.Book, "title", "owner")):
        owner = serializers.HiddenField(default=serializers.CurrentUserDefault())

    books(BookSerializer, perform_create=lambda view, serializer: serializer.save())

    made = api.post("/books/", {"title": "Mine"})

    assert (made.status_code, "owner" in made.json()) == (201, False)
    assert models.Book.objects.get().owner == alice


class NotOnesOwnName:
    requires_context = True

    def __call__(self, value, field):
        if value == field.context["request"].user.name:
            raise serializers.ValidationError("That is you.", code="you")


def test_a_validator_that_asks_the_request(books, serializer_of, models, api, bobs_api):
    class BookSerializer(serializer_of(models.Book, "title")):
        title = serializers.CharField(validators=[NotOnesOwnName()])

    books(BookSerializer)

    assert refusals(api.post("/books/", {"title": "Alice"})) == (("title", "you", "That is you."),)
    assert bobs_api.post("/books/", {"title": "Alice"}).status_code == 201


def test_a_nested_serializer_that_is_written(books, serializer_of, models, alice, book, api):
    class BookSerializer(serializer_of(models.Book, "title", "shelf")):
        shelf = serializer_of(models.Shelf, "name")()

        def create(self, validated_data):
            shelf = models.Shelf.objects.create(owner=validated_data["owner"], **validated_data.pop("shelf"))
            return models.Book.objects.create(shelf=shelf, **validated_data)

    books(BookSerializer)

    made = api.post("/books/", {"title": "New", "shelf": {"name": "Top"}}).json()

    assert made["shelf"]["name"] == "Top"
    assert models.Shelf.objects.get().revision == made["revision"] == revision_of(alice)
    assert refusals(api.post("/books/", {"title": "x", "shelf": {"name": 5}})) == (
        ("shelf.name", "invalid", "Not a valid string."),
    )


def test_the_other_end_of_a_reference_is_written(viewset_of, serve, serializer_of, models, book, api):
    others = serializers.PrimaryKeyRelatedField(many=True, queryset=models.Book.objects.all())
    serve(shelves=viewset_of(models.Shelf, serializer_class=serializer_of(models.Shelf, "name", "books", books=others)))

    made = api.post("/shelves/", {"name": "Top", "books": [str(book.pk)]}).json()
    emptied = api.patch(f"/shelves/{made['id']}/", {"books": []}).json()

    assert (made["books"], emptied["books"]) == ([str(book.pk)], [])


@pytest.mark.parametrize("field", ["nested", "dotted"])
def test_what_rest_framework_refuses_to_write_by_itself(books, serializer_of, models, book, api, caplog, field):
    fields = {
        "nested": {"shelf": serializer_of(models.Shelf, "name")()},
        "dotted": {"shelf_name": serializers.CharField(source="shelf.name")},
    }[field]
    books(serializer_of(models.Book, "title", *fields, **fields))
    body = {"title": "x"} | {name: {"name": "y"} if field == "nested" else "y" for name in fields}

    refused = [api.post("/books/", body), api.patch(f"/books/{book.pk}/", body)]

    assert [response.status_code for response in refused] == [500, 500]
    for method in ("create", "update"):
        assert f"The `.{method}()` method does not support writable {field}" in caplog.text


# Rules of the model: each is a 400 that names the field where one is named, whatever writes.


def test_clean_of_the_model(books, serializer_of, models, api):
    books(serializer_of(models.Book, "title", "subtitle"))

    refused = api.post("/books/", {"title": "Same", "subtitle": "Same"})

    assert refusals(refused) == (("subtitle", "repeated", "Say something else here."),)


def test_a_unique_constraint(books, serializer_of, models, api, bobs_api):
    books(serializer_of(models.Book, "title", "slug"))
    api.post("/books/", {"title": "x", "slug": "same"})

    refused = api.post("/books/", {"title": "y", "slug": "same"})

    assert refusals(refused) == (("slug", "unique", "Book with this Slug already exists."),)
    assert bobs_api.post("/books/", {"title": "z", "slug": "same"}).status_code == 201


def test_check_constraints(books, serializer_of, models, api):
    books(serializer_of(models.Book, "title", "pages", "pages_read"))

    assert refusals(api.post("/books/", {"title": "x", "pages": -1, "pages_read": -1}))[0][2] == (
        "Constraint “book_pages_not_negative” is violated."
    )
    assert refusals(api.post("/books/", {"title": "x", "pages": 1, "pages_read": 2}))[0][2] == (
        "Constraint “book_not_read_beyond_its_end” is violated."
    )


def test_a_constraint_that_only_the_database_sees_is_refused_as_the_others(books, serializer_of, models, book, api):
    def perform_update(self, serializer):
        models.Book.objects.filter(pk=serializer.instance.pk).update(pages_read=8)

    books(serializer_of(models.Book, "title"), perform_update=perform_update)

    response = api.patch(f"/books/{book.pk}/", {"title": "x"})

    assert refusals(response) == (("", "invalid", "Constraint “book_not_read_beyond_its_end” is violated."),)

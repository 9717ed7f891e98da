"""Django's ORM as its documentation has it: saving, expressions, many rows, transactions, signals, forms."""

import pytest
from django import forms
from django.contrib.admin import ModelAdmin, site
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.signals import post_delete, post_save
from rest_framework.decorators import action
from rest_framework.response import Response

from testing.counting import revision_of
from testing.problems import assert_problem


@pytest.fixture
def book(models, alice, bob):
    models.Book.objects.create(owner=bob, title="Bob's secret")
    return models.Book.objects.create(owner=alice, title="Emma", pages=7, slug="emma", extra={"read": []})


@pytest.fixture
def acting(viewset_of, serve, models, book):
    """Serve books with this body of an action: `POST /books/act/`."""

    def served(act) -> None:
        class Books(viewset_of(models.Book, "title")):
            @action(detail=False, methods=["post"])
            def act(self, request):
                return act(self, request) or Response({"done": True})

        serve(books=Books)

    return served


def fresh(thing):
    return type(thing).objects.get(pk=thing.pk)


# References


@pytest.mark.parametrize("by_id", [False, True])
@pytest.mark.parametrize("write", ["create", "save", "full_clean"])
def test_a_reference_to_the_object_of_another_owner_is_refused(models, alice, bob, book, by_id, write):
    shelf = models.Shelf.objects.create(owner=bob, name="Bob's")
    reference = {"shelf_id": shelf.pk} if by_id else {"shelf": shelf}
    for name, value in reference.items():
        setattr(book, name, value)
    calls = {
        "create": lambda: models.Book.objects.create(owner=alice, title="Persuasion", **reference),
        "save": book.save,
        "full_clean": book.full_clean,
    }

    with pytest.raises(ValidationError) as refused:
        calls[write]()

    assert [each.code for each in refused.value.error_dict["shelf"]] == ["does_not_exist"]
    assert not models.Book.objects.filter(owner=alice).exclude(shelf=None).exists()


# Expressions and parts of objects


def test_an_expression_is_saved_once(book, alice):
    before = revision_of(alice)
    book.pages = F("pages") + 1

    book.save()
    book.save()
    book.refresh_from_db()

    assert (book.pages, book.revision, revision_of(alice)) == (8, before + 1, before + 1)


def test_an_expression_in_a_field_of_a_task_with_a_rule(task):
    task.priority = F("priority") + 1

    task.save()

    task.refresh_from_db(fields=["priority"])
    assert (task.priority, fresh(task).priority) == (1, 1)


def test_an_expression_that_breaks_a_rule_is_refused_by_the_database(task):
    task.priority = F("priority") + 9

    with pytest.raises(IntegrityError), transaction.atomic():
        task.save()

    assert fresh(task).priority == 0


@pytest.mark.parametrize("load", [lambda rows: rows.only("id"), lambda rows: rows.defer("title", "pages")])
def test_what_was_not_loaded_can_be_set(book, load):
    part = load(type(book).objects).get(pk=book.pk)
    part.title, part.pages = "New", 9

    part.save()

    again = fresh(book)
    assert (again.title, again.pages, again.slug, again.revision) == ("New", 9, "emma", book.revision + 1)


def test_what_was_not_loaded_is_loaded_when_it_is_asked_for(book):
    part = type(book).objects.only("id").get(pk=book.pk)

    assert (part.title, part.pages) == ("Emma", 7)
    assert part.changed_fields() == set()


@pytest.mark.parametrize("reload", [fresh, lambda book: book.refresh_from_db() or book, lambda book: book])
def test_a_value_changed_in_place_is_saved(book, reload):
    book = reload(book)
    book.extra["read"].append("chapter 1")

    book.save()

    assert fresh(book).extra == {"read": ["chapter 1"]}


def test_refresh_from_db_of_some_fields(book):
    type(book).objects.filter(pk=book.pk).update(title="New", pages=9)

    book.refresh_from_db(fields=["pages"])

    assert (book.title, book.pages, book.changed_fields()) == ("Emma", 9, set())


# Many rows


def test_update(book, alice, bob):
    count = type(book).objects.filter(owner=alice).update(pages=F("pages") + 1)

    assert (count, fresh(book).pages, fresh(book).revision) == (1, 8, revision_of(alice))
    assert (type(book).objects.get(owner=bob).pages, revision_of(bob)) == (1, 1)


def test_delete(book, alice, bob):
    before = revision_of(alice)

    count, _ = type(book).objects.filter(owner=alice).delete()

    assert (count, revision_of(alice), revision_of(bob)) == (1, before + 1, 1)
    assert type(book).objects.get().owner == bob


def test_bulk_create_and_bulk_update(book, alice, bob):
    model = type(book)
    made = model.objects.bulk_create(model(owner=owner, title=title) for owner in (alice, bob) for title in "ab")
    for each in made:
        each.pages = 5
    count = model.objects.bulk_update(made, ["pages"])

    assert count == 4
    assert list(model.objects.filter(pages=5).values_list("title", flat=True)) == ["a", "a", "b", "b"]
    assert {each.revision for each in model.objects.filter(pages=5, owner=bob)} == {revision_of(bob)}


def test_get_or_create_and_update_or_create(book, alice):
    rows = type(book).objects

    found, is_new = rows.get_or_create(owner=alice, slug="emma", defaults={"title": "Other"})
    assert (found, is_new) == (book, False)
    changed, is_new = rows.update_or_create(owner=alice, slug="emma", defaults={"title": "Other"})
    assert (changed, is_new, fresh(book).title) == (book, False, "Other")
    made, is_new = rows.update_or_create(owner=alice, slug="persuasion", defaults={"title": "Persuasion"})
    assert (is_new, made.title, made.revision) == (True, "Persuasion", revision_of(alice))


def test_select_for_update(acting, models, book, api):
    def act(view, request):
        [locked] = view.get_queryset().select_for_update()
        locked.title = "Locked"
        locked.save()

    acting(act)

    assert api.post("/books/act/").status_code == 200
    assert fresh(book).title == "Locked"


def test_number_of_queries(book, django_assert_num_queries):
    book.title = "New"

    with django_assert_num_queries(4):  # the transaction and its end, the revision, the row
        book.save()


# Transactions


@pytest.mark.parametrize("headers", [{}, {"HTTP_IDEMPOTENCY_KEY": "once"}], ids=["plain", "with a key"])
def test_an_integrity_error_that_is_caught(acting, models, book, alice, api, headers):
    def act(view, request):
        try:
            models.Book.objects.filter(pk=book.pk).update(pages=-1)
        except IntegrityError:
            return Response({"detail": "No."}, status=409)

    acting(act)
    before = revision_of(alice)

    response = api.post("/books/act/", **headers)

    assert_problem(response, 409, "conflict", "No.")
    assert (fresh(book).pages, revision_of(alice)) == (7, before)


def test_an_integrity_error_in_a_savepoint(acting, models, book, alice, api):
    def act(view, request):
        try:
            with transaction.atomic():
                models.Book.objects.filter(pk=book.pk).update(pages=-1)
        except IntegrityError:
            models.Book.objects.create(owner=request.user, title="Instead")

    acting(act)

    assert api.post("/books/act/").status_code == 200
    assert models.Book.objects.get(title="Instead").revision == revision_of(alice)


def test_a_rule_that_save_finds_broken_is_a_validation_error(models, book, alice):
    with pytest.raises(ValidationError, match="Book with this Slug already exists"):
        models.Book.objects.create(owner=alice, title="x", slug="emma")


def test_a_lost_race_is_a_conflict(acting, models, book, api):
    def act(view, request):
        models.Book.objects.bulk_create([models.Book(owner=request.user, title="x", slug="emma")])

    acting(act)

    response = api.post("/books/act/")

    assert (response.status_code, response.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("fails", [False, True])
def test_on_commit(acting, api, django_capture_on_commit_callbacks, fails):
    told = []

    def act(view, request):
        transaction.on_commit(lambda: told.append(request.user.name))
        if fails:
            raise ValidationError("No.")

    acting(act)

    with django_capture_on_commit_callbacks(execute=True):
        assert api.post("/books/act/").status_code == (400 if fails else 200)

    assert told == ([] if fails else ["Alice"])


# Signals, as a third-party app receives them


@pytest.fixture
def heard():
    told = []

    def saved(sender, instance, created, **kwargs):
        told.append(("created" if created else "saved", str(instance)))

    def deleted(sender, instance, **kwargs):
        told.append(("deleted", str(instance)))

    post_save.connect(saved)
    post_delete.connect(deleted)
    yield told
    post_save.disconnect(saved)
    post_delete.disconnect(deleted)


def test_signals_of_what_the_api_saves(viewset_of, serve, models, book, api, heard):
    serve(books=viewset_of(models.Book, "title"))

    pk = api.post("/books/", {"title": "New"}).json()["id"]
    api.patch(f"/books/{pk}/", {"title": "Newer"})
    api.delete(f"/books/{pk}/")

    assert heard == [("created", "New"), ("saved", "Newer"), ("deleted", "Newer")]


def test_signals_of_a_task(api, task, heard):
    api.post(f"/tasks/{task.pk}/complete/")
    api.delete(f"/tasks/{task.pk}/")  # to the trash

    assert heard == [("saved", "Buy milk")] * 2


# Forms and the admin


def test_a_model_form_has_the_rules_of_the_model(models, book, alice):
    class BookForm(forms.ModelForm):
        class Meta:
            model = models.Book
            fields = ["owner", "title", "subtitle", "slug", "pages"]

    data = {"owner": alice.pk, "title": "Same", "subtitle": "Same", "slug": "emma", "pages": -1}

    form = BookForm(data)

    assert form.errors == {
        "subtitle": ["Say something else here."],
        "slug": ["Book with this Slug already exists."],
        "__all__": [
            f"Constraint “{name}” is violated." for name in ("book_pages_not_negative", "book_not_read_beyond_its_end")
        ],
    }
    saved = BookForm({**data, "subtitle": "", "slug": "other", "pages": 3}).save()
    assert (saved.title, saved.revision) == ("Same", revision_of(alice))


@pytest.fixture
def registered(models):
    class BookAdmin(ModelAdmin):
        fields = ["owner", "title", "subtitle", "pages"]

    site.register(models.Book, BookAdmin)
    yield "/admin/todos/book/"
    site.unregister(models.Book)


def test_a_model_admin_has_the_rules_of_the_model(registered, settings, serve, desk, models, book, alice):
    serve()  # the admin's addresses are found anew
    data = {"owner": str(alice.pk), "title": "Emma", "subtitle": "Emma", "pages": "5"}

    refused = desk.post(f"{registered}{book.pk}/change/", data)
    assert refused.status_code == 200
    assert "Say something else here." in refused.content.decode()

    before = revision_of(alice)
    assert desk.post(f"{registered}{book.pk}/change/", {**data, "subtitle": "A novel"}).status_code == 302
    assert (fresh(book).subtitle, fresh(book).pages, revision_of(alice)) == ("A novel", 5, before + 1)

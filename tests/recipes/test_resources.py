"""How to add a resource: a model on RevisedModel, its viewset on RevisedViewSet. Each write takes a revision."""

from datetime import timedelta

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import connection
from django.db.models import UniqueConstraint
from django.utils import timezone
from rest_framework.test import APIClient

from ownership.row_level_security.checks import check_row_level_security, prepare
from testing.counting import revision_of
from testing.problems import refused
from tests.recipes.conftest import values
from todos.models import Project
from todos.serializers.results import change_serializers
from todos.views.trash import TrashViewSet


@pytest.fixture
def shelf(models, viewset_of, serve, alice):
    serve(shelves=viewset_of(models.Shelf, "name"))
    return models.Shelf.objects.create(owner=alice, name="Old")


WRITES = {
    "post": ("post", False, {"name": "New"}, 201),
    "put": ("put", True, {"name": "New"}, 200),
    "patch": ("patch", True, {"name": "New"}, 200),
    "delete": ("delete", True, None, 204),
}


@pytest.mark.parametrize(("method", "has_id", "body", "status"), WRITES.values(), ids=WRITES)
def test_each_write_takes_a_revision_and_a_poller_hears_of_it(shelf, alice, api, method, has_id, body, status):
    before, etag = revision_of(alice), api.get("/shelves/")["ETag"]
    assert api.get("/shelves/", HTTP_IF_NONE_MATCH=etag).status_code == 304

    response = getattr(api, method)(f"/shelves/{shelf.pk}/" if has_id else "/shelves/", body)

    assert response.status_code == status
    assert revision_of(alice) == before + 1
    assert api.get("/shelves/", HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_force_authenticate(models, viewset_of, serve, alice):
    serve(letters=viewset_of(models.Letter, "text"))
    client = APIClient()
    client.force_authenticate(user=alice)
    first, etag = client.get("/api/v1/sync/").json(), client.get("/api/v1/letters/")["ETag"]

    made = client.post("/api/v1/letters/", {"text": "Dear Bob"})

    assert made.status_code == 201
    assert client.get("/api/v1/letters/", headers={"If-None-Match": etag}).json()["results"] == [made.json()]
    told = client.get("/api/v1/sync/", {"since": first["token"]}).json()["results"]
    assert [each["object"] for each in told] == [made.json()]


@pytest.mark.parametrize(("method", "body"), [("get", None), ("put", {"name": "x"}), ("patch", {}), ("delete", None)])
def test_what_is_anothers_is_not_there(shelf, bobs_api, method, body):
    response = getattr(bobs_api, method)(f"/shelves/{shelf.pk}/", body)

    assert response.status_code == 404
    assert type(shelf).objects.get().name == "Old"
    assert bobs_api.get("/shelves/").json()["results"] == []


def test_a_lost_update_is_refused(shelf, api):
    etag = api.get(f"/shelves/{shelf.pk}/")["ETag"]
    assert api.patch(f"/shelves/{shelf.pk}/", {"name": "First"}, HTTP_IF_MATCH=etag).status_code == 200

    assert api.patch(f"/shelves/{shelf.pk}/", {"name": "Second"}, HTTP_IF_MATCH=etag).status_code == 412
    assert api.delete(f"/shelves/{shelf.pk}/", HTTP_IF_MATCH=etag).status_code == 412


def test_a_repeated_post_makes_one(shelf, api):
    for _ in range(2):
        response = api.post("/shelves/", {"name": "New"}, HTTP_IDEMPOTENCY_KEY="once")

    assert (response.status_code, response["Idempotency-Replayed"]) == (201, "true")
    assert type(shelf).objects.filter(name="New").count() == 1


def test_lists_have_pages_and_an_order_without_a_filterset(shelf, alice, api):
    for name in "abc":
        type(shelf).objects.create(owner=alice, name=name)

    page = api.get("/shelves/?limit=3").json()
    rest = api.get(page["next"].partition("/api/v1")[2]).json()

    assert [row["name"] for row in page["results"] + rest["results"]] == ["c", "b", "a", "Old"]


def test_what_refers_to_a_deleted_row_goes_with_it(shelf, models, alice, api):
    models.Book.objects.create(owner=alice, title="In it", shelf=shelf)

    assert api.delete(f"/shelves/{shelf.pk}/").status_code == 204
    assert not models.Book.objects.exists()


def test_a_reference_to_what_is_anothers_is_refused(shelf, models, viewset_of, serve, bobs_api):
    serve(books=viewset_of(models.Book, "title", "shelf"))

    refused = bobs_api.post("/books/", {"title": "x", "shelf": str(shelf.pk)})

    assert refused.status_code == 400
    assert [(error["field"], error["code"]) for error in refused.json()["errors"]] == [("shelf", "does_not_exist")]


def test_what_is_in_the_trash_is_not_in_the_list(models, viewset_of, serve, alice, api):
    serve(letters=viewset_of(models.Letter, "text"))
    letter = models.Letter.objects.create(owner=alice, text="Dear Bob")

    assert api.delete(f"/letters/{letter.pk}/").status_code == 204
    assert api.get("/letters/").json()["results"] == []
    assert models.Letter.objects.in_trash().get() == letter


def test_the_calls_of_the_trash(models, serializer_of, serve, alice, api, bobs_api):
    class LetterViewSet(TrashViewSet):
        queryset = models.Letter.objects.present()
        serializer_class = serializer_of(models.Letter, "text")

    serve(letters=LetterViewSet)
    kept, letter, gone = (models.Letter.objects.create(owner=alice, text=text) for text in "abc")
    for each in (letter, gone):
        api.delete(f"/letters/{each.pk}/")

    assert values(api, "/letters/trash/", "text") == {"b", "c"}
    assert values(bobs_api, "/letters/trash/", "text") == set()
    assert api.get("/letters/trash/?ordering=created_at").json()["results"][0]["text"] == "b"
    assert bobs_api.post(f"/letters/{letter.pk}/restore/").status_code == 404
    assert api.post(f"/letters/{kept.pk}/restore/").status_code == 404
    assert api.post(f"/letters/{letter.pk}/restore/").json()["text"] == "b"
    assert [client.delete("/letters/trash/").status_code for client in (bobs_api, api)] == [204, 204]
    assert values(api, "/letters/", "text") == {"a", "b"}
    assert set(models.Letter.objects.all()) == {kept, letter}


def test_a_viewset_that_names_no_owner_says_so(models, viewset_of, serve, api):
    class Shelves(viewset_of(models.Shelf, "name")):
        def perform_create(self, serializer):
            serializer.save()

    serve(shelves=Shelves)
    api.raise_request_exception = True

    with pytest.raises(ValueError, match="This has no owner"):
        api.post("/shelves/", {"name": "New"})


# What would be forgotten silently fails by name when the process starts.


def test_a_resource_whose_deletions_leave_no_trace_is_named(shelf):
    [warning] = checks.run_checks(tags=[checks.Tags.models])

    assert (warning.id, warning.msg) == ("todos.W001", "ShelfViewSet isn't in sync: a deleted shelf leaves no trace.")


def test_a_unique_constraint_that_counts_the_trash_is_named(monkeypatch):
    once = UniqueConstraint(fields=["owner", "color"], name="project_color_once")
    monkeypatch.setattr(Project._meta, "constraints", [*Project._meta.constraints, once])

    [warning] = checks.run_checks(tags=[checks.Tags.models])

    assert (warning.id, warning.obj, warning.hint) == ("todos.W002", Project, "Add condition=Q(deleted_at=None).")
    assert warning.msg == "project_color_once counts what is in the trash: what was deleted can't be created again."


def test_the_resources_of_the_project_pass():
    assert checks.run_checks(tags=[checks.Tags.models]) == []


def test_a_resource_with_a_trash_is_in_sync(models, viewset_of, serve, alice, api):
    serve(letters=viewset_of(models.Letter, "text"))
    letter = models.Letter.objects.create(owner=alice, text="Dear Bob")
    first = api.get("/sync/").json()
    letter.delete()

    then = api.get("/sync/", {"since": first["token"]}).json()

    seen = [(each["type"], each["id"], each["object"] and each["object"]["text"]) for each in first["results"]]
    assert seen == [("letter", str(letter.pk), "Dear Bob")]
    assert [(each["id"], each["deleted"]) for each in then["results"]] == [(str(letter.pk), True)]
    assert change_serializers()["letter"]().fields["type"].choices == {"letter": "letter"}


def test_a_reference_to_a_table_that_all_share(models, viewset_of, serve, api, settings):
    settings.ROW_LEVEL_SECURITY_SHARED = [*settings.ROW_LEVEL_SECURITY_SHARED, "todos.Country"]
    prepare()
    serve(letters=viewset_of(models.Letter, "text", "country"))
    country = models.Country.objects.create(name="Norway")

    made = api.post("/letters/", {"text": "Dear Bob", "country": country.pk})

    assert (made.status_code, made.json()["country"]) == (201, country.pk)
    assert refused(api.post("/letters/", {"text": "x", "country": 0})) == [("country", "does_not_exist")]


def test_purge_deletes_what_was_in_the_trash_for_long(models, alice):
    letter = models.Letter.objects.create(owner=alice, text="Dear Bob")
    letter.deleted_at = timezone.now() - timedelta(days=31)
    letter.save()

    call_command("purge")

    assert not models.Letter.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no policies")
def test_a_table_without_a_policy_is_refused(models, db):
    with connection.cursor() as cursor:
        cursor.execute("DROP POLICY owner_only ON todos_shelf")

    [error] = check_row_level_security(databases=["default"])

    assert (error.id, error.msg) == ("ownership.E002", "Tables without row-level security: todos_shelf.")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no policies")
def test_what_a_table_and_its_references_need_is_one_migration(models, db):
    with connection.cursor() as cursor:
        cursor.execute("DROP POLICY owner_only ON todos_book")
        cursor.execute("ALTER TABLE todos_book DROP CONSTRAINT todos_book_shelf_same_owner")

    table, reference = check_row_level_security(databases=["default"])

    assert [line.split("USING")[0] for line in table.hint.splitlines() if line.endswith(";")] == [
        "CREATE POLICY owner_only ON todos_book ",
        "ALTER TABLE todos_book ADD CONSTRAINT todos_book_shelf_same_owner FOREIGN KEY (owner_id, shelf_id)"
        " REFERENCES todos_shelf (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE;",
    ]
    assert (reference.id, reference.hint) == ("ownership.E004", "The hint of ownership.E002 includes them.")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no keys with two columns")
def test_a_reference_without_the_owner_is_refused(models, db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE todos_book DROP CONSTRAINT todos_book_shelf_same_owner")
        cursor.execute("ALTER TABLE todos_book ADD CONSTRAINT plain FOREIGN KEY (shelf_id) REFERENCES todos_shelf (id)")

    [error] = check_row_level_security(databases=["default"])

    assert (error.id, error.msg) == (
        "ownership.E004",
        "References that another owner's row could be in: todos.Book.shelf.",
    )
    lines = str(error.hint).splitlines()
    assert [line for line in lines if line.startswith("ALTER")] == [
        "ALTER TABLE todos_book DROP CONSTRAINT plain;",
        "ALTER TABLE todos_book ADD CONSTRAINT todos_book_shelf_same_owner FOREIGN KEY (owner_id, shelf_id)"
        " REFERENCES todos_shelf (owner_id, id) ON DELETE CASCADE NOT DEFERRABLE;",
    ]

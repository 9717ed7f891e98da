from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from todos.admin import TaskAdmin
from todos.models import Project, Tag, Task

LIST = "/admin/todos/task/"
DOES_NOT_EXIST = "This object does not exist. Use the id of one of your own objects."
FORM = {"description": "", "tags": "", "priority": 0}  # what the form always sends


def home(owner, number: int) -> Project:
    return Project.objects.create(owner=owner, name=f"Home {number}")


def test_the_list_shows_who_owns_what(desk, task, bobs_task):
    page = desk.get(LIST).content.decode()

    for text in ("Buy milk", "alice@example.com", "secret", "bob@example.com"):
        assert text in page


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=MILK", 1), ("q=bob@", 1), ("trash=yes", 1), ("trash=no", 2), ("completed=yes", 1), ("completed=no", 2)],
)
def test_the_list_can_be_searched_and_filtered(desk, alice, task, bobs_task, query, found):
    Task.objects.create(owner=alice, title="Thrown away", completed=True).delete()

    page = desk.get(f"{LIST}?{query}")

    assert len(page.context["cl"].result_list) == found


@pytest.mark.parametrize("q", ["CAFE", "don't", "ilk café", "ΚΑΦΕΣ", "100%"])
def test_it_is_searched_as_the_api_searches(desk, alice, q):
    Task.objects.create(owner=alice, title="Don\u2019t buy milk at the Café", description="καφές for 100%")
    Task.objects.create(owner=alice, title="Something else")

    page = desk.get(LIST, {"q": q})

    assert [task.title for task in page.context["cl"].result_list] == ["Don\u2019t buy milk at the Café"]


@pytest.mark.parametrize("kind", ["project", "tag"])
def test_names_are_found_without_case_in_any_script(desk, alice, kind):
    for model in (Project, Tag):
        model.objects.create(owner=alice, name="Ёлка")

    page = desk.get(f"/admin/todos/{kind}/", {"q": "ёЛКА"})

    assert [each.name for each in page.context["cl"].result_list] == ["Ёлка"]


def test_a_field_that_no_fieldset_names_is_shown_too(desk, monkeypatch, task):
    monkeypatch.setattr(TaskAdmin, "fieldsets", [(None, {"fields": ["title", "tags"]})])

    page = desk.get(f"{LIST}{task.pk}/change/")

    [_, (title, options)] = page.context["adminform"].fieldsets
    assert title == "Other"
    assert {"description", "priority", "due_date", "recurrence", "project"} <= set(options["fields"])
    assert 'name="due_date"' in page.content.decode()


def test_the_fieldsets_name_all_fields_of_today(desk, task):
    page = desk.get(f"{LIST}{task.pk}/change/")

    assert page.context["adminform"].fieldsets == TaskAdmin.fieldsets


def test_a_task_made_in_the_admin_takes_a_revision(desk, alice):
    response = desk.post(f"{LIST}add/", {**FORM, "owner": alice.pk, "title": "From the admin"})

    task = Task.objects.get()
    assert response.status_code == 302
    assert (task.owner, task.revision) == (alice, 1)


def test_a_task_changed_in_the_admin_takes_a_revision_and_keeps_its_owner(desk, alice, bob, task):
    desk.post(f"{LIST}{task.pk}/change/", {**FORM, "title": "Changed", "owner": bob.pk})

    task.refresh_from_db()
    assert (task.title, task.owner, task.revision) == ("Changed", alice, 2)


@pytest.mark.parametrize("title", ["", "x" * 501])
def test_the_admin_refuses_what_the_api_refuses(desk, alice, title):
    response = desk.post(f"{LIST}add/", {**FORM, "owner": alice.pk, "title": title})

    assert response.status_code == 200
    assert "title" in response.context["adminform"].form.errors
    assert not Task.objects.exists()


def test_completing_many_at_once(desk, task, bobs_task):
    chosen = [task.pk, bobs_task.pk]

    desk.post(LIST, {"action": "complete", "_selected_action": chosen})

    assert [each.completed for each in Task.objects.all()] == [True, True]
    assert {each.revision for each in Task.objects.all()} == {2}


@pytest.mark.parametrize("way", ["one", "many"])
def test_deleting_moves_to_the_trash(desk, task, way):
    if way == "one":
        desk.post(f"{LIST}{task.pk}/delete/", {"post": "yes"})
    else:
        desk.post(LIST, {"action": "delete_selected", "_selected_action": [task.pk], "post": "yes"})

    task.refresh_from_db()
    assert (task.deleted_at is not None, task.revision) == (True, 2)


def test_users_who_are_no_staff_are_sent_to_the_sign_in(client, alice):
    client.force_login(alice)

    assert client.get(LIST).status_code == 302


def test_tags_are_written_and_shown_as_text(desk, alice):
    desk.post(f"{LIST}add/", {**FORM, "owner": alice.pk, "title": "Tagged", "tags": "b, A,b"})

    task = Task.objects.get()
    assert task.tags == ["A", "b"]
    assert 'value="A, b"' in desk.get(f"{LIST}{task.pk}/change/").content.decode()


@pytest.mark.parametrize("field", ["project", "parent"])
def test_two_owners_cant_be_tied_together(desk, alice, bob, bobs_task, field):
    theirs = bobs_task if field == "parent" else Project.objects.create(owner=bob, name="Bob's")

    response = desk.post(f"{LIST}add/", {**FORM, "owner": alice.pk, "title": "Tied", field: theirs.pk})

    assert response.context["adminform"].form.errors == {field: [DOES_NOT_EXIST]}
    assert not Task.objects.owned_by(alice).exists()


def test_a_circle_is_refused_on_the_form(desk, alice, task):
    below = Task.objects.create(owner=alice, title="Below", parent=task)

    response = desk.post(f"{LIST}{task.pk}/change/", {**FORM, "title": task.title, "parent": below.pk})

    assert response.context["adminform"].form.errors == {"parent": ["A task can't be a subtask of itself."]}


@pytest.mark.parametrize("kind", ["project", "tag"])
def test_a_name_that_is_taken_is_refused_on_the_form(desk, alice, kind):
    url = f"/admin/todos/{kind}/add/"
    assert desk.post(url, {"owner": alice.pk, "name": "Home", "color": ""}).status_code == 302

    response = desk.post(url, {"owner": alice.pk, "name": "HOME", "color": ""})

    assert response.context["adminform"].form.errors == {
        "name": [f"A {kind} with this name already exists. Choose another name."]
    }


def test_restoring_many_at_once(desk, task, bobs_task):
    task.delete()
    bobs_task.delete()

    desk.post(LIST, {"action": "restore", "_selected_action": [task.pk, bobs_task.pk]})

    assert [each.deleted_at for each in Task.objects.all()] == [None, None]


def test_an_error_of_a_field_that_is_only_shown_is_on_the_form(desk, alice):
    task = Task.objects.create(owner=alice, title="Call", due_date="2027-01-20", reminders=[{"minutes_before": 10}])

    response = desk.post(f"{LIST}{task.pk}/change/", {**FORM, "title": "Call", "due_date": ""})

    assert response.context["adminform"].form.errors == {
        "__all__": ["A reminder before the due date needs a due date."]
    }


def test_a_rule_that_is_none_is_refused_on_the_form(desk, alice):
    task = Task.objects.create(owner=alice, title="Call", due_date=date(2027, 1, 20), recurrence="FREQ=DAILY")
    form = {**FORM, "title": "Call", "due_date": "2027-01-20", "recurrence": "FREQ=HOURLY"}

    response = desk.post(f"{LIST}{task.pk}/change/", form)

    assert list(response.context["adminform"].form.errors) == ["recurrence"]


def test_a_tag_with_nothing_to_see_is_refused_on_the_form(desk, task):
    response = desk.post(f"{LIST}{task.pk}/change/", {**FORM, "title": "Call", "tags": "work, \u200b"})

    assert response.context["adminform"].form.errors == {
        "tags": ["Enter at most 20 tags of 1 to 50 characters, at least one of them visible."]
    }


def test_an_action_that_is_refused_for_one_changes_none_and_says_why(desk, alice):
    other, taken = (Project.objects.create(owner=alice, name=name) for name in ("Other", "Home"))
    Project.objects.all().delete()
    Project.objects.create(owner=alice, name="Home")

    response = desk.post(
        "/admin/todos/project/", {"action": "restore", "_selected_action": [other.pk, taken.pk]}, follow=True
    )

    [message] = response.context["messages"]
    assert str(message) == (
        "Nothing was changed. Home: A project with this name already exists."
        " Rename that project first, then restore this one."
    )
    assert Project.objects.in_trash().count() == 2


def test_restoring_projects_at_once(desk, alice, bob):
    projects = [Project.objects.create(owner=owner, name="Home") for owner in (alice, bob)]
    Project.objects.all().delete()

    desk.post("/admin/todos/project/", {"action": "restore", "_selected_action": [each.pk for each in projects]})

    assert [each.deleted_at for each in Project.objects.all()] == [None, None]


def test_restoring_many_subtasks_costs_the_same_queries_as_a_few(desk, alice):
    parents = [Task.objects.create(owner=alice, title="Parent", project=home(alice, number)) for number in range(22)]
    children = [Task.objects.create(owner=alice, title="Child", parent=parent) for parent in parents]
    Task.objects.filter(title="Child").delete()
    costs = []

    for some in (children[:2], children[2:]):
        with CaptureQueriesContext(connection) as queries:
            desk.post(LIST, {"action": "restore", "_selected_action": [each.pk for each in some]})
        costs.append(len(queries))

    assert costs[0] == costs[1]
    assert not Task.objects.in_trash().exists()

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from todos.models import Project, Task
from users.models import User

MISSING = "01900000-0000-7000-8000-000000000000"


def names(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [project["name"] for project in response.json()["results"]]


def errors(response) -> list[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def make(owner, *names: str) -> list[Project]:
    return [Project.objects.create(owner=owner, name=name) for name in names]


@pytest.fixture
def home(alice) -> Project:
    return make(alice, "Home")[0]


def test_a_project_needs_only_a_name(api, alice):
    response = api.post("/projects/", {"name": " Home "})

    project = Project.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver/api/v1/projects/{project.id}/"
    assert response.json() == {
        "id": str(project.id),
        "name": "Home",
        "color": "",
        "position": 1.0,
        "open_tasks": 0,
        "created_at": project.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": project.updated_at.isoformat().replace("+00:00", "Z"),
        "revision": 1,
    }
    assert api.get(f"/projects/{project.id}/").json() == response.json()
    assert api.get("/projects/").json()["results"] == [response.json()]


BAD = [
    ({}, "name", "required"),
    ({"name": ""}, "name", "blank"),
    ({"name": " \u3000"}, "name", "blank"),
    ({"name": None}, "name", "null"),
    ({"name": 5}, "name", "invalid"),
    ({"name": "x" * 101}, "name", "max_length"),
    ({"name": "a\0b"}, "name", "null_characters_not_allowed"),
    ({"name": "x", "color": None}, "color", "null"),
    *(
        ({"name": "x", "color": color}, "color", "invalid")
        for color in ("red", "#fff", "#FF0000", "#ff000g", "ff0000#", "#\u0660\u0660\u0660\u0660\u0660\u0660", 0xFF0000)
    ),
    ({"name": "x", "color": "#ff00000"}, "color", "max_length"),
    ({"name": "x", "colour": "#ff0000"}, "colour", "unknown"),
    ({"name": "x", "owner": "me"}, "owner", "unknown"),
]


@pytest.mark.parametrize(("body", "field", "code"), BAD)
def test_bad_values_are_refused_by_name(api, home, body, field, code):
    assert (field, code) in errors(api.post("/projects/", body))
    assert (field, code) in errors(api.put(f"/projects/{home.pk}/", body))
    if body:
        assert (field, code) in errors(api.patch(f"/projects/{home.pk}/", body))
    assert names(api.get("/projects/")) == ["Home"]


def test_change_and_put(api, home):
    changed = api.patch(f"/projects/{home.pk}/", {"color": "#00ff7f"}).json()
    reset = api.put(f"/projects/{home.pk}/", {"name": "Hut"}).json()

    assert (changed["name"], changed["color"], changed["revision"]) == ("Home", "#00ff7f", 2)
    assert (reset["name"], reset["color"], reset["position"], reset["revision"]) == ("Hut", "", 1.0, 3)


def test_there_is_nothing_of_others(api, bob):
    bobs = make(bob, "secret")[0]

    assert names(api.get("/projects/")) == []
    assert api.get(f"/projects/{bobs.pk}/").status_code == 404


# The name is unique, without regard to case


@pytest.mark.parametrize(
    ("first", "second"),
    [("Home", "hOME"), ("Straße", "STRASSE"), ("ΣΟΦΟΣ", "σοφος"), ("Дом", "дОМ"), ("café", "CAFE\u0301"), ("x", " X ")],
)
def test_the_name_is_unique_without_case(api, first, second):
    api.post("/projects/", {"name": first})
    other = api.post("/projects/", {"name": "Other"}).json()["id"]

    assert errors(api.post("/projects/", {"name": second})) == [("name", "unique")]
    assert errors(api.patch(f"/projects/{other}/", {"name": second})) == [("name", "unique")]
    assert errors(api.put(f"/projects/{other}/", {"name": second})) == [("name", "unique")]
    assert names(api.get("/projects/")) == [first, "Other"]


def test_a_project_may_change_the_case_of_its_own_name(api, home):
    assert api.patch(f"/projects/{home.pk}/", {"name": "HOME"}).json()["name"] == "HOME"


def test_two_owners_may_use_the_same_name(bobs_api, home):
    assert bobs_api.post("/projects/", {"name": "Home"}).status_code == 201


def test_a_name_is_free_while_its_project_is_in_the_trash(api, home):
    api.delete(f"/projects/{home.pk}/")
    fresh = api.post("/projects/", {"name": "HOME"})

    assert fresh.status_code == 201
    refused = api.post(f"/projects/{home.pk}/restore/")
    assert errors(refused) == [("name", "unique")]
    assert refused.json()["errors"][0]["message"] == (
        "A project with this name already exists. Rename that project first, then restore this one."
    )
    assert names(api.get("/projects/trash/")) == ["Home"]

    api.patch(f"/projects/{fresh.json()['id']}/", {"name": "Other"})
    assert api.post(f"/projects/{home.pk}/restore/").status_code == 200


@pytest.mark.parametrize("write", ["create", "save", "bulk_create", "update", "full_clean", "restore"])
def test_the_name_is_unique_for_every_writer(alice, home, write):
    other = make(alice, "Other")[0]
    if write == "restore":
        other.delete()
        other.name = "hOME"
        other.save()
    else:
        other.name = "hOME"
    calls = {
        "create": lambda: make(alice, "hOME"),
        "save": lambda: other.save(),
        "bulk_create": lambda: Project.objects.bulk_create([Project(owner=alice, name="hOME")]),
        "update": lambda: Project.objects.filter(pk=other.pk).update(name="hOME"),
        "full_clean": lambda: other.full_clean(),
        "restore": lambda: other.restore(),
    }

    with pytest.raises((ValidationError, IntegrityError)), transaction.atomic():
        calls[write]()

    assert Project.objects.present().filter(name_folded="home").count() == 1


# Counts


def test_open_tasks_are_counted_at_every_level(api, alice, home):
    parent = Task.objects.create(owner=alice, title="open", project=home)
    Task.objects.create(owner=alice, title="open below", parent=parent)
    Task.objects.create(owner=alice, title="done", project=home, completed=True)
    Task.objects.create(owner=alice, title="gone", project=home).delete()
    Task.objects.create(owner=alice, title="inbox")

    assert api.get(f"/projects/{home.pk}/").json()["open_tasks"] == 2
    assert api.get("/projects/").json()["results"][0]["open_tasks"] == 2
    assert api.patch(f"/projects/{home.pk}/", {"name": "Hut"}).json()["open_tasks"] == 2
    assert api.post(f"/projects/{home.pk}/move/", {}).json()["open_tasks"] == 2


@pytest.mark.parametrize("size", [1, 30])
def test_counts_cost_no_query_of_their_own(api, alice, size, django_assert_num_queries):
    for project in make(alice, *(f"{number}" for number in range(size))):
        Task.objects.create(owner=alice, title="x", project=project)
    api.get("/tasks/")

    with django_assert_num_queries(2):  # the token, the rows
        response = api.get("/projects/")

    assert [project["open_tasks"] for project in response.json()["results"]] == [1] * size


# Order


def test_new_projects_come_last_and_move_changes_that(api, alice):
    a, _, c = make(alice, "a", "b", "c")

    assert names(api.get("/projects/")) == ["a", "b", "c"]
    api.post(f"/projects/{c.pk}/move/", {"before": str(a.pk)})
    assert names(api.get("/projects/")) == ["c", "a", "b"]
    api.post(f"/projects/{c.pk}/move/", {"after": str(a.pk)})
    assert names(api.get("/projects/")) == ["a", "c", "b"]
    api.post(f"/projects/{a.pk}/move/", {})
    assert names(api.get("/projects/")) == ["c", "b", "a"]
    api.post("/projects/", {"name": "d"})
    assert names(api.get("/projects/")) == ["c", "b", "a", "d"]


def test_there_is_always_room_between_two_projects(api, alice):
    a, b, c = make(alice, "a", "b", "c")

    for _ in range(40):
        b, c = c, b
        assert api.post(f"/projects/{b.pk}/move/", {"after": str(a.pk)}).status_code == 200
        assert names(api.get("/projects/")) == ["a", b.name, c.name]
    assert names(api.get("/projects/?ordering=-position")) == [c.name, b.name, "a"]


@pytest.mark.parametrize(("ordering", "found"), [("name", "aBc"), ("-name", "cBa"), ("created_at", "caB")])
def test_ordering(api, alice, ordering, found):
    make(alice, "c", "a", "B")

    assert names(api.get(f"/projects/?ordering={ordering}")) == list(found)


def test_a_bad_place_is_refused(api, alice, home):
    other, gone = make(alice, "Other", "Gone")
    gone.delete()
    url = f"/projects/{home.pk}/move/"

    assert errors(api.post(url, {"before": str(home.pk)})) == [("before", "not_a_sibling")]
    assert errors(api.post(url, {"before": str(other.pk), "after": str(other.pk)})) == [("after", "both")]
    assert errors(api.post(url, {"before": str(gone.pk)})) == [("before", "does_not_exist")]
    assert errors(api.post(url, {"after": MISSING})) == [("after", "does_not_exist")]
    assert errors(api.post(url, {"after": None})) == [("after", "null")]
    assert errors(api.post(url, {"parent": MISSING})) == [("parent", "unknown")]
    assert names(api.get("/projects/")) == ["Home", "Other"]


# Trash


def test_a_project_takes_its_tasks_along_both_ways(api, alice, home):
    parent = Task.objects.create(owner=alice, title="parent", project=home)
    Task.objects.create(owner=alice, title="child", parent=parent)
    Task.objects.create(owner=alice, title="gone before", project=home).delete()
    Task.objects.create(owner=alice, title="inbox")

    assert api.delete(f"/projects/{home.pk}/").status_code == 204
    assert [task["title"] for task in api.get("/tasks/").json()["results"]] == ["inbox"]
    assert names(api.get("/projects/")) == []
    assert names(api.get("/projects/trash/")) == ["Home"]
    assert api.get(f"/projects/{home.pk}/").status_code == 404

    response = api.post(f"/projects/{home.pk}/restore/")
    assert (response.status_code, response.json()["open_tasks"]) == (200, 2)
    assert api.get(f"/projects/{home.pk}/").json() == response.json()
    assert [task["title"] for task in api.get("/tasks/?ordering=title").json()["results"]] == [
        "child",
        "inbox",
        "parent",
    ]
    assert [task["title"] for task in api.get("/tasks/trash/").json()["results"]] == ["gone before"]


def test_deleting_is_one_write(api, alice, home):
    for title in "abc":
        Task.objects.create(owner=alice, title=title, project=home)
    before = User.objects.get(pk=alice.pk).revision

    api.delete(f"/projects/{home.pk}/")

    revisions = {thing.revision for model in (Project, Task) for thing in model.objects.all()}
    assert revisions == {before + 1} == {User.objects.get(pk=alice.pk).revision}


def test_only_what_is_in_the_trash_can_be_restored(api, home):
    assert api.post(f"/projects/{home.pk}/restore/").status_code == 404

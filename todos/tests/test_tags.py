import pytest

from todos.models import Tag, Task, TaskTag
from users.models import User


def listed(api) -> dict[str, int]:
    return {tag["name"]: tag["open_tasks"] for tag in api.get("/tags/").json()["results"]}


def errors(response) -> list[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


@pytest.fixture
def tagged(alice) -> Task:
    return Task.objects.create(owner=alice, title="x", tags=["home", "Money"])


def tag(name: str) -> Tag:
    return Tag.objects.present().get(name=name)


def test_a_tag_needs_only_a_name(api):
    response = api.post("/tags/", {"name": " home "})

    made = Tag.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver/api/v1/tags/{made.pk}/"
    assert response.json() == {"id": str(made.pk), "name": "home", "open_tasks": 0, "revision": 1}
    assert api.get(f"/tags/{made.pk}/").json() == response.json()
    assert api.get("/tags/").json()["results"] == [response.json()]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "name", "required"),
        ({"name": " "}, "name", "blank"),
        ({"name": None}, "name", "null"),
        ({"name": 5}, "name", "invalid"),
        ({"name": "x" * 51}, "name", "max_length"),
        ({"name": "a\0b"}, "name", "null_characters_not_allowed"),
        ({"name": "\u200b\ufe0f"}, "name", "blank"),
        ({"name": "x", "color": "#ff0000"}, "color", "unknown"),
        ({"name": "HOME"}, "name", "unique"),
        ({"name": "hOmE "}, "name", "unique"),
        ({"name": "ho\u200bme\ufe0f"}, "name", "unique"),
    ],
)
def test_bad_names_are_refused(api, tagged, body, field, code):
    assert errors(api.post("/tags/", body)) == [(field, code)]
    assert errors(api.put(f"/tags/{tag('Money').pk}/", body)) == [(field, code)]
    assert list(listed(api)) == ["home", "Money"]


def test_tags_are_made_by_using_them_and_are_sorted_without_case(api, alice, bob):
    Task.objects.create(owner=alice, title="x", tags=["zoo", "Apple", "banana"])
    Task.objects.create(owner=bob, title="x", tags=["secret"])

    assert list(listed(api)) == ["Apple", "banana", "zoo"]
    assert [each["name"] for each in api.get("/tags/?ordering=-name").json()["results"]] == ["zoo", "banana", "Apple"]


def test_open_tasks_are_counted(api, alice, tagged):
    Task.objects.create(owner=alice, title="y", tags=["HOME"])
    Task.objects.create(owner=alice, title="done", tags=["home"], completed=True)
    Task.objects.create(owner=alice, title="gone", tags=["home"]).delete()

    assert listed(api) == {"home": 2, "Money": 1}
    assert api.patch(f"/tags/{tag('home').pk}/", {"name": "hut"}).json()["open_tasks"] == 2


@pytest.mark.parametrize("size", [1, 20])
def test_counts_cost_no_query_of_their_own(api, alice, size, django_assert_num_queries):
    Task.objects.create(owner=alice, title="x", tags=[f"{number}" for number in range(size)])
    api.get("/tasks/")

    with django_assert_num_queries(2):  # the token, the rows
        assert list(listed(api).values()) == [1] * size


@pytest.mark.parametrize("method", ["patch", "put"])
def test_renaming_shows_in_the_tasks_and_their_revisions(api, alice, tagged, method):
    done = Task.objects.create(owner=alice, title="done", tags=["home"], completed=True)
    gone = Task.objects.create(owner=alice, title="gone", tags=["home"])
    gone.delete()
    other = Task.objects.create(owner=alice, title="other", tags=["money"])
    before = User.objects.get(pk=alice.pk).revision

    renamed = getattr(api, method)(f"/tags/{tag('home').pk}/", {"name": "Zuhause"}).json()

    assert (renamed["name"], renamed["revision"]) == ("Zuhause", before + 1)
    assert api.get(f"/tasks/{tagged.pk}/").json()["tags"] == ["Money", "Zuhause"]
    for task in (tagged, done):
        assert Task.objects.get(pk=task.pk).revision == before + 1
    for task in (other, gone):
        assert Task.objects.get(pk=task.pk).revision == task.revision
    assert [task["title"] for task in api.get("/tasks/?tag=ZUHAUSE&completed=false").json()["results"]] == ["x"]
    assert api.get("/tasks/?tag=home").json()["results"] == []


def test_a_tag_may_change_the_case_of_its_own_name(api, tagged):
    api.patch(f"/tags/{tag('home').pk}/", {"name": "HOME"})

    assert api.get(f"/tasks/{tagged.pk}/").json()["tags"] == ["HOME", "Money"]


def test_the_same_name_again_changes_nothing(api, alice, tagged):
    before = User.objects.get(pk=alice.pk).revision

    api.patch(f"/tags/{tag('home').pk}/", {"name": "home"})

    assert User.objects.get(pk=alice.pk).revision == before


def test_deleting_takes_it_off_the_tasks(api, alice, tagged):
    other = Task.objects.create(owner=alice, title="other", tags=["Money"])
    before = User.objects.get(pk=alice.pk).revision
    url = f"/tags/{tag('home').pk}/"

    assert api.delete(url).status_code == 204

    assert api.get(url).status_code == 404
    assert listed(api) == {"Money": 2}
    response = api.get(f"/tasks/{tagged.pk}/").json()
    assert (response["tags"], response["revision"]) == (["Money"], before + 1)
    assert Task.objects.get(pk=other.pk).revision == other.revision
    assert not TaskTag.objects.filter(tag__deleted_at__isnull=False).exists()


def test_a_deleted_tag_can_be_made_anew(api, tagged):
    old = tag("home")
    api.delete(f"/tags/{old.pk}/")

    made = api.post("/tags/", {"name": "HOME"})
    task = api.patch(f"/tasks/{tagged.pk}/", {"tags": ["home"]})

    assert made.status_code == 201
    assert made.json()["id"] != str(old.pk)
    assert task.json()["tags"] == ["HOME"]
    assert listed(api) == {"HOME": 1, "Money": 0}


def test_using_a_deleted_tag_makes_it_anew(api, alice, tagged):
    api.delete(f"/tags/{tag('home').pk}/")

    made = api.post("/tasks/", {"title": "new", "tags": ["Home"]})

    assert made.json()["tags"] == ["Home"]
    assert api.get(f"/tasks/{tagged.pk}/").json()["tags"] == ["Money"]
    assert listed(api) == {"Home": 1, "Money": 1}


def test_a_task_from_the_trash_comes_back_with_what_is_left_of_its_tags(api, tagged):
    api.delete(f"/tasks/{tagged.pk}/")
    api.delete(f"/tags/{tag('home').pk}/")
    api.patch(f"/tags/{tag('Money').pk}/", {"name": "cash"})

    assert api.post(f"/tasks/{tagged.pk}/restore/").json()["tags"] == ["cash"]


def test_a_task_that_loses_its_last_tag_is_untagged(api, alice, tagged):
    other = Task.objects.create(owner=alice, title="other", tags=["home"])
    before = User.objects.get(pk=alice.pk).revision

    api.delete(f"/tags/{tag('home').pk}/")

    assert [task["title"] for task in api.get("/tasks/?untagged=true").json()["results"]] == ["other"]
    assert {task.revision for task in Task.objects.filter(pk__in=[tagged.pk, other.pk])} == {before + 1}


def test_a_successor_whose_only_tag_was_deleted_is_still_untouched(api):
    made = {"title": "x", "due_date": "2030-01-01", "recurrence": "FREQ=DAILY", "tags": ["home"]}
    first = api.post("/tasks/", made).json()["id"]
    api.post(f"/tasks/{first}/complete/")

    api.delete(f"/tags/{tag('home').pk}/")
    api.post(f"/tasks/{first}/reopen/")

    assert [task["id"] for task in api.get("/tasks/?completed=false").json()["results"]] == [first]


def test_renaming_many_rows_at_once_keeps_names_comparable(alice, tagged):
    Tag.objects.filter(name="home").update(name="HÜTTE")

    assert tag("HÜTTE").name_folded == "hütte"

"""`GET sync/`: a client that follows the token misses nothing."""

import pytest

from testing.syncing import changes, make_tasks, page, pages, short
from todos.models import Project, Tag, Task


@pytest.fixture
def things(alice, bobs_task) -> tuple[Project, Task, Tag]:
    project = Project.objects.create(owner=alice, name="Home", color="#112233")
    task = Task.objects.create(owner=alice, title="Buy milk", project=project, tags=["shop"], due_date="2027-01-31")
    return project, task, Tag.objects.get(owner=alice)


def test_without_a_token_everything_comes_in_the_order_of_revisions(api, things):
    project, task, tag = things

    response = page(api)

    assert (set(response), response["has_more"]) == ({"results", "token", "has_more"}, False)
    assert short(response["results"]) == [
        ("project", str(project.pk), 1, False),
        ("tag", str(tag.pk), 2, False),
        ("task", str(task.pk), 2, False),
    ]


def test_each_object_is_what_the_call_for_one_answers_without_counts(api, things):
    found = page(api)["results"]

    for thing, change in zip([things[0], things[2], things[1]], found, strict=True):
        one = api.get(f"/{thing._meta.model_name}s/{thing.pk}/").json()
        one.pop("open_tasks", None)
        assert set(change) == {"type", "id", "revision", "deleted", "object"}
        assert (change["object"], change["id"], change["revision"]) == (one, one["id"], one["revision"])


def test_nobody_with_nothing_gets_nothing(api):
    first = page(api)

    assert (first["results"], first["has_more"]) == ([], False)
    assert page(api, first["token"]) == first


def test_with_a_token_only_what_changed_since_comes(api, things):
    token = page(api)["token"]
    assert page(api, token) == {"results": [], "token": token, "has_more": False}
    api.patch(f"/tasks/{things[1].pk}/", {"title": "New"})

    response = page(api, token)

    assert [(change["object"]["title"], change["revision"]) for change in response["results"]] == [("New", 3)]
    assert page(api, token)["results"] == response["results"]  # a lost response can be asked for again


def test_what_changed_twice_comes_once(api, things):
    token = page(api)["token"]
    for title in ("B", "C"):
        api.patch(f"/tasks/{things[1].pk}/", {"title": title})

    assert [change["object"]["title"] for change in page(api, token)["results"]] == ["C"]


def test_what_was_deleted_comes_as_a_tombstone(api, things):
    project, task, tag = things
    token = page(api)["token"]
    api.delete(f"/tags/{tag.pk}/")
    api.delete(f"/projects/{project.pk}/")

    assert page(api, token)["results"] == [
        {"type": "tag", "id": str(tag.pk), "revision": 3, "deleted": True, "object": None},
        {"type": "project", "id": str(project.pk), "revision": 4, "deleted": True, "object": None},
        {"type": "task", "id": str(task.pk), "revision": 4, "deleted": True, "object": None},
    ]
    assert page(api)["results"] == []  # who never had it need not hear of it


def test_what_was_restored_comes_back(api, things):
    project, task, _ = things
    token = page(api)["token"]
    api.delete(f"/projects/{project.pk}/")
    deleted = page(api, token)
    api.post(f"/projects/{project.pk}/restore/")

    back = page(api, deleted["token"])["results"]

    assert short(back) == [("project", str(project.pk), 4, False), ("task", str(task.pk), 4, False)]
    assert short(page(api, token)["results"]) == short(back)


def test_a_renamed_tag_brings_the_tasks_that_bear_it(api, things):
    _, task, tag = things
    token = page(api)["token"]
    api.patch(f"/tags/{tag.pk}/", {"name": "market"})

    found = page(api, token)["results"]

    assert short(found) == [("tag", str(tag.pk), 3, False), ("task", str(task.pk), 3, False)]
    assert found[1]["object"]["tags"] == ["market"]


def test_a_deleted_tag_brings_the_tasks_that_bore_it(api, things):
    token = page(api)["token"]
    api.delete(f"/tags/{things[2].pk}/")

    assert [change["object"] and change["object"]["tags"] for change in page(api, token)["results"]] == [None, []]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9, 1000])
def test_pages_of_any_size_cut_one_revision_anywhere(api, alice, limit):
    make_tasks(alice, 7)
    everything = page(api)["results"]

    found = pages(api, limit=limit)

    assert changes(found) == everything
    assert [len(each["results"]) for each in found[:-1]] == [limit] * (len(found) - 1)
    assert len(found) == -(-8 // limit)


def test_a_sync_goes_on_from_any_page(api, alice):
    make_tasks(alice, 5)
    everything = page(api)["results"]

    for index, stop in enumerate(pages(api, limit=1)):
        assert changes(pages(api, stop["token"], limit=2)) == everything[index + 1 :]


def test_incremental_pages_cut_one_revision_anywhere_too(api, alice):
    token = page(api)["token"]
    make_tasks(alice, 5)
    Task.objects.all().delete()
    everything = page(api, token)["results"]

    assert [change["deleted"] for change in everything] == [False, *[True] * 5]
    for limit in (1, 2, 3, 6):
        assert changes(pages(api, token, limit=limit)) == everything


def test_a_full_sync_that_goes_on_while_others_write_misses_nothing(api, alice):
    first, second, third = make_tasks(alice, 3)
    start = page(api, limit=2)  # the tag and the first task
    third.delete()  # before it was told
    first.delete()  # after it was told
    made = Task.objects.create(owner=alice, title="Made meanwhile")
    second.title = "Changed meanwhile"
    second.save()

    rest = changes(pages(api, start["token"], limit=2))

    held = {change["id"]: change["object"] for change in [*start["results"], *rest] if change["type"] == "task"}
    assert {pk for pk, thing in held.items() if thing} == {str(second.pk), str(made.pk)}
    assert held[str(second.pk)]["title"] == "Changed meanwhile"
    assert held[str(first.pk)] is None


def test_a_full_sync_tells_when_more_happened_meanwhile(api, alice):
    make_tasks(alice, 2)
    start = page(api, limit=2)
    Task.objects.create(owner=alice, title="Made meanwhile")

    middle = page(api, start["token"])

    assert middle["has_more"] is True
    assert [change["object"]["title"] for change in page(api, middle["token"])["results"]] == ["Made meanwhile"]

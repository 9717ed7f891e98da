"""Names and UIDs are unique in a list, whatever comes into it, or back from the trash."""

import pytest

from dav.models import Collection
from dav.tests.conftest import Dav, lines_of, vtodo
from todos.models import Project, Task


def names_in(dav: Dav, path: str = "inbox/") -> list[str]:
    return sorted(href.rpartition("/")[2] for href in dav.find(path, "d:getetag", depth=1) if href[-1] != "/")


def move(dav: Dav, name: str, to: str) -> None:
    response = dav.call("MOVE", name, HTTP_DESTINATION=f"/dav/{dav.user.pk}/{to}")
    assert response.status_code in (201, 204)


def test_what_was_in_the_trash_gives_way_to_what_moved_in_meanwhile(dav, api, home, put):
    first = put(summary="first")
    dav.put_text(f"{home.pk}/milk.ics", vtodo(summary="second"))
    dav.call("DELETE", "inbox/milk.ics")
    api.patch(f"/tasks/{Task.objects.get(title='second').pk}/", {"project": None})

    api.post(f"/tasks/{first.pk}/restore/")

    assert names_in(dav) == sorted(["milk.ics", f"{first.pk}.ics"])
    assert "SUMMARY:second" in dav.text("inbox/milk.ics")
    assert dav.text(f"inbox/{first.pk}.ics") == vtodo(uid=str(first.pk), summary="first")


def test_what_a_move_replaced_gives_way_when_it_is_restored(dav, api, put):
    put(uid="a", name="a.ics")
    replaced = put(uid="b", name="b.ics")
    move(dav, "inbox/a.ics", "inbox/b.ics")

    api.post(f"/tasks/{replaced.pk}/restore/")

    assert names_in(dav) == sorted(["b.ics", f"{replaced.pk}.ics"])
    assert dav.text("inbox/b.ics") == vtodo(uid="a")


def test_what_was_undone_in_an_app_gives_way_when_it_is_restored(dav, api, task):
    """The app has put it back under its name, which is its id."""
    text = dav.text(f"inbox/{task.pk}.ics")
    dav.call("DELETE", f"inbox/{task.pk}.ics")
    dav.put_text(f"inbox/{task.pk}.ics", text)

    api.post(f"/tasks/{task.pk}/restore/")

    other = next(name for name in names_in(dav) if name != f"{task.pk}.ics")
    assert len(names_in(dav)) == 2
    assert {f"UID:{other.removesuffix('.ics')}", "SUMMARY:Buy milk"} <= set(lines_of(dav.text(f"inbox/{other}")))
    assert dav.text(f"inbox/{task.pk}.ics") == text


@pytest.mark.parametrize("name", ["other.ics", "milk.ics"])
def test_of_two_that_come_together_the_second_gives_way(dav, api, alice, home, name):
    dav.put_text("inbox/milk.ics", vtodo(summary="first"))
    dav.put_text(f"{home.pk}/{name}", vtodo(summary="second"))
    first, second = Task.objects.order_by("created_at")
    target = Project.objects.create(owner=alice, name="Target")

    move = {"action": "move", "ids": [str(first.pk), str(second.pk)], "set": {"project": str(target.pk)}}
    assert api.post("/tasks/bulk/", move).status_code == 200

    assert names_in(dav, f"{target.pk}/") == sorted(["milk.ics", f"{second.pk}.ics"])


def test_what_moves_gives_way_to_an_object_with_its_id_for_a_name(dav, api, home, task):
    dav.put_text(f"{home.pk}/{task.pk}.ics", dav.text(f"inbox/{task.pk}.ics"))

    api.patch(f"/tasks/{task.pk}/", {"project": str(home.pk)})

    assert len(names_in(dav, f"{home.pk}/")) == 2


def test_moving_by_a_client_keeps_the_name_that_it_asked_for(dav, home, task):
    dav.put_text(f"{home.pk}/{task.pk}.ics", vtodo(uid="other"))

    move(dav, f"inbox/{task.pk}.ics", f"{home.pk}/new.ics")

    assert names_in(dav, f"{home.pk}/") == sorted([f"{task.pk}.ics", "new.ics"])
    assert f"UID:{task.pk}" in lines_of(dav.text(f"{home.pk}/new.ics"))


def test_what_is_restored_gives_way_to_an_event(dav, api, put, settings):
    settings.DAV_OTHER_COMPONENTS = True
    task = put()
    dav.call("DELETE", "inbox/milk.ics")
    dav.put_text("inbox/milk.ics", vtodo().replace("VTODO", "VEVENT"))

    api.post(f"/tasks/{task.pk}/restore/")

    assert names_in(dav) == sorted(["milk.ics", f"{task.pk}.ics"])


def test_a_project_comes_back_with_the_names_of_its_tasks(dav, api, home):
    dav.put_text(f"{home.pk}/milk.ics", vtodo())
    dav.call("DELETE", f"{home.pk}/")

    api.post(f"/projects/{home.pk}/restore/")

    assert names_in(dav, f"{home.pk}/") == ["milk.ics"]


# Lists


@pytest.mark.parametrize("is_named", [True, False])
def test_a_list_in_the_trash_gives_its_id_up_too(dav, api, home, is_named):
    if is_named:
        Collection.objects.create(owner=home.owner, project=home, name=str(home.pk))
    dav.call("DELETE", f"{home.pk}/")
    assert dav.call("MKCALENDAR", f"{home.pk}/").status_code == 201

    api.post(f"/projects/{home.pk}/restore/")

    found = {each["displayname"] for href, each in dav.find("", "d:displayname", depth=1).items()}
    assert found == {"Alice", "Inbox", str(home.pk), "Home"}


def test_a_list_in_the_trash_gives_its_name_up_though_another_has_its_id_for_one(dav):
    dav.call("MKCALENDAR", "work/")
    dav.call("MKCALENDAR", f"{Project.objects.get().pk}/")
    dav.call("DELETE", "work/")

    assert dav.call("MKCALENDAR", "work/").status_code == 201

"""Lists: MKCALENDAR, extended MKCOL, PROPPATCH and DELETE."""

import pytest

from dav.models import Collection
from dav.tests.conftest import NAMESPACES, condition, vtodo
from testing.counting import revision_of
from todos.models import Project, Task


def setting(kind: str, *properties: str) -> str:
    inner = f"<d:set><d:prop>{''.join(properties)}</d:prop></d:set>"
    return f"<{kind} {NAMESPACES}>{inner}</{kind}>"


def named(name: str) -> str:
    return f"<d:displayname>{name}</d:displayname>"


MADE = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"


@pytest.mark.parametrize(("method", "kind"), [("MKCALENDAR", "c:mkcalendar"), ("MKCOL", "d:mkcol")])
def test_a_client_makes_a_list_and_names_its_address(dav, method, kind):
    color = "<a:calendar-color>#FF0000FF</a:calendar-color>"

    response = dav.call(method, "work/", setting(kind, MADE, named("Work"), color))

    project = Project.objects.get()
    assert response.status_code == 201
    assert (project.name, project.color, project.collection.name) == ("Work", "#ff0000", "work")
    [found] = dav.find("work/", "d:displayname", "a:calendar-color").values()
    assert found == {"displayname": "Work", "calendar-color": "#FF0000FF"}


def test_without_a_body_the_list_has_the_name_of_its_address(dav):
    assert dav.call("MKCALENDAR", "garden/").status_code == 201
    assert Project.objects.get().name == "garden"


def test_a_name_that_a_project_has_already_gets_a_number_and_clients_see_their_wish(dav, home):
    dav.call("MKCALENDAR", "second/", setting("c:mkcalendar", named("HOME")))

    assert sorted(Project.objects.values_list("name", flat=True)) == ["HOME (2)", "Home"]
    assert dav.find("second/", "d:displayname").popitem()[1] == {"displayname": "HOME"}


def test_a_project_that_was_renamed_here_shows_its_new_name(dav, api):
    dav.call("MKCALENDAR", "work/", setting("c:mkcalendar", named("Work")))
    api.patch(f"/projects/{Project.objects.get().pk}/", {"name": "Office", "color": "#00ff00"})

    [found] = dav.find("work/", "d:displayname", "a:calendar-color").values()

    assert found == {"displayname": "Office", "calendar-color": "#00ff00FF"}


@pytest.mark.parametrize("name", ["inbox", "work"])
def test_an_address_that_is_taken_is_refused(dav, name):
    dav.call("MKCALENDAR", "work/")

    response = dav.call("MKCALENDAR", f"{name}/")

    assert (response.status_code, condition(response)) == (405, "resource-must-be-null")


def test_a_list_of_events_alone_is_refused_by_name(dav):
    events = '<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set>'

    response = dav.call("MKCALENDAR", "events/", setting("c:mkcalendar", events))

    assert (response.status_code, condition(response)) == (403, "supported-calendar-component")
    assert not Project.objects.exists()


def test_a_collection_that_is_no_calendar_is_refused_by_name(dav):
    response = dav.call("MKCOL", "x/", setting("d:mkcol", "<d:resourcetype><d:collection/></d:resourcetype>"))

    assert (response.status_code, condition(response)) == (403, "valid-resourcetype")


def test_deleting_a_list_moves_the_project_to_the_trash_and_frees_its_address(dav, api):
    dav.call("MKCALENDAR", "work/")
    first = Project.objects.get()
    dav.put_text("work/milk.ics", vtodo())

    assert dav.call("DELETE", "work/").status_code == 204
    assert dav.call("PROPFIND", "work/").status_code == 404
    assert dav.call("MKCALENDAR", "work/").status_code == 201

    first.refresh_from_db()
    assert first.deleted_at
    assert Task.objects.get().deleted_at == first.deleted_at
    first.name = "First"
    first.restore()
    assert dav.find(f"{first.pk}/", "d:displayname").popitem()[1] == {"displayname": "First"}


def test_the_inbox_stays(dav):
    assert dav.call("DELETE", "inbox/").status_code == 403


# PROPPATCH


def test_what_is_not_known_is_kept_and_given_again(dav, alice):
    before = revision_of(alice)
    tags = '<t:tag-colors xmlns:t="http://tasks.org/"><t:tag name="a &amp; b">#fff</t:tag></t:tag-colors>'

    response = dav.call("PROPPATCH", "inbox/", setting("d:propertyupdate", tags))

    assert response.status_code == 207
    assert b" 403 " not in response.content
    again = dav.call(
        "PROPFIND",
        "inbox/",
        '<d:propfind xmlns:d="DAV:"><d:prop><x:tag-colors xmlns:x="http://tasks.org/"/></d:prop></d:propfind>',
    )
    assert 'name="a &amp; b">#fff<' in again.content.decode()
    assert revision_of(alice) == before + 1


def test_the_home_keeps_properties_too(dav, alice):
    path = f"/dav/{alice.pk}/"

    dav.call("PROPPATCH", path, setting("d:propertyupdate", '<x:y xmlns:x="urn:x">z</x:y>'))

    assert b">z</" in dav.call("PROPFIND", path).content
    assert [each.name for each in Collection.objects.all()] == [""]
    assert dav.find("inbox/", "d:displayname").popitem()[1] == {"displayname": "Inbox"}


def test_the_home_keeps_the_name_and_the_color_that_a_client_sets(dav):
    named_green = setting("d:propertyupdate", named("Mine"), "<a:calendar-color>#00ff00</a:calendar-color>")

    dav.call("PROPPATCH", "", named_green)

    [found] = dav.find("", "d:displayname", "a:calendar-color").values()
    assert found == {"displayname": "Mine", "calendar-color": "#00ff00"}


def test_the_home_gets_the_name_of_its_owner_back(dav):
    dav.call("PROPPATCH", "", setting("d:propertyupdate", named("Mine")))

    dav.call(
        "PROPPATCH",
        "",
        f"<d:propertyupdate {NAMESPACES}><d:remove><d:prop><d:displayname/></d:prop></d:remove></d:propertyupdate>",
    )

    assert dav.find("", "d:displayname").popitem()[1] == {"displayname": "Alice"}


@pytest.mark.parametrize("path", ["", "inbox/"])
def test_a_color_that_is_none_comes_back_as_text(dav, path):
    dav.call("PROPPATCH", path, setting("d:propertyupdate", "<a:calendar-color>&lt;green&gt;</a:calendar-color>"))

    assert dav.find(path, "a:calendar-color").popitem()[1] == {"calendar-color": "<green>"}


def test_a_property_is_removed(dav):
    dav.call("PROPPATCH", "inbox/", setting("d:propertyupdate", '<x:y xmlns:x="urn:x">z</x:y>'))

    dav.call(
        "PROPPATCH",
        "inbox/",
        f'<d:propertyupdate {NAMESPACES}><d:remove><d:prop><y xmlns="urn:x"/></d:prop></d:remove></d:propertyupdate>',
    )

    assert b">z</" not in dav.call("PROPFIND", "inbox/").content


def test_renaming_a_list_renames_the_project(dav, home):
    dav.call(
        "PROPPATCH",
        f"{home.pk}/",
        setting("d:propertyupdate", named("House"), "<a:calendar-color>#00ff00</a:calendar-color>"),
    )

    home.refresh_from_db()
    assert (home.name, home.color) == ("House", "#00ff00")
    assert dav.find(f"{home.pk}/", "a:calendar-color").popitem()[1] == {"calendar-color": "#00ff00"}


def test_what_the_server_alone_sets_is_refused_and_nothing_changes(dav, home):
    response = dav.call("PROPPATCH", f"{home.pk}/", setting("d:propertyupdate", named("X"), "<d:getetag>1</d:getetag>"))

    home.refresh_from_db()
    assert home.name == "Home"
    assert "<d:getetag/></d:prop><d:status>HTTP/1.1 403" in response.content.decode()
    assert "<d:displayname/></d:prop><d:status>HTTP/1.1 424" in response.content.decode()


def test_properties_have_a_limit(dav):
    response = dav.call(
        "PROPPATCH", "inbox/", setting("d:propertyupdate", f'<x:y xmlns:x="urn:x">{"z" * 100_001}</x:y>')
    )

    assert response.status_code == 413
    assert not Collection.objects.exists()

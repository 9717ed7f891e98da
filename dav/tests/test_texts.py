"""What clients store comes back to the byte, but where the task says something else; and the entity tag tells which."""

from datetime import date, time

import pytest

from dav.tests.conftest import condition, lines_of, vtodo
from testing.counting import revision_of
from todos.models import Project, Task

STRANGE = vtodo(
    'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE="A, b; c":geo:47.3,8.5',
    "GEO:47.3;8.5",
    "ATTACH;FMTTYPE=text/plain:https://example.com/a",
    "CATEGORIES:Home,shop\\, later",
    "DUE;TZID=Somewhere/Else:20300131T090000",
    "DESCRIPTION:one\\ntwo\\, with a very long line that a client folds at another place than we would\r\n  do it our",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "TRIGGER;RELATED=END:-PT15M",
    "ACKNOWLEDGED:20300131T080000Z",
    "END:VALARM",
    "this line is none",
)


def test_a_text_comes_back_to_the_byte_with_its_tag(dav):
    made = dav.put_text("inbox/milk.ics", STRANGE)

    response = dav.call("GET", "inbox/milk.ics")

    assert (made.status_code, response.status_code) == (201, 200)
    assert response.content.decode() == STRANGE
    assert response["ETag"] == made["ETag"]
    task = Task.objects.get()
    assert (task.title, task.tags) == ("Buy milk", ["Home", "shop, later"])
    assert (task.due_date, task.due_time, task.reminders) == (date(2030, 1, 31), time(9), [{"minutes_before": 15}])


def test_only_what_the_task_says_otherwise_is_rewritten(dav, api):
    dav.put_text("inbox/milk.ics", STRANGE)
    api.patch(f"/tasks/{Task.objects.get().pk}/", {"title": "Buy oat milk"})

    before, after = lines_of(STRANGE), lines_of(dav.text("inbox/milk.ics"))

    assert set(before) - set(after) == {"SUMMARY:Buy milk", "DTSTAMP:20300101T000000Z"}
    assert [line for line in after if line not in before and not line.startswith("DTSTAMP")] == ["SUMMARY:Buy oat milk"]


@pytest.mark.parametrize(
    ("changes", "gone", "come"),
    [
        ({"description": "New"}, "DESCRIPTION", "DESCRIPTION:New"),
        ({"priority": 4}, "PRIORITY", "PRIORITY:1"),
        ({"tags": ["b"]}, "CATEGORIES", "CATEGORIES:b"),
        ({"due_date": "2030-02-01", "due_time": None}, "DUE", "DUE;VALUE=DATE:20300201"),
        ({"completed": True}, "", "STATUS:COMPLETED"),
        ({"reminders": []}, "TRIGGER", ""),
    ],
)
def test_each_field_rewrites_its_own_properties(dav, api, changes, gone, come):
    dav.put_text("inbox/milk.ics", STRANGE)
    assert api.patch(f"/tasks/{Task.objects.get().pk}/", changes).status_code == 200

    after = lines_of(dav.text("inbox/milk.ics"))

    assert not come or come in after
    assert [line for line in after if gone and line.startswith(gone) and line != come] == []
    assert "GEO:47.3;8.5" in after


def test_a_new_time_in_the_owners_zone_brings_the_zone(dav, api):
    dav.put_text("inbox/milk.ics", vtodo("DUE:20300131T080000Z"))
    api.patch(f"/tasks/{Task.objects.get().pk}/", {"due_time": "10:00"})

    text = dav.text("inbox/milk.ics")

    assert "DUE;TZID=Europe/Zurich:20300131T100000" in lines_of(text)
    assert text.count("BEGIN:VTIMEZONE") == 1


def test_a_floating_time_stays_as_it_came_until_the_task_changes(dav, api):
    text = vtodo("DUE:20300131T090000")
    dav.put_text("inbox/milk.ics", text)
    task = Task.objects.get()

    assert (task.due_date, task.due_time) == (date(2030, 1, 31), time(9))
    assert dav.text("inbox/milk.ics") == text


def test_the_sequence_goes_up_once_for_a_change_not_with_each_read(dav, api):
    dav.put_text("inbox/milk.ics", vtodo("SEQUENCE:7"))
    api.patch(f"/tasks/{Task.objects.get().pk}/", {"title": "New"})

    assert [line for line in lines_of(dav.text("inbox/milk.ics")) if "SEQ" in line] == ["SEQUENCE:8"]
    assert [line for line in lines_of(dav.text("inbox/milk.ics")) if "SEQ" in line] == ["SEQUENCE:8"]


# Entity tags


def test_there_is_no_tag_where_what_is_kept_is_not_what_was_sent(dav):
    sent = vtodo("METHOD-X:1").replace("BEGIN:VTODO", "METHOD:PUBLISH\r\nBEGIN:VTODO")

    response = dav.put_text("inbox/milk.ics", sent)

    assert response.status_code == 201
    assert "ETag" not in response
    assert "METHOD:PUBLISH" not in dav.text("inbox/milk.ics")


def test_sending_the_same_again_is_no_write(dav, alice):
    first = dav.put_text("inbox/milk.ics", STRANGE)
    before = revision_of(alice)

    again = dav.put_text("inbox/milk.ics", STRANGE)

    assert (again.status_code, again["ETag"]) == (204, first["ETag"])
    assert revision_of(alice) == before


def test_sending_what_was_served_changes_nothing(dav, api):
    dav.put_text("inbox/milk.ics", STRANGE)
    api.patch(f"/tasks/{Task.objects.get().pk}/", {"title": "Buy oat milk"})
    served = dav.call("GET", "inbox/milk.ics")

    again = dav.put_text("inbox/milk.ics", served.content, HTTP_IF_MATCH=served["ETag"])

    assert (again.status_code, again["ETag"]) == (204, served["ETag"])
    assert dav.text("inbox/milk.ics") == served.content.decode()


@pytest.mark.parametrize("is_named", [True, False])
def test_an_earlier_text_is_a_change(dav, api, is_named):
    dav.put_text("inbox/milk.ics", STRANGE)
    task = Task.objects.get()
    api.patch(f"/tasks/{task.pk}/", {"title": "Buy oat milk"})
    match = {"HTTP_IF_MATCH": dav.call("GET", "inbox/milk.ics")["ETag"]} if is_named else {}

    response = dav.put_text("inbox/milk.ics", STRANGE, **match)

    task.refresh_from_db()
    assert (response.status_code, task.title) == (204, "Buy milk")
    assert dav.text("inbox/milk.ics") == STRANGE


def test_a_change_of_the_text_alone_is_a_write_with_another_tag(dav, alice):
    first = dav.put_text("inbox/milk.ics", STRANGE)
    before = revision_of(alice)

    again = dav.put_text("inbox/milk.ics", STRANGE.replace("GEO:47.3", "GEO:48.0"))

    assert again["ETag"] != first["ETag"]
    assert revision_of(alice) == before + 1


def test_tags_are_those_of_the_revision_and_of_the_zone(dav, api):
    first = dav.put_text("inbox/milk.ics", STRANGE)["ETag"]

    api.patch("/me/", {"timezone": "Asia/Tokyo"})

    assert dav.call("GET", "inbox/milk.ics")["ETag"] != first


def test_an_unchanged_text_is_304(dav):
    etag = dav.put_text("inbox/milk.ics", STRANGE)["ETag"]

    response = dav.call("GET", "inbox/milk.ics", HTTP_IF_NONE_MATCH=etag)

    assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "MOVE"])
def test_a_stale_tag_changes_nothing(dav, api, alice, method):
    etag = dav.put_text("inbox/milk.ics", STRANGE)["ETag"]
    api.patch(f"/tasks/{Task.objects.get().pk}/", {"title": "New"})
    before = revision_of(alice)
    new = {"HTTP_DESTINATION": f"/dav/{alice.pk}/inbox/other.ics"}

    response = dav.call(method, "inbox/milk.ics", vtodo(), "text/calendar", HTTP_IF_MATCH=etag, **new)

    assert response.status_code == 412
    assert revision_of(alice) == before


def test_if_none_match_keeps_what_is_there(dav):
    dav.put_text("inbox/milk.ics", STRANGE)

    assert dav.put_text("inbox/milk.ics", vtodo(), HTTP_IF_NONE_MATCH="*").status_code == 412
    assert dav.put_text("inbox/other.ics", vtodo(uid="other"), HTTP_IF_NONE_MATCH="*").status_code == 201
    assert dav.put_text("inbox/third.ics", vtodo(uid="third"), HTTP_IF_MATCH='"x"').status_code == 412


# What a text must be


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("", "valid-calendar-data"),
        ("BEGIN:VCARD\r\nEND:VCARD\r\n", "valid-calendar-data"),
        (vtodo().replace("END:VTODO\r\n", ""), "valid-calendar-data"),
        (vtodo() + vtodo(uid="other"), "valid-calendar-data"),
        (vtodo().replace("UID:milk\r\n", ""), "valid-calendar-object-resource"),
        (vtodo(uid="x" * 501), "valid-calendar-object-resource"),
        ("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "valid-calendar-object-resource"),
        (vtodo().replace("VTODO", "VEVENT"), "supported-calendar-component"),
        (vtodo().encode().replace(b"milk", b"m\x00lk"), "valid-calendar-data"),
        (b"\xff\xfe", "valid-calendar-data"),
    ],
)
def test_a_text_that_can_not_be_kept_is_refused_by_name(dav, alice, text, failed):
    before = revision_of(alice)

    response = dav.put_text("inbox/milk.ics", text)

    assert (response.status_code, condition(response)) == (403, failed)
    assert revision_of(alice) == before
    assert not Task.objects.exists()


def test_a_line_that_is_folded_inside_a_character_is_read(dav):
    text = vtodo(summary="Mülch").encode().replace(b"\xc3\xbc", b"\xc3\r\n \xbc")

    assert dav.put_text("inbox/milk.ics", text).status_code == 201
    assert Task.objects.get().title == "Mülch"


def test_two_objects_of_a_list_never_have_one_uid(dav, alice):
    dav.put_text("inbox/milk.ics", vtodo())

    response = dav.put_text("inbox/other.ics", vtodo())

    assert (response.status_code, condition(response)) == (403, "no-uid-conflict")
    assert f"/dav/{alice.pk}/inbox/milk.ics</d:href>" in response.content.decode()


def test_a_uid_is_free_again_when_its_task_is_in_the_trash(dav):
    dav.put_text("inbox/milk.ics", vtodo())
    dav.call("DELETE", "inbox/milk.ics")

    assert dav.put_text("inbox/other.ics", vtodo()).status_code == 201
    assert dav.call("GET", "inbox/milk.ics").status_code == 404


def test_the_uid_of_an_object_stays(dav):
    dav.put_text("inbox/milk.ics", vtodo())

    response = dav.put_text("inbox/milk.ics", vtodo(uid="other"))

    assert (response.status_code, condition(response)) == (403, "no-uid-conflict")


def test_into_a_list_that_is_not_there_is_a_conflict(dav):
    assert dav.put_text("nowhere/milk.ics", vtodo()).status_code == 409


@pytest.mark.parametrize("name", ["a b.ics", "50%25.ics", "ümlaut.ics", "a+b&c.ics", "~x@y.ics", "no-suffix"])
def test_names_are_the_clients_own(dav, alice, name):
    from urllib.parse import quote

    assert dav.put_text(f"inbox/{quote(name)}", vtodo()).status_code == 201

    found = dav.find("inbox/", "d:getetag", depth=1)
    href = next(each for each in found if each != f"/dav/{alice.pk}/inbox/")
    assert dav.text(href) == vtodo()


def test_a_task_of_the_api_is_an_object_named_by_its_id(dav, task, alice):
    text = dav.text(f"inbox/{task.pk}.ics")

    assert {f"UID:{task.pk}", "SUMMARY:Buy milk", "DESCRIPTION:Two litres", "STATUS:NEEDS-ACTION"} <= set(
        lines_of(text)
    )
    response = dav.put_text(f"inbox/{task.pk}.ics", text.replace("SUMMARY:Buy milk", "SUMMARY:Buy bread\r\nX-A:b"))
    task.refresh_from_db()
    assert (response.status_code, task.title) == (204, "Buy bread")
    assert "X-A:b" in dav.text(f"inbox/{task.pk}.ics")


# COPY and MOVE


@pytest.fixture
def work(dav) -> Project:
    dav.call("MKCALENDAR", "work/")
    return Project.objects.get()


def test_moving_to_another_list_takes_the_text_along(dav, alice, work):
    dav.put_text("inbox/milk.ics", STRANGE)

    response = dav.call("MOVE", "inbox/milk.ics", HTTP_DESTINATION=f"http://testserver/dav/{alice.pk}/work/m%20k.ics")

    assert response.status_code == 201
    assert Task.objects.get().project == work
    assert dav.text("work/m%20k.ics") == STRANGE
    assert dav.call("GET", "inbox/milk.ics").status_code == 404


def test_a_copy_is_another_task(dav, alice, work):
    dav.put_text("inbox/milk.ics", STRANGE)

    response = dav.call("COPY", "inbox/milk.ics", HTTP_DESTINATION=f"/dav/{alice.pk}/work/milk.ics")

    assert response.status_code == 201
    assert Task.objects.count() == 2
    assert dav.text("work/milk.ics") == dav.text("inbox/milk.ics") == STRANGE


def test_what_is_there_is_replaced_only_with_overwrite(dav, alice):
    dav.put_text("inbox/milk.ics", vtodo())
    dav.put_text("inbox/bread.ics", vtodo(uid="bread"))
    to = {"HTTP_DESTINATION": f"/dav/{alice.pk}/inbox/bread.ics"}

    assert dav.call("MOVE", "inbox/milk.ics", HTTP_OVERWRITE="F", **to).status_code == 412
    assert dav.call("MOVE", "inbox/milk.ics", **to).status_code == 204
    assert dav.text("inbox/bread.ics") == vtodo()
    assert Task.objects.present().count() == 1


@pytest.mark.parametrize("method", ["MOVE", "COPY"])
def test_a_subtask_does_not_replace_what_it_is_below(dav, alice, method):
    dav.put_text("inbox/top.ics", vtodo(uid="top"))
    dav.put_text("inbox/middle.ics", vtodo("RELATED-TO:top", uid="middle"))
    dav.put_text("inbox/low.ics", vtodo("RELATED-TO:middle", uid="low"))

    response = dav.call(method, "inbox/low.ics", HTTP_DESTINATION=f"/dav/{alice.pk}/inbox/top.ics")

    assert response.status_code == 403
    assert Task.objects.present().count() == 3


@pytest.mark.parametrize("to", ["", "http://[", "/elsewhere/x.ics", "/dav/{bob}/inbox/x.ics", "/dav/{alice}/inbox/"])
def test_a_destination_that_is_none_of_ones_own_objects_is_refused(dav, alice, bob, to):
    dav.put_text("inbox/milk.ics", vtodo())
    to = to.replace("{bob}", str(bob.pk)).replace("{alice}", str(alice.pk))

    assert dav.call("MOVE", "inbox/milk.ics", HTTP_DESTINATION=to).status_code == 403
    assert dav.text("inbox/milk.ics") == vtodo()


def test_a_stale_client_does_not_bring_back_what_left_the_list(dav, api, work):
    """Vikunja made a copy of the task (its issue 3482)."""
    dav.put_text("inbox/milk.ics", vtodo())
    api.patch(f"/tasks/{Task.objects.get().pk}/", {"project": str(work.pk)})

    assert dav.put_text("inbox/milk.ics", vtodo("PRIORITY:1")).status_code == 404
    assert Task.objects.count() == 1


def test_put_there_and_delete_here_works_in_either_order(dav, work):
    dav.put_text("inbox/milk.ics", vtodo())

    assert dav.put_text("work/milk.ics", vtodo()).status_code == 201
    assert dav.call("DELETE", "inbox/milk.ics").status_code == 204
    assert dav.call("DELETE", "work/milk.ics").status_code == 204
    assert dav.put_text("inbox/milk.ics", vtodo()).status_code == 201

"""An archive takes along what calendar clients stored, and gives it back to the byte at the same names."""

import json
from collections.abc import Callable

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dav.models import Collection, OtherObject, Removal, Resource
from testing.calendars import Calendars, calendar
from testing.client import Client
from testing.proofs import size
from testing.uploads import named
from todos.models import Project, Task
from transfer.exports.archive import write_archive
from transfer.tests.conftest import refusal, told
from users.models import User

pytestmark = pytest.mark.django_db
COLOR = '<a:calendar-color xmlns:a="http://apple.com/ns/ical/">#FF00AA80</a:calendar-color>'
ORDER = '<a:calendar-order xmlns:a="http://apple.com/ns/ical/">7</a:calendar-order>'
PARTS = ("calendar_lists", "calendar_tasks", "calendar_others")


def set_properties(*elements: str, root: str = "d:propertyupdate") -> str:
    names = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
    return f"<{root} {names}><d:set><d:prop>{''.join(elements)}</d:prop></d:set></{root}>"


@pytest.fixture
def phone(alice) -> Calendars:
    """Alice's calendar client, which has stored something of everything."""
    phone = Calendars(alice)
    made = set_properties("<d:displayname>Work</d:displayname>", COLOR, ORDER, root="c:mkcalendar")
    assert phone.ask("MKCALENDAR", "my work/", made).status_code == 201
    assert phone.ask("PROPPATCH", "inbox/", set_properties(COLOR, ORDER)).status_code == 207
    assert phone.ask("PROPPATCH", "", set_properties(ORDER)).status_code == 207
    phone.store("my%20work/one.ics", calendar("SUMMARY:One", "X-OURS;A=b:c", "PRIORITY:2", uid="one"))
    phone.store("my%20work/two.ics", calendar("SUMMARY:Two", "RELATED-TO:one", "STATUS:IN-PROCESS", uid="two"))
    phone.store("inbox/three.ics", calendar("SUMMARY:Three", "RELATED-TO:missing", "LOCATION:Zürich", uid="three"))
    phone.store("inbox/gone.ics", calendar("SUMMARY:Gone", uid="gone"))
    phone.ask("DELETE", "inbox/gone.ics")
    OtherObject.objects.create(
        owner=alice, name="e.ics", uid="e", component="VEVENT", body=calendar(uid="e", kind="VEVENT")
    )
    return phone


def archive(user: User) -> dict:
    return json.loads(b"".join(write_archive(user, as_owner=False)))


def as_file(content: dict):
    return named(json.dumps(content).encode(), "archive.json")


def upload(user: User, content: dict):
    return Client(user).post("/import/archive/", {"file": as_file(content)}, format="multipart")


@pytest.fixture
def carol(db) -> User:
    return User.objects.create_user("carol@example.com", timezone="Europe/Zurich")


def rows(user: User) -> dict[str, list]:
    """What is stored, without ids and revisions."""
    kept = {
        Collection: ("name", "display_name", "named_as", "color", "components", "properties", "project__name"),
        Resource: ("name", "uid", "parent_uid", "sort_order", "body", "task__title", "task__deleted_at"),
        OtherObject: ("name", "uid", "component", "body", "project__name", "created_at", "deleted_at"),
    }
    found = {}
    for model, columns in kept.items():
        found[model.__name__] = sorted(model.objects.owned_by(user).values_list(*columns), key=repr)
    return found


def test_an_empty_account_gets_the_same_texts_at_the_same_names(phone, alice, carol):
    before = phone.texts()

    assert told(upload(carol, archive(alice))) == []

    assert Calendars(carol).texts() == before
    assert set(before) == {"my%20work/one.ics", "my%20work/two.ics", "inbox/three.ics"}
    assert rows(carol) == rows(alice)


def test_what_clients_set_on_lists_is_there_too(phone, alice, carol):
    upload(carol, archive(alice))

    asked = '<d:propfind xmlns:d="DAV:" xmlns:a="http://apple.com/ns/ical/"><d:prop><d:displayname/>'
    asked += "<a:calendar-color/><a:calendar-order/></d:prop></d:propfind>"
    for path in ("my%20work/", "inbox/"):
        mine = phone.ask("PROPFIND", path, asked).content.decode()
        theirs = Calendars(carol).ask("PROPFIND", path, asked).content.decode()
        assert theirs.replace(str(carol.pk), str(alice.pk)) == mine
        assert ("#FF00AA80" in mine, ">7<" in mine) == (True, True)


def test_a_color_with_a_name_moves_along(phone, alice, carol):
    named = '<a:calendar-color xmlns:a="http://apple.com/ns/ical/">blue</a:calendar-color>'
    phone.ask("PROPPATCH", "inbox/", f'<propertyupdate xmlns="DAV:"><set><prop>{named}</prop></set></propertyupdate>')

    assert told(upload(carol, archive(alice))) == []

    assert Collection.objects.get(owner=carol, name="inbox").color == "blue"


def test_a_parent_that_comes_later_finds_its_child_there(phone, alice, carol):
    upload(carol, archive(alice))

    Calendars(carol).store("inbox/missing.ics", calendar("SUMMARY:Parent", uid="missing"))

    assert Task.objects.get(owner=carol, title="Three").parent.title == "Parent"


def test_names_that_left_a_list_are_not_in_it(phone, alice, carol):
    phone.ask("MOVE", "my%20work/two.ics", Destination=f"{phone.home}inbox/two.ics")
    assert Removal.objects.owned_by(alice).exists()

    upload(carol, archive(alice))

    assert not Removal.objects.owned_by(carol).exists()


def test_an_object_that_got_another_name_without_a_text_keeps_it(alice, carol):
    task = Task.objects.create(owner=alice, title="One")
    Resource.objects.create(owner=alice, task=task, name="other.ics", uid="other", body="")

    assert told(upload(carol, archive(alice))) == []

    assert rows(carol) == rows(alice)


def test_importing_it_again_makes_nothing_twice_and_says_nothing(phone, alice, carol):
    content = archive(alice)
    upload(carol, content)
    before, revision = rows(carol), User.objects.get(pk=carol.pk).revision

    assert told(upload(carol, content)) == []
    assert told(upload(alice, content)) == []

    assert rows(carol) == before
    assert User.objects.get(pk=carol.pk).revision == revision


def test_a_dry_run_stores_nothing(phone, alice, carol):
    response = Client(carol).post(
        "/import/archive/?dry_run=true", {"file": as_file(archive(alice))}, format="multipart"
    )

    assert told(response) == []
    assert rows(carol) == {"Collection": [], "Resource": [], "OtherObject": []}


def test_an_archive_without_these_parts_is_read_as_before(phone, alice, carol):
    content = archive(alice)

    assert told(upload(carol, {name: part for name, part in content.items() if name not in PARTS})) == []

    assert Task.objects.present().owned_by(carol).count() == 3
    assert rows(carol) == {"Collection": [], "Resource": [], "OtherObject": []}


def test_the_lists_of_an_account_stay_as_they_are(phone, alice, carol):
    theirs = Calendars(carol)
    theirs.ask("PROPPATCH", "inbox/", set_properties(ORDER))
    Project.objects.create(owner=carol, name="Work")
    theirs.store("inbox/three.ics", calendar("SUMMARY:Another", uid="other"))
    before = rows(carol)["Collection"]

    lost = told(upload(carol, archive(alice)))

    stays = "This account has such a list, which stays as it is."
    assert [line for line in lost if line[1] != "settings" and line[0] != "settings"] == [
        ("calendar_lists, item 1: my work", "", stays),
        ("calendar_lists, item 2: inbox", "", stays),
        ("calendar_tasks, item 3: three.ics", "name", "Another object of the list has this name or this UID."),
    ]
    assert [row for row in rows(carol)["Collection"] if row in before] == before
    assert Task.objects.owned_by(carol).filter(title="Three").count() == 1


BODY, EVENT = (calendar("SUMMARY:x", uid="u", kind=kind) for kind in ("VTODO", "VEVENT"))


@pytest.mark.parametrize(
    ("part", "change", "field"),
    [
        ("calendar_lists", {"name": "a/b"}, "name"),
        ("calendar_lists", {"name": "inbox"}, "name"),
        ("calendar_lists", {"name": "a\0"}, "name"),
        ("calendar_lists", {"project": "", "name": "other"}, "name"),
        ("calendar_lists", {"project": "nothing"}, "project"),
        ("calendar_lists", {"display_name": "x" * 501}, "display_name"),
        ("calendar_lists", {"display_name": "\ud800"}, "display_name"),
        ("calendar_lists", {"color": "x" * 41}, "color"),
        ("calendar_lists", {"properties": {"{DAV:}x": "<x/>"}}, "properties"),
        ("calendar_lists", {"properties": {"{DAV:}x": "no XML"}}, "properties"),
        ("calendar_lists", {"properties": {"{DAV:}x": "<!DOCTYPE x><x xmlns='DAV:'/>"}}, "properties"),
        ("calendar_lists", {"properties": {"{DAV:}x": f"<x xmlns='DAV:'>{'x' * 100_000}</x>"}}, "properties"),
        ("calendar_lists", {"surprise": 1}, "surprise"),
        ("calendar_tasks", {"name": ""}, "name"),
        ("calendar_tasks", {"name": ".."}, "name"),
        ("calendar_tasks", {"uid": "another"}, "body"),
        ("calendar_tasks", {"uid": "x" * 501}, "uid"),
        ("calendar_tasks", {"parent_uid": "x" * 501}, "parent_uid"),
        ("calendar_tasks", {"task": "nothing"}, "task"),
        ("calendar_tasks", {"body": " "}, "body"),
        ("calendar_tasks", {"body": BODY + "\0"}, "body"),
        ("calendar_tasks", {"body": BODY + BODY}, "body"),
        ("calendar_tasks", {"body": BODY.replace("VTODO", "VEVENT")}, "body"),
        ("calendar_tasks", {"body": BODY.replace("SUMMARY:x", "SUMMARY:\udfff")}, "body"),
        ("calendar_others", {"component": "VTODO"}, "body"),
        ("calendar_others", {"component": "x" * 41}, "component"),
        ("calendar_others", {"project": "nothing"}, "project"),
    ],
)
def test_what_can_not_be_kept_is_named(carol, part, change, field):
    project = {"id": "p", "name": "Work"}
    task = {"id": "t", "title": "x", "project": "p"}
    row = {
        "calendar_lists": {"project": "p", "name": "work"},
        "calendar_tasks": {"task": "t", "name": "x.ics", "uid": "u", "body": BODY},
        "calendar_others": {"name": "e", "uid": "u", "component": "VEVENT", "body": EVENT},
    }[part] | change

    response = upload(
        carol,
        {"format": "todo-archive", "version": 1, part: [row], "tasks": [task], "projects": [project], "complete": True},
    )

    assert [(item.split(":")[0], name) for item, name, _ in told(response)] == [(f"{part}, item 1", field)]
    assert Task.objects.owned_by(carol).exists()
    assert Calendars(carol).texts().keys() != set()


@pytest.mark.parametrize(
    ("part", "row", "reason"),
    [
        ("calendar_lists", 3, "calendar_lists, item 1: It isn't an object."),
        ("calendar_lists", {"name": ["x"]}, "calendar_lists, item 1: name: ['x'] isn't text."),
        (
            "calendar_lists",
            {"name": "inbox", "properties": [1]},
            "calendar_lists, item 1: properties: [1] isn't an object with texts.",
        ),
        (
            "calendar_lists",
            {"name": "inbox", "components": [1]},
            "calendar_lists, item 1: components: [1] isn't a list of texts.",
        ),
        (
            "calendar_tasks",
            {"name": "x", "sort_order": "x"},
            "calendar_tasks, item 1: sort_order: 'x' isn't a number from -1e+15 to 1e+15.",
        ),
        (
            "calendar_others",
            {"name": "x", "uid": "u", "component": "VEVENT", "body": EVENT, "deleted_at": "x"},
            "calendar_others, item 1: deleted_at: 'x' isn't a date and time.",
        ),
    ],
)
def test_a_value_of_another_type_is_refused_by_its_item(carol, part, row, reason):
    assert refusal(upload(carol, {"format": "todo-archive", part: [row]})) == reason


def test_a_text_of_a_megabyte_moves_too(alice, carol):
    large = calendar(*["X-CONTROL:" + "\x01" * 900 for _ in range(900)], uid="large")
    phone = Calendars(alice)
    assert phone.store("inbox/large.ics", large).status_code == 201

    assert told(upload(carol, archive(alice))) == []

    assert Calendars(carol).texts() == {"inbox/large.ics": large}


# Any account


def retitle(task: Task) -> None:
    task.title = "Changed here"
    task.save()


AFTERWARDS: dict[str, Callable] = {"completed": Task.complete, "deleted": Task.delete, "changed": retitle}
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
LINES = st.one_of(
    st.builds("SUMMARY:{}".format, VALUES),
    st.builds("DESCRIPTION:{}".format, VALUES),
    st.builds("X-OTHER;P=q:{}".format, VALUES),
    st.builds("CATEGORIES:{}".format, VALUES),
    st.builds("PRIORITY:{}".format, st.integers(-1, 10)),
    st.builds("DUE;VALUE=DATE:2027{:02}{:02}".format, st.integers(1, 12), st.integers(1, 31)),
    st.builds("DUE;TZID=Asia/Tokyo:2027{:02}{:02}T090000".format, st.integers(1, 12), st.integers(1, 31)),
    st.builds("RELATED-TO:{}".format, st.integers(0, 5)),
    st.sampled_from(["STATUS:COMPLETED", "STATUS:IN-PROCESS", "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=HOURLY"]),
)
OBJECTS = st.tuples(st.sampled_from(["inbox", "work"]), st.lists(LINES, max_size=6), st.sampled_from(["", *AFTERWARDS]))


@settings(max_examples=size(12, 4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(OBJECTS, max_size=6))
def test_any_texts_move_as_they_are(alice, carol, drawn):
    with transaction.atomic():
        phone = Calendars(alice)
        phone.ask("MKCALENDAR", "work/")
        for number, (name, lines, then) in enumerate(drawn):
            phone.store(f"{name}/{number}.ics", calendar(*lines, uid=str(number)))
            found = Task.objects.present().filter(resource__name=f"{number}.ics").first()
            if found and then:
                AFTERWARDS[then](found)

        assert told(upload(carol, archive(alice))) == []

        assert rows(carol) == rows(alice)
        assert Calendars(carol).texts() == phone.texts()
        transaction.set_rollback(True)

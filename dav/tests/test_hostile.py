"""What clients should never send: each is refused by what it is, or stored as far as it makes sense. Never a failure.

`tests/hostile/` has the corpus; here are those that broke something, or could.
"""

import time
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from dav.document import read_document, single
from dav.models import Resource
from dav.rendering import dates_of, master_of, rewrite_alarms
from dav.xml import MAX_DEPTH
from testing.calendars import Calendars, calendar
from testing.client import Client
from testing.counting import all_rows, revision_of
from todos.models import Task

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(alice) -> Calendars:
    return Calendars(alice)


@pytest.fixture
def refused(phone, alice):
    """Send it. It must be refused with this status and condition, and change nothing."""

    def run(status: int, condition: str, *request, **headers) -> str:
        before, revision = all_rows(alice), revision_of(alice)
        response = phone.ask(*request, **headers)
        content = response.content.decode()
        assert (response.status_code, response["Content-Type"]) == (status, "application/xml; charset=utf-8"), content
        assert "<d:error " in content
        assert f"<{condition}" in content
        assert (all_rows(alice), revision_of(alice)) == (before, revision)
        return content

    return run


# Errors that no view makes


@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (404, "PROPFIND", "a/b/c/d", ""),
        (404, "GET", "/dav/a/b/c/d/e", ""),
        (413, "PUT", "inbox/x.ics", "x" * 10_000_000),
        (413, "PROPFIND", "inbox/", "x" * 10_000_000),
        (405, "BREW", "inbox/", ""),
        (405, "POST", "inbox/", ""),
    ],
)
def test_every_error_has_the_body_of_webdav(refused, status, method, path, body):
    assert 'xmlns:s="urn:x-todo"' in refused(status, "s:message", method, path, body)


def test_an_error_names_its_reason(refused):
    assert "Send at most 1 MiB." in refused(413, "s:message", "PUT", "inbox/x.ics", "x" * 2_000_000)


# Names


@pytest.mark.parametrize("name", ["a%00b", "a%0ab", "%7f", "x" * 501, ".."])
def test_a_name_that_can_not_come_back_from_a_url_is_refused(refused, phone, name):
    phone.store("inbox/one.ics", calendar(uid="one"))

    refused(403, "s:message", "COPY", "inbox/one.ics", Destination=f"{phone.home}inbox/{name}")


def test_a_name_with_a_slash_is_refused(refused, phone):
    phone.store("inbox/one.ics", calendar(uid="one"))

    refused(403, "s:message", "MOVE", "inbox/one.ics", Destination=f"{phone.home}inbox/a%2Fb.ics")


OBJECTS, A_LIST = ("a%00b/x.ics", "inbox/a%00b.ics"), "a%00b/"


@pytest.mark.parametrize(
    ("method", "path"),
    [*product(("GET", "DELETE", "PROPFIND"), OBJECTS), ("DELETE", A_LIST), ("PROPFIND", A_LIST)],
)
def test_a_null_character_in_an_address_finds_nothing(refused, method, path):
    refused(404, "s:message", method, path)


def test_a_null_character_in_a_reference_finds_nothing(phone):
    body = '<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:href>{}</d:href>'
    body += "</c:calendar-multiget>"

    response = phone.ask("REPORT", "inbox/", body.format(f"{phone.home}inbox/a%00b.ics"))

    assert (response.status_code, b"404 Not Found" in response.content) == (207, True)


def test_a_reminder_beyond_the_calendar_is_none(phone):
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER;VALUE=DATE-TIME:00010101T000000", "END:VALARM")

    assert phone.store("inbox/x.ics", calendar(*alarm)).status_code == 201

    assert Task.objects.get().reminders == []


# XML


def nested(depth: int) -> str:
    return f'<d:propfind xmlns:d="DAV:">{"<a>" * depth}{"</a>" * depth}</d:propfind>'


def test_elements_have_a_depth(refused, phone):
    assert phone.ask("PROPFIND", "inbox/", nested(MAX_DEPTH - 2)).status_code == 207
    refused(400, "s:message", "PROPFIND", "inbox/", nested(MAX_DEPTH))
    refused(400, "s:message", "PROPFIND", "inbox/", nested(100_000))


@pytest.mark.parametrize("kind", ["<!DOCTYPE a>", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'])
def test_a_document_type_is_refused_whatever_it_says(refused, kind):
    refused(400, "s:message", "PROPFIND", "inbox/", f'{kind}<d:propfind xmlns:d="DAV:"/>')


def test_large_properties_are_refused(refused):
    update = (
        f'<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><b>{"x" * 200_000}</b></d:prop></d:set></d:propertyupdate>'
    )

    assert "The properties are too large." in refused(413, "s:message", "PROPPATCH", "inbox/", update)


def test_utf_16_is_xml_too(phone):
    text = '<?xml version="1.0" encoding="utf-16"?><d:propfind xmlns:d="DAV:"><d:prop><d:owner/></d:prop></d:propfind>'

    assert phone.ask("PROPFIND", "inbox/", text.encode("utf-16")).status_code == 207


# iCalendar


@pytest.mark.parametrize(
    ("condition", "body"),
    [
        ("c:valid-calendar-data", ""),
        ("c:valid-calendar-data", "\0"),
        ("c:valid-calendar-data", calendar().encode("utf-16")),
        ("c:valid-calendar-data", calendar().partition("END:VCALENDAR")[0]),
        ("c:valid-calendar-data", calendar(*["BEGIN:X"] * 1000, *["END:X"] * 1000)),
        ("c:valid-calendar-data", calendar(*["X:y"] * 20_001)),
        ("c:valid-calendar-data", calendar(f"X:{'y' * 200_000}")),
        ("c:valid-calendar-data", calendar() + calendar()),
        ("c:valid-calendar-object-resource", calendar().replace("UID:uid-1\r\n", "")),
        ("c:valid-calendar-object-resource", calendar(uid="x" * 501)),
        ("c:valid-calendar-object-resource", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
        ("c:supported-calendar-component", calendar(kind="VBREW")),
    ],
)
def test_what_is_no_task_is_refused_by_its_condition(refused, phone, condition, body):
    before = Task.objects.count()

    response = phone.store("inbox/x.ics", body)

    assert (response.status_code, f"<{condition}" in response.content.decode()) == (403, True), response.content
    assert Task.objects.count() == before


def test_a_uid_in_white_space_is_the_uid(phone):
    assert phone.store("inbox/x.ics", calendar(uid=f"{' ' * 10_000}x")).status_code == 201

    assert Resource.objects.get().uid == "x"


@pytest.mark.parametrize("name", ["CREATED", "COMPLETED", "DUE", "DTSTART"])
@pytest.mark.parametrize("moment", ["00010101", "00010101T000000", "99991231T235959", "00010101T000000Z"])
def test_dates_at_the_ends_of_the_calendar_are_stored(phone, alice, name, moment):
    assert phone.store("inbox/x.ics", calendar(f"{name}:{moment}")).status_code == 201

    task = Task.objects.get()
    assert phone.ask("GET", "inbox/x.ics").status_code == 200
    assert Client(alice).get(f"/tasks/{task.pk}/").status_code == 200


@pytest.mark.parametrize("parents", [["a"], ["b", "a"], ["b", "c", "a"]])
def test_circles_of_parents_are_opened(phone, parents):
    uids = "abc"[: len(parents)]
    for _ in range(2):
        for uid, parent in zip(uids, parents, strict=True):
            text = calendar(f"SUMMARY:{uid}", f"RELATED-TO:{parent}", uid=uid)
            assert phone.store(f"inbox/{uid}.ics", text).status_code in (201, 204)

    assert Task.objects.filter(parent=None).exists()
    assert all(phone.ask("GET", f"inbox/{uid}.ics").status_code == 200 for uid in uids)


def test_the_sixth_level_comes_on_top(phone):
    for level in range(1, 7):
        text = calendar(f"SUMMARY:{level}", f"RELATED-TO:{level - 1}", uid=str(level))
        assert phone.store(f"inbox/{level}.ics", text).status_code == 201

    levels = Task.objects.order_by("resource__name").values_list("level", flat=True)
    assert list(levels) == [1, 2, 3, 4, 5, 1]


def test_a_tree_that_gets_too_deep_stays_on_top(phone):
    for level in range(1, 6):
        phone.store(f"inbox/{level}.ics", calendar(f"SUMMARY:{level}", f"RELATED-TO:{level - 1}", uid=str(level)))
    phone.store("inbox/a.ics", calendar("SUMMARY:a", uid="a"))
    phone.store("inbox/b.ics", calendar("SUMMARY:b", "RELATED-TO:a", uid="b"))

    assert phone.store("inbox/a.ics", calendar("SUMMARY:a", "RELATED-TO:4", uid="a")).status_code == 204

    assert list(Task.objects.filter(title__in="ab").order_by("title").values_list("level", flat=True)) == [1, 2]


def test_ten_thousand_categories_become_as_many_tags_as_a_task_has(phone):
    lines = [f"CATEGORIES:{number}" for number in range(10_000)]

    assert phone.store("inbox/x.ics", calendar(*lines)).status_code == 201

    assert len(Task.objects.get().tags) == Task.MAX_TAGS


def test_the_cpu_of_many_alarms_grows_with_their_number(phone):
    """Each was read with all the others: 1,000 took seven seconds."""
    seconds = []
    for count in (100, 1000):
        alarms = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "END:VALARM") * count
        calendars = read_document(calendar("DUE:20270131T090000Z", *alarms))
        master = master_of(calendars)
        written = single("BEGIN:VTODO\r\nDUE:20270131T090000Z\r\nEND:VTODO\r\n")
        started = time.process_time()
        rewrite_alarms(master, written, dates_of(master), ZoneInfo("UTC"))
        seconds.append(time.process_time() - started)
        assert list(master.blocks) == []

    assert seconds[1] < 30 * seconds[0]


# Reports


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize("moment", ["00010101T000000Z", "99991231T235959Z"])
def test_series_at_the_ends_of_the_calendar_can_be_looked_for(phone, alice, zone, moment):
    alice.timezone = zone
    alice.save()
    assert phone.store("inbox/x.ics", calendar(f"DTSTART:{moment}", "RRULE:FREQ=DAILY")).status_code == 201
    times = '<c:comp-filter name="VTODO"><c:time-range start="00010101T000000Z"/></c:comp-filter>'
    body = '<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:filter><c:comp-filter name="VCALENDAR">'

    response = phone.ask("REPORT", "inbox/", f"{body}{times}</c:comp-filter></c:filter></c:calendar-query>")

    assert response.status_code == 207


@pytest.mark.parametrize("number", ["0", "-1", "1000000000000", "²", ""])
def test_a_limit_of_nothing_is_refused(refused, number):
    limit = f"<d:limit><d:nresults>{number}</d:nresults></d:limit>"
    body = f'<d:sync-collection xmlns:d="DAV:"><d:sync-token/><d:sync-level>1</d:sync-level>{limit}</d:sync-collection>'

    refused(400, "s:message", "REPORT", "inbox/", body)


@pytest.mark.parametrize("depth", ["infinity", "-1", "2", "abc"])
def test_other_depths_are_refused(refused, depth):
    is_infinite = depth == "infinity"

    refused(
        403 if is_infinite else 400, "d:propfind-finite-depth" if is_infinite else "s:message", "PROPFIND", Depth=depth
    )

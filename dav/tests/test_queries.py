"""calendar-query."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dav.tests.conftest import Dav, condition, read, vtodo
from todos.models import Project
from users.models import User


def names(response) -> list[str]:
    return sorted(href.rpartition("/")[2] for href in read(response))


def query(dav, inner: str, asked: str = "<d:getetag/>"):
    within = f'<c:filter><c:comp-filter name="VCALENDAR">{inner}</c:comp-filter></c:filter>'
    return dav.report("inbox/", "c:calendar-query", f"<d:prop>{asked}</d:prop>{within}")


def of_todos(inner: str) -> str:
    return f'<c:comp-filter name="VTODO">{inner}</c:comp-filter>'


@pytest.fixture
def some(dav):
    texts = {
        "done": ["STATUS:COMPLETED", "COMPLETED:20290101T000000Z"],
        "dated": ["DUE;VALUE=DATE:20300131", "CATEGORIES:Work"],
        "series": ["DTSTART:20300101T080000Z", "DUE:20300101T090000Z", "RRULE:FREQ=WEEKLY"],
        "plain": ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:20300601T080000Z", "END:VALARM"],
    }
    for name, lines in texts.items():
        dav.put_text(f"inbox/{name}", vtodo(*lines, uid=name, summary=f"The {name}"))


def prop(name: str, inner: str = "") -> str:
    return f'<c:prop-filter name="{name}">{inner}</c:prop-filter>'


NOT_DEFINED = "<c:is-not-defined/>"
RANGE = '<c:time-range start="{}T000000Z" end="{}T000000Z"/>'


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ("", ["dated", "done", "plain", "series"]),
        (of_todos(""), ["dated", "done", "plain", "series"]),
        (of_todos(prop("COMPLETED", NOT_DEFINED)), ["dated", "plain", "series"]),
        (
            of_todos(prop("STATUS", '<c:text-match negate-condition="yes">COMPLETED</c:text-match>')),
            ["dated", "plain", "series"],
        ),
        (of_todos(prop("SUMMARY", "<c:text-match>THE D</c:text-match>")), ["dated", "done"]),
        (of_todos(prop("SUMMARY", '<c:text-match collation="i;octet">THE D</c:text-match>')), []),
        (of_todos(prop("CATEGORIES")), ["dated"]),
        (of_todos(prop("UID", "<c:text-match>series</c:text-match>")), ["series"]),
        (
            of_todos(prop("DUE", '<c:param-filter name="VALUE"><c:text-match>date</c:text-match></c:param-filter>')),
            ["dated"],
        ),
        (of_todos(prop("COMPLETED", RANGE.format("20281231", "20290201"))), ["done"]),
        (of_todos(RANGE.format("20300130", "20300201")), ["dated", "plain"]),
        (of_todos(RANGE.format("20301224", "20301225")), ["plain", "series"]),
        (of_todos('<c:comp-filter name="VALARM"/>'), ["plain"]),
        (of_todos(f'<c:comp-filter name="VALARM">{NOT_DEFINED}</c:comp-filter>'), ["dated", "done", "series"]),
        (of_todos(f'<c:comp-filter name="VALARM">{RANGE.format("20300601", "20300602")}</c:comp-filter>'), ["plain"]),
        ('<c:comp-filter name="VEVENT"/>', []),
        (f'<c:comp-filter name="VEVENT">{NOT_DEFINED}</c:comp-filter>', ["dated", "done", "plain", "series"]),
        (f'<c:comp-filter name="VTODO">{NOT_DEFINED}</c:comp-filter>', []),
    ],
)
def test_queries_find_what_the_texts_say(dav, some, inner, found):
    assert names(query(dav, inner)) == found
    assert names(query(dav, inner, asked="<d:getetag/><c:calendar-data/>")) == found


@pytest.mark.parametrize(
    ("inner", "found"),
    [(f'<c:comp-filter name="VEVENT">{NOT_DEFINED}</c:comp-filter>', ["a"]), (of_todos(NOT_DEFINED), ["b"])],
)
def test_objects_without_a_component_are_those_of_another(dav, settings, inner, found):
    settings.DAV_OTHER_COMPONENTS = True
    dav.put_text("inbox/a", vtodo(uid="a"))
    dav.put_text("inbox/b", vtodo(uid="b").replace("VTODO", "VEVENT"))

    assert names(query(dav, inner)) == found


CANCELLED = '<c:text-match negate-condition="yes">CANCELLED</c:text-match>'


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        ([prop("COMPLETED", NOT_DEFINED)], ["cancelled", "open"]),
        ([prop("STATUS", CANCELLED.replace("CANCELLED", "COMPLETED"))], ["cancelled", "open"]),
        ([prop("COMPLETED", NOT_DEFINED), prop("STATUS", CANCELLED)], ["open"]),
        ([prop("COMPLETED", NOT_DEFINED), prop("SUMMARY", "<c:text-match>milk</c:text-match>")], ["cancelled", "open"]),
    ],
)
@pytest.mark.parametrize("asked", ["<d:getetag/>", "<d:getetag/><c:calendar-data/>"])
def test_a_cancelled_task_is_not_completed_by_its_text(dav, tests, found, asked):
    dav.put_text("inbox/open", vtodo("STATUS:NEEDS-ACTION", uid="open"))
    dav.put_text("inbox/cancelled", vtodo("STATUS:CANCELLED", uid="cancelled"))
    dav.put_text("inbox/done", vtodo("STATUS:COMPLETED", "COMPLETED:20290101T000000Z", "X-WAS:CANCELLED", uid="done"))

    assert names(query(dav, of_todos("".join(tests)), asked=asked)) == found


def test_open_tasks_are_found_by_sql_and_no_other_text_is_read(dav, alice, some):
    with CaptureQueriesContext(connection) as queries:
        query(dav, of_todos(prop("COMPLETED", NOT_DEFINED)))

    assert 'AS "body"' not in "".join(each["sql"] for each in queries)


@pytest.mark.parametrize(
    ("inner", "failed"),
    [
        (of_todos('<c:time-range start="2030"/>'), "valid-filter"),
        (of_todos("<c:time-range/>"), "valid-filter"),
        (of_todos(RANGE.format("20300201", "20300131")), "valid-filter"),
        (of_todos(prop("SUMMARY", '<c:text-match collation="i;klingon">x</c:text-match>')), "supported-collation"),
    ],
)
def test_a_filter_that_can_not_be_read_is_refused_by_name(dav, inner, failed):
    response = query(dav, inner)

    assert (response.status_code, condition(response)) == (403, failed)


def test_a_report_that_is_not_here_is_refused_by_name(dav):
    assert condition(dav.report("inbox/", "c:free-busy-query", "")) == "supported-report"
    assert dav.call("REPORT", "inbox/").status_code == 400


def test_queries_see_the_users_own_only(dav, bobs_dav, some, bob, alice):
    Project.objects.create(owner=bob, name="x")

    assert names(query(bobs_dav, of_todos(""))) == []
    assert isinstance(bobs_dav, Dav)
    assert User.objects.count() == 2

"""Lines, dates and zones of iCalendar, compared with the package `icalendar` where that reads or writes them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from icalendar.parser import Contentline

from todos.icalendar.components import read_components
from todos.icalendar.lines import escape, fold_line, parse_line, split_texts, unescape, unfold, write_lines
from todos.icalendar.moments import parse_duration, parse_moment, wall_clock
from todos.icalendar.reading import read_todo
from todos.icalendar.writing import END_CALENDAR, begin_calendar, remaining_rule, write_task
from todos.icalendar.zones import write_zone

ZURICH = ZoneInfo("Europe/Zurich")
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n\\,;:"'))


@given(TEXT)
def test_a_text_is_what_it_was(text):
    line = fold_line(f"SUMMARY:{escape(text)}")

    [(_, unfolded)] = unfold(line.splitlines(keepends=True) if "\u2028" not in text else line.split("\n"))
    assert parse_line(1, unfolded).text == text
    assert max(map(len, line.encode().split(b"\r\n"))) <= 75


@given(st.lists(TEXT.filter(bool)))
def test_a_list_of_texts_is_what_it_was(texts):
    assert split_texts(",".join(map(escape, texts))) == texts


@given(TEXT.filter(lambda text: "\u2028" not in text))
def test_icalendar_reads_the_same_text(text):
    content = write_lines(["BEGIN:VCALENDAR", "BEGIN:VTODO", f"SUMMARY:{escape(text)}", "END:VTODO", "END:VCALENDAR"])

    [todo] = Calendar.from_ical(content).walk("VTODO")
    assert str(todo["SUMMARY"]) == text


@pytest.mark.parametrize(
    "line",
    [
        "DUE;TZID=Europe/Zurich:20270131T090000",
        "ATTENDEE;CN=\"Doe; John, 'JD'\":mailto:x@example.com",
        "X-A;B=c,d;E=f:g:h",
        "summary:x",
    ],
)
def test_a_line_is_parsed_as_icalendar_does(line):
    name, parameters, value = Contentline(line).parts()
    found = parse_line(1, line)

    assert (found.name, found.value) == (name.upper(), value)
    for key, expected in parameters.items():
        assert found.parameters[key.upper()] == (",".join(expected) if isinstance(expected, list) else expected)


@pytest.mark.parametrize(
    ("line", "day", "clock"),
    [
        ("DUE;VALUE=DATE:20270131", "2027-01-31", None),
        ("DUE:20270131", "2027-01-31", None),
        ("DUE:20270131T233000Z", "2027-02-01", "00:30"),
        ("DUE:20270131T090000", "2027-01-31", "09:00"),  # floating: what the owner's clock shows
        ("DUE;TZID=America/New_York:20270131T200000", "2027-02-01", "02:00"),
        ("DUE;TZID=/Europe/Zurich:20270131T090000", "2027-01-31", "09:00"),
        ("DUE;TZID=W. Europe Standard Time:20270131T090000", "2027-01-31", "09:00"),
        ("DUE;TZID=../../etc/passwd:20270131T090000", "2027-01-31", "09:00"),
        ("DUE:99991231T235959Z", "9999-12-31", "23:59:59"),
        ("DUE:20270131T090060Z", "2027-01-31", "10:00:59"),
    ],
)
def test_a_moment_on_the_owners_clock(line, day, clock):
    found = wall_clock(parse_line(1, line), ZURICH)

    assert found[0] == date.fromisoformat(day)
    assert (found[1] and found[1].replace(tzinfo=None)) == (clock and time.fromisoformat(clock))


@pytest.mark.parametrize(
    "text", ["", "2027", "20270230", "20270131T2500", "2027-01-31", "20270131T090000+01", "٢٠٢٧٠١٣١"]
)
def test_what_is_no_moment(text):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_moment(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [("PT15M", timedelta(minutes=15)), ("-P1W", -timedelta(weeks=1)), ("P1DT2H3M4S", timedelta(1, 2 * 3600 + 184))],
)
def test_durations(text, found):
    assert parse_duration(text) == found


@pytest.mark.parametrize("text", ["", "P", "15M", "PT", "P1Y", "PT1H-5M"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_duration(text)


@pytest.mark.parametrize(
    "name",
    ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "Europe/Dublin"],
)
def test_a_zone_is_read_as_it_is(name):
    content = write_lines([*begin_calendar("x", name), *END_CALENDAR])
    [zone] = Calendar.from_ical(content).walk("VTIMEZONE")
    read, known = zone.to_tz(lookup_tzid=False), ZoneInfo(name)

    for hours in range(0, 24 * 366 * 3, 5):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        local = moment.astimezone(known).replace(tzinfo=None, fold=0)
        if local.replace(tzinfo=known).astimezone(UTC) == moment:  # not the second time in autumn
            assert local.replace(tzinfo=read).utcoffset() == moment.astimezone(known).utcoffset(), moment


def test_utc_needs_no_zone():
    assert write_zone("UTC") == ()


def test_a_task_that_is_written_is_read_as_it_was():
    task = {
        "id": "1",
        "title": "Title, with; all\\",
        "description": "On\ntwo lines",
        "completed_at": None,
        "priority": 3,
        "start_date": date(2027, 1, 1),
        "start_time": time(8),
        "due_date": date(2027, 1, 31),
        "due_time": time(9, 30),
        "reminders": [{"minutes_before": 30}, {"at": "2027-01-01T08:00:00Z"}],
        "recurrence": "FREQ=WEEKLY;UNTIL=20280131;BYDAY=SU",
        "series_start": date(2027, 1, 31),
        "series_day": None,
        "series_passed": 0,
        "occurrence_date": date(2027, 1, 31),
        "parent": "2",
        "tags": ["a,b", "c"],
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "updated_at": datetime(2026, 1, 2, tzinfo=UTC),
    }
    content = write_lines([*begin_calendar("x", "Europe/Zurich"), *write_task(task, "Europe/Zurich"), *END_CALENDAR])

    [component] = [each for each in read_components(content.splitlines(keepends=True)) if each.name == "VTODO"]
    todo = read_todo(component, ZURICH)

    assert (todo.uid, todo.title, todo.description) == ("1", "Title, with; all\\", "On\ntwo lines")
    assert todo.lost == []
    for name in ("completed_at", "priority", "start_date", "due_date", "reminders", "recurrence", "parent", "tags"):
        assert getattr(todo, name) == task[name], name
    assert [todo.start_time, todo.due_time] == [time(8), time(9, 30)]
    assert todo.created_at == task["created_at"]


@pytest.mark.parametrize(
    ("zone", "until", "due_time", "expected"),
    [
        ("Europe/Zurich", "20270131T233000Z", time(9), "20270201T225959Z"),  # on 1 February there
        ("Europe/Zurich", "20270131T233000Z", None, "20270201"),
        ("America/New_York", "20270201T030000Z", time(9), "20270201T045959Z"),  # on 31 January there
        ("America/New_York", "20270131", time(9), "20270201T045959Z"),
        ("America/New_York", "99991231", time(9), "99991231T235959Z"),
    ],
)
def test_a_rule_ends_with_its_last_day_where_the_owner_is(zone, until, due_time, expected):
    day = date(2027, 1, 25)
    series = {"series_start": day, "series_day": None, "series_passed": 0, "occurrence_date": day}

    text = remaining_rule({**series, "due_time": due_time, "recurrence": f"FREQ=DAILY;UNTIL={until}"}, zone)

    assert text == f"FREQ=DAILY;UNTIL={expected}"


@pytest.mark.parametrize(
    ("lines", "completed"),
    [
        (["STATUS:COMPLETED"], True),
        (["STATUS:CANCELLED"], True),
        (["STATUS:NEEDS-ACTION", "COMPLETED:20260101T000000Z"], False),
        (["COMPLETED:20260101T000000Z"], True),
        (["PERCENT-COMPLETE:100"], True),
        (["STATUS:IN-PROCESS", "PERCENT-COMPLETE:100"], False),
        (["PERCENT-COMPLETE:50"], False),
        ([], False),
    ],
)
def test_what_counts_as_completed(lines, completed):
    content = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VTODO", *lines, "END:VTODO", "END:VCALENDAR"])
    component = next(iter(read_components(content.splitlines(keepends=True))))

    assert read_todo(component, ZURICH).completed is completed


@pytest.mark.parametrize(("priority", "found"), [(0, 0), (1, 4), (2, 4), (3, 3), (4, 3), (5, 2), (6, 1), (9, 1)])
def test_priorities(priority, found):
    content = ["BEGIN:VCALENDAR\n", "BEGIN:VTODO\n", f"PRIORITY:{priority}\n", "END:VTODO\n", "END:VCALENDAR\n"]

    assert read_todo(next(iter(read_components(content))), ZURICH).priority == found


def test_unescape_leaves_no_backslash():
    assert unescape(r"a\,b\;c\\d\ne\Nf\x") == "a,b;c\\d\ne\nfx"

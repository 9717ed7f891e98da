"""`GET export/tasks.csv` and `export/tasks.ics`."""

import csv
import io
from datetime import date, time

import pytest
from icalendar import Calendar

from testing.client import Client
from testing.problems import assert_problem
from todos.models import Project, Task
from transfer.exports import pages
from transfer.sources.table import COLUMNS
from transfer.tests.conftest import body_of, tasks_of, told
from users.models import User


@pytest.fixture
def full(alice) -> Task:
    home = Project.objects.create(owner=alice, name="-Home")
    task = Task.objects.create(
        owner=alice,
        title='=1+1, "quoted"; \'x',
        description="On two\nlines; with \\n, and ünicode",
        project=home,
        tags=["+a", "b,c"],
        priority=4,
        start_date=date(2027, 1, 1),
        due_date=date(2027, 1, 31),
        due_time=time(9, 30),
        recurrence="FREQ=MONTHLY;COUNT=12",
        reminders=[{"minutes_before": 30}, {"at": "2027-01-01T08:00:00Z"}],
    )
    Task.objects.create(owner=alice, title="'Tis below", parent=task).complete()
    Task.objects.create(owner=alice, title="In the trash").delete()
    return task


def table(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


def test_a_table_has_a_row_for_each_task(api, full):
    response = api.get("/export/tasks.csv")
    rows = table(response)

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="tasks.csv"'
    assert response.content.startswith(b"\xef\xbb\xbfid,title,")
    assert [row["title"] for row in rows] == ["'=1+1, \"quoted\"; 'x", "''Tis below"]
    assert list(rows[0]) == COLUMNS
    assert rows[0] | {"id": "", "created_at": "", "title": "", "description": ""} == {
        "id": "",
        "title": "",
        "description": "",
        "completed": "false",
        "completed_at": "",
        "priority": "4",
        "start_date": "2027-01-01",
        "start_time": "",
        "due_date": "2027-01-31",
        "due_time": "09:30:00",
        "recurrence": "FREQ=MONTHLY;COUNT=12",
        "repeat_from": "due",
        "reminders": "30 2027-01-01T08:00:00Z",
        "project": "'-Home",
        "parent": "",
        "tags": '\'+a,"b,c"',
        "created_at": "",
    }


def test_no_cell_of_a_table_is_a_formula(api, alice):
    for character in "=+-@\t\r":
        Task.objects.create(owner=alice, title=f"x{character}", description=f"{character}cmd|' /C calc'!A0")

    cells = [cell for row in table(api.get("/export/tasks.csv")) for cell in row.values()]

    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []


@pytest.mark.parametrize(("source", "file"), [("csv", "tasks.csv"), ("ics", "tasks.ics")])
def test_what_is_exported_can_be_imported_elsewhere(api, alice, full, source, file, upload):
    other = User.objects.create_user("other@example.com", timezone="Europe/Zurich")

    response = upload(source, api.get(f"/export/{file}").content, client=Client(other))

    expected = tasks_of(alice)
    del expected["In the trash"]
    if source == "ics":  # a calendar is one list
        expected = {title: {n: v for n, v in task.items() if n != "project"} for title, task in expected.items()}
        expected['=1+1, "quoted"; \'x']["start_time"] = "00:00:00"  # of the type of the due date
        for task in expected.values():  # a calendar has seconds
            if "completed_at" in task:
                task["completed_at"] = f"{task['completed_at'][:19]}+00:00"
    else:
        assert told(response) == []
    assert tasks_of(other) == expected


def test_a_calendar_is_one_for_icalendar_too(api, full):
    response = api.get("/export/tasks.ics")
    calendar = Calendar.from_ical(response.content)
    first, second = calendar.walk("VTODO")

    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert first["SUMMARY"] == '=1+1, "quoted"; \'x'
    assert first["DESCRIPTION"] == "On two\nlines; with \\n, and ünicode"
    assert [str(each) for each in first["CATEGORIES"].cats] == ["+a", "b,c"]
    assert first["DUE"].dt.isoformat() == "2027-01-31T09:30:00+01:00"
    assert first["RRULE"].to_ical() == b"FREQ=MONTHLY;COUNT=12"
    assert (first["PRIORITY"], first["STATUS"]) == (1, "NEEDS-ACTION")
    assert (second["RELATED-TO"], second["STATUS"], second["PERCENT-COMPLETE"]) == (str(full.pk), "COMPLETED", 100)
    assert [alarm["TRIGGER"].to_ical() for alarm in first.walk("VALARM")] == [b"-PT30M", b"20270101T080000Z"]
    assert max(map(len, response.content.split(b"\r\n"))) <= 75


def test_of_a_series_the_calendar_counts_what_is_left(api, alice):
    task = Task.objects.create(owner=alice, title="x", due_date=date(2027, 1, 31), recurrence="FREQ=MONTHLY;COUNT=3")
    task.complete()

    lines = api.get("/export/tasks.ics?completed=false").content.decode().split("\r\n")

    assert [line for line in lines if line.startswith("RRULE")] == ["RRULE:FREQ=MONTHLY;COUNT=2"]


@pytest.mark.parametrize("file", ["tasks.csv", "tasks.ics"])
def test_the_filters_of_the_list_apply(api, alice, full, file):
    Task.objects.create(owner=alice, title="Another", tags=["x"])

    def titles(query: str) -> list[str]:
        content = api.get(f"/export/{file}?{query}").content.decode()
        return [title for title in ("=1+1", "Tis below", "Another") if title in content]

    assert titles("") == ["=1+1", "Tis below", "Another"]
    assert titles("tag=X") == ["Another"]
    assert titles("completed=true") == ["Tis below"]
    assert titles(f"project={full.project_id}&priority=4") == ["=1+1"]
    assert titles("due=none&project=none") == ["Another"]
    assert titles("q=another") == ["Another"]


@pytest.mark.parametrize("name", ["limit", "cursor", "ordering"])
def test_what_pages_a_list_is_refused(api, name):
    message = "This query parameter is unknown. Check its name."
    errors = [{"field": name, "code": "unknown", "message": message}]

    assert_problem(api.get(f"/export/tasks.csv?{name}=1"), 400, "validation_error", f"{name}: {message}", errors)


@pytest.mark.parametrize("file", ["archive.json", "tasks.csv", "tasks.ics"])
def test_all_pages_of_rows_are_written_once(api, alice, file, monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 3)
    Task.objects.bulk_create(Task(owner=alice, title=f"Number {n}.") for n in range(7))

    content = api.get(f"/export/{file}").content.decode()

    assert [content.count(f"Number {n}.") for n in range(7)] == [1] * 7


@pytest.mark.parametrize("file", ["archive.json", "tasks.csv", "tasks.ics"])
@pytest.mark.parametrize("accepted", ["*/*", "application/json", "application/json, text/plain, */*", "text/csv"])
def test_any_client_gets_the_file(api, task, file, accepted):
    response = api.get(f"/export/{file}", HTTP_ACCEPT=accepted)

    assert (response.status_code, response["Content-Disposition"]) == (200, f'attachment; filename="{file}"')


def test_a_browser_gets_a_page_with_a_link_to_the_file(alice, client):
    client.force_login(alice)

    page = client.get("/api/v1/export/tasks.csv?completed=false", HTTP_ACCEPT="text/html")

    link = "http://testserver/api/v1/export/tasks.csv?completed=false&amp;format=csv"
    assert f'href="{link}"' in page.content.decode()
    assert body_of(client.get(link.replace("&amp;", "&"), HTTP_ACCEPT="text/html")).startswith(b"\xef\xbb\xbfid")

"""What no program has written, or what was written to do harm: refused by line or item, in bounded time, all of it."""

import io
import json
import struct
import sys
import time
import tracemalloc
import zipfile

import pytest

from testing.problems import assert_problem
from testing.uploads import SAMPLES, named, sample, zipped
from todos.models import Task
from transfer.files import zips
from transfer.records import MAX_ROWS
from transfer.tests.conftest import data_of, refusal
from transfer.views import imports

pytestmark = pytest.mark.django_db
MANY = MAX_ROWS + 1
CALENDAR = "BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n"
TODOIST = (SAMPLES / "Work [2203306141].csv").read_text()


def renamed(content: bytes, old: bytes, new: bytes) -> bytes:
    return content.replace(old, new)


def with_wrong_size(content: bytes) -> bytes:
    """The zip, whose directory says that its file is small."""
    size = zipfile.ZipFile(io.BytesIO(content)).infolist()[0].file_size
    return content.replace(struct.pack("<L", size), struct.pack("<L", 100))


BOMB = zipped(**{"data.json": b"[" + b" " * 20_000_000})
FILES = {
    "a bomb": ("vikunja", BOMB, "'data.json': It unpacks to more than 100 times its size."),
    "a bomb that hides": ("vikunja", with_wrong_size(BOMB), "The zip is damaged. Download or make it again."),
    "a path out": (
        "todoist",
        zipped(**{"../../x.csv": TODOIST}),
        "'../../x.csv': The zip has a path that leads out of it.",
    ),
    "an absolute path": (
        "todoist",
        zipped(**{"/etc/x.csv": "x"}),
        "'/etc/x.csv': The zip has a path that leads out of it.",
    ),
    "a drive": ("todoist", zipped(**{"C:\\x.csv": "x"}), ": The zip has a path that leads out of it."),
    "a zip cut off": (
        "vikunja",
        zipped(**{"data.json": "[]" * 500})[:-30],
        "The zip is damaged. Download or make it again.",
    ),
    "damaged data": (
        "vikunja",
        zipped(**{"data.json": "[1,2,3,4,5,6,7,8,9]" * 50}).replace(b"data.json", b"data.json", 1)[:45]
        + b"\xff" * 20
        + zipped(**{"data.json": "[1,2,3,4,5,6,7,8,9]" * 50})[65:],
        "The zip is damaged. Download or make it again.",
    ),
    "many files": ("todoist", zipped(**{f"{n}.csv": "" for n in range(1001)}), "The zip has more than 1,000 files."),
    "no file of ours": (
        "vikunja",
        zipped(**{"x.txt": "x"}),
        "The zip has no data.json: it isn't an export of Vikunja.",
    ),
    "no tasks in a zip": (
        "todoist",
        zipped(**{"x.txt": "x"}),
        "The zip has no CSV with tasks: it isn't a backup of Todoist.",
    ),
    "an empty file": (
        "csv",
        "",
        "line 1: The file has no column title. Is it CSV, with the names of its columns on top?",
    ),
    "an open quote": ("csv", 'title\n"open\nand on\n', "line 3: This isn't CSV: unexpected end of data."),
    "a cell too many": ("csv", "title\nx\na,b\n", "line 3: The row has more cells than the header."),
    "a megabyte in a cell": (
        "csv",
        "title\n" + "x" * 1_000_000,
        "line 2: A cell or a row is longer than 100,000 characters.",
    ),
    "a megabyte on lines": (
        "csv",
        'title\nx\n"' + "x\n" * 500_000,
        "line 3: A cell or a row is longer than 100,000 characters.",
    ),
    "many rows": (
        "csv",
        "title\n" + "x\n" * MANY,
        f"line {MANY + 1}: The file has more than 50,000 rows. Import it in parts.",
    ),
    "many columns": ("csv", "title" + ",x" * 300, "line 1: It has more than 200 columns."),
    "a column twice": ("csv", "title,x,x\n", "line 1: The column x is there twice."),
    "Latin 1": ("csv", b"title\nGr\xfc\xdfe\n", "line 2: It isn't text in UTF-8. Save the file in that encoding."),
    "UTF-16": ("todotxt", "x".encode("utf-16"), "line 1: It isn't text in UTF-8. Save the file in that encoding."),
    "null characters": ("todotxt", b"a\nb\0c\n", "line 2: It contains a null character. Is this a text file?"),
    "a long line": ("todotxt", "x" * 2_000_000, "line 1: It is longer than 1,048,576 bytes."),
    "not a calendar": ("ics", "BEGIN:VCARD\r\nEND:VCARD\r\n", "line 1: The file doesn't begin with BEGIN:VCALENDAR."),
    "a calendar cut off": (
        "ics",
        CALENDAR.format("BEGIN:VTODO\r\n")[:-15],
        "line 2: END:VTODO is missing at the end of the file.",
    ),
    "an END too many": ("ics", CALENDAR.format("END:VTODO\r\n"), "line 2: END:VTODO has no BEGIN."),
    "not a line": ("ics", CALENDAR.format("what is this\r\n"), "line 2: This isn't iCalendar: NAME:value is missing."),
    "deep components": (
        "ics",
        CALENDAR.format("BEGIN:X\r\n" * 100),
        "line 9: Components are nested more than 8 levels deep.",
    ),
    "a long property": (
        "ics",
        CALENDAR.format("BEGIN:VTODO\r\nX-A:" + "x" * 101_000 + "\r\nEND:VTODO\r\n"),
        "line 3: It is longer than 100000 characters.",
    ),
    "a folded megabyte": (
        "ics",
        CALENDAR.format("X-A:x\r\n" + " xxxxxxxxxxxxxxxxxxxxx\r\n" * 50_000),
        "line 2: It is longer than 100000 characters.",
    ),
    "not JSON": ("taskwarrior", "[\n{]", "line 2: This isn't JSON: Expecting property name enclosed in double quotes."),
    "JSON cut off": ("taskwarrior", '[{"uuid": "1", "description": "x"}', "line 1: The file ends too early."),
    "JSON and more": ("taskwarrior", "[]\n[]", "line 2: There is something after the end of the JSON."),
    "a number that is none": ("taskwarrior", '[{"a": NaN}]', "line 1: This isn't JSON: NaN isn't a JSON number."),
    "a number without end": (
        "taskwarrior",
        f'[{{"a": {"9" * 5000}}}]',
        "line 1: This isn't JSON: Exceeds the limit (4300 digits)",
    ),
    "deep JSON": ("taskwarrior", "[" + "[" * 100_000, "line 1: It is nested too deeply."),
    "a huge item": (
        "taskwarrior",
        json.dumps([{"uuid": "1", "description": "x" * 2_000_000}]),
        "line 1: An item is longer than 1,048,576 characters.",
    ),
    "many items": ("taskwarrior", "[" + "{}," * MANY + "{}]", "line 1: item 1 has no uuid or no description."),
    "many tasks": (
        "google-tasks",
        '{"kind": "tasks#taskLists", "items": [{"title": "x", "items": ['
        + ",".join(['{"title": "x"}'] * MANY)
        + "]}]}",
        "list 1, task 50000: The file has more than 50,000 rows. Import it in parts.",
    ),
    "an item of another type": (
        "google-tasks",
        '{"kind": "tasks#taskLists", "items": [{"title": "x", "items": [7]}]}',
        "list 1, task 1: It isn't an object.",
    ),
    "a date that is none": (
        "vikunja",
        '[{"id": 1, "title": "x", "tasks": [{"id": 1, "title": "x", "due_date": "soon"}]}]',
        "project 1, task 1: due_date: 'soon' isn't a date and time.",
    ),
}


SECONDS = 30 if sys.gettrace() else 5  # of CPU; `make coverage` stops at every line


@pytest.mark.parametrize("name", FILES)
def test_it_is_refused_by_line_or_item_and_nothing_changes(upload, alice, task, name):
    source, content, reason = FILES[name]
    before, began = data_of(alice), time.process_time()

    assert reason in refusal(upload(source, content))

    assert time.process_time() - began < SECONDS
    assert data_of(alice) == before


def test_a_zip_that_unpacks_to_too_much_is_refused(upload, monkeypatch):
    monkeypatch.setattr(zips, "MAX_UNPACKED", 500)

    content = zipped(**{"a.csv": TODOIST, "b.csv": TODOIST})

    assert refusal(upload("todoist", content)) == "The zip unpacks to more than 64 MiB."


def test_an_encrypted_zip_is_refused(upload):
    content = zipped(**{"data.json": "[]"})
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature) + offset
        content = content[:at] + b"\x01" + content[at + 1 :]

    message = "'data.json': The zip is encrypted. Make one without a password."
    assert refusal(upload("vikunja", content)) == message


def test_a_bomb_is_not_unpacked(upload):
    upload("vikunja", sample("vikunja"))
    tracemalloc.start()

    upload("vikunja", BOMB)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000  # it would be 20


def test_a_file_over_the_limit_is_refused(upload, monkeypatch):
    monkeypatch.setattr(imports, "MAX_FILE", 10)

    response = upload("todotxt", "x" * 11)

    assert_problem(response, 413, "too_large", "The file is too large. Send at most 32 MiB.")
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/import/csv/", "32 MiB"), ("/tasks/", "1 MiB"), ("/import", "1 MiB"), ("/imports/csv/", "1 MiB")],
)
def test_only_imports_may_be_large(api, path, limit):
    content_type = "multipart/form-data; boundary=B"

    response = api.generic("POST", path, b"x" * (33 * 1024 * 1024), content_type=content_type)

    assert_problem(response, 413, "too_large", f"The request body is too large. Send at most {limit}.")


def test_a_large_body_of_an_import_that_is_no_form_is_refused(api):
    response = api.generic("POST", "/import/csv/", b"x" * (2 * 1024 * 1024), content_type="application/json")

    assert_problem(response, 413, "too_large", "The request body is too large. Send at most 1 MiB.")


def test_a_form_cut_off_is_refused(api):
    content_type = "multipart/form-data; boundary=B"
    body = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\ntitle\n'

    response = api.generic("POST", "/import/csv/", body, content_type=content_type)

    assert response.status_code == 400, response.json()


def test_more_imports_than_a_process_can_do_are_told_to_come_back(upload, monkeypatch):
    monkeypatch.setattr(imports.IMPORTS, "_value", 0)

    response = upload("csv", "title\n" + "x\n" * 600_000)

    assert upload("csv", "title\nx\n").status_code == 200
    assert_problem(response, 503, "unavailable", "Too many imports are running. Try again.")
    assert response["Retry-After"] == "1"


def test_formulas_are_text(upload):
    upload("csv", named(b"title\n=1+1\n@x\n'=2\n''tis\n", "x.csv"))

    assert set(Task.objects.values_list("title", flat=True)) == {"=1+1", "@x", "=2", "'tis"}

import json
import logging
import re
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from api.logs import JSONFormatter, ReadableFormatter, current_request_id, request_id
from users.models import User

POSTGRES_TEXT = (
    'duplicate key value violates "unique_email"\nDETAIL:  Key (email)=(canary@example.com) already exists.\n'
)


def record(message: str, *arguments, error: Exception | None = None, **fields) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("todos", logging.WARNING, __file__, 1, message, arguments, exc_info)
    record.created = 1_769_860_800.25  # 2026-01-31T12:00:00.250Z
    if fields:
        record.fields = fields
    return record


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_for_programs_is_one_json_object():
    line = JSONFormatter().format(record("%s tasks", 5))

    assert json.loads(line) == {
        "time": "2026-01-31T12:00:00.250+00:00",
        "level": "WARNING",
        "logger": "todos",
        "message": "5 tasks",
        "request_id": "",
    }


def test_a_line_names_the_request_that_it_belongs_to():
    context = current_request_id.set("mine")
    line = JSONFormatter().format(record("x"))
    current_request_id.reset(context)

    assert json.loads(line)["request_id"] == "mine"
    assert request_id() == ""


def test_fields_of_any_type_stand_beside_the_message():
    line = JSONFormatter().format(record("x", count=5, ids=[UUID(int=1)], nothing=None, reason=ValueError("wrong")))

    found = json.loads(line)
    assert found["count"] == 5
    assert found["ids"] == ["00000000-0000-0000-0000-000000000001"]
    assert found["nothing"] is None
    assert found["reason"] == "wrong"


def test_an_exception_is_in_the_same_line():
    line = JSONFormatter().format(record("Failed.", error=raised(ValueError("two\nlines"))))

    assert "\n" not in line
    assert re.fullmatch(
        r'Traceback \(most recent call last\):\n  File ".*", line \d+, in raised\n(.*\n)+ValueError: two\nlines',
        json.loads(line)["exception"],
    )


@pytest.mark.parametrize("formatter", [JSONFormatter(), ReadableFormatter()])
def test_the_row_that_postgres_repeats_is_left_out(formatter):
    text = formatter.format(record("Failed.", error=raised(IntegrityError(POSTGRES_TEXT))))

    assert "IntegrityError: duplicate key value violates" in text
    assert "canary" not in text


def test_the_row_of_a_real_lost_race_is_left_out(alice):
    copy = User(email=alice.email)

    with pytest.raises(IntegrityError) as error, transaction.atomic():
        copy.save(force_insert=True)

    assert "IntegrityError" in JSONFormatter().format(record("Failed.", error=error.value))
    assert alice.email not in JSONFormatter().format(record("Failed.", error=error.value))


@pytest.mark.parametrize("formatter", [JSONFormatter(), ReadableFormatter()])
@pytest.mark.parametrize(
    "text", ["a\nb", "a\r\nb", "\x1b[2J", "\x9b31m", "\0", "\x85", "\u2028", "\u202e", "\ud800", '"']
)
def test_nothing_in_a_message_or_a_field_ends_the_line_or_moves_the_cursor(formatter, text):
    line = formatter.format(record("said %s", text, field=text))

    assert re.fullmatch(r"[ -~]+", line)


def test_a_line_for_people_is_time_level_message_and_fields():
    line = ReadableFormatter().format(record("%s tasks", 5, count=5, name="a b"))

    assert re.fullmatch(r'\d\d:\d\d:00 WARNING 5 tasks count=5 name="a b"', line)


def test_without_fields_a_line_for_people_ends_with_the_message():
    assert ReadableFormatter().format(record("x")).endswith("WARNING x")


def test_people_see_the_exception_below_the_line():
    first, *rest = ReadableFormatter().format(record("Failed.", error=raised(ValueError("wrong")))).split("\n")

    assert first.endswith("WARNING Failed.")
    assert rest[0] == "Traceback (most recent call last):"
    assert rest[-1] == "ValueError: wrong"

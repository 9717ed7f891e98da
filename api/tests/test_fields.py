from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.http import QueryDict

from api import fields
from api.serializers import Serializer


def outcome(field, data):
    """The field's value for this input, or the code of its error."""
    serializer = type("One", (Serializer,), {"value": field})(data=data)
    if serializer.is_valid():
        return serializer.validated_data["value"]
    (error,) = serializer.errors["value"]
    return error.code


def from_json(field, value):
    return outcome(field, {"value": value})


def from_form(field, value: str):
    return outcome(field, QueryDict(urlencode({"value": value})))


def test_of_a_list_that_is_too_long_no_item_is_looked_at():
    class Child(fields.IntegerField):
        def run_validation(self, data=None):
            raise AssertionError

    assert from_json(fields.ListField(child=Child(), max_length=2), [1, 2, 3]) == "max_length"


NO_TEXT = [5, 0, 1.5, True, False, [], ["x"], {}, {"x": 1}]


@pytest.mark.parametrize("value", NO_TEXT)
@pytest.mark.parametrize("field_class", [fields.StringField, fields.EmailField, fields.UUIDField, fields.DateTimeField])
def test_what_is_text_takes_no_other_json(field_class, value):
    assert from_json(field_class(), value) == "invalid"


@pytest.mark.parametrize(
    "field_class",
    [
        fields.StringField,
        fields.EmailField,
        fields.UUIDField,
        fields.DateTimeField,
        fields.BooleanField,
        fields.IntegerField,
    ],
)
def test_null_is_refused_unless_it_is_allowed(field_class):
    assert from_json(field_class(), None) == "null"
    assert from_json(field_class(allow_null=True), None) is None


@pytest.mark.parametrize("text", ["x", "5", "true", "日本", "\U0001f600", "a\r\nb", "<b>"])
def test_text_is_taken_as_it_is(text):
    assert from_json(fields.StringField(), text) == text


def test_text_is_trimmed():
    assert from_json(fields.StringField(), " \t x\n") == "x"


@pytest.mark.parametrize(("text", "code"), [("", "blank"), ("  ", "blank"), ("a\0b", "null_characters_not_allowed")])
def test_blank_text_and_nul_are_refused(text, code):
    assert from_json(fields.StringField(), text) == code


def test_an_email_address_is_kept_in_lower_case():
    assert from_json(fields.EmailField(), " Alice@Example.COM ") == "alice@example.com"


@pytest.mark.parametrize(
    "text", ["alice", "alice@", "@example.com", "a b@example.com", "a@example.com\nBcc: b@example.com"]
)
def test_what_is_no_email_address_is_refused(text):
    assert from_json(fields.EmailField(), text) == "invalid"


@pytest.mark.parametrize("value", [True, False])
def test_a_boolean_is_true_or_false(value):
    assert from_json(fields.BooleanField(), value) is value


@pytest.mark.parametrize("value", ["true", "false", "", "on", 1, 0, 1.0, [], [True], {}])
def test_other_json_is_no_boolean(value):
    assert from_json(fields.BooleanField(), value) == "invalid"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
def test_in_a_form_a_boolean_is_a_word(text, value):
    assert from_form(fields.BooleanField(), text) is value


@pytest.mark.parametrize("text", ["True", "FALSE", "1", "0", "on", "yes", "", "null"])
def test_in_a_form_other_words_are_no_boolean(text):
    assert from_form(fields.BooleanField(), text) == "invalid"


def test_in_a_form_a_box_that_is_not_ticked_is_false():
    assert outcome(fields.BooleanField(), QueryDict("")) is False


@pytest.mark.parametrize(("value", "number"), [(5, 5), (0, 0), (-5, -5), (5.0, 5), (-0.0, 0), (2**80, 2**80)])
def test_an_integer_is_a_whole_number(value, number):
    found = from_json(fields.IntegerField(), value)

    assert (found, type(found)) == (number, int)


@pytest.mark.parametrize("value", ["5", "", 5.5, True, False, float("inf"), float("nan"), [], [5], {}])
def test_other_json_is_no_integer(value):
    assert from_json(fields.IntegerField(), value) == "invalid"


@pytest.mark.parametrize(("text", "number"), [("5", 5), ("-5", -5), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_in_a_form_an_integer_is_its_digits(text, number):
    assert from_form(fields.IntegerField(), text) == number


@pytest.mark.parametrize(
    "text", ["", " 5", "+5", "1_0", "5.0", "5e1", "0x5", "\u0665", "\u00b2", "--5", "9" * 19, "9" * 5000]
)
def test_in_a_form_other_text_is_no_integer(text):
    assert from_form(fields.IntegerField(), text) == "invalid"


@pytest.mark.parametrize(("value", "code"), [(0, "min_value"), (6, "max_value"), (1e300, "max_value")])
def test_an_integer_has_its_limits(value, code):
    assert from_json(fields.IntegerField(min_value=1, max_value=5), value) == code


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31 12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00-05:30", datetime(2026, 1, 31, 17, 30, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5Z", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456789Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_written_as_in_rfc_3339(text, moment):
    assert from_json(fields.DateTimeField(), text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-31",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00+02",
        "2026-01-31T12:00:00+0200",
        "2026-01-31T12:00:00 Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00Z\n",
        "20260131T120000Z",
        "2026-W05-6T12:00:00Z",
        "2026-1-31T12:00:00Z",
        "\u0662\u0660\u0662\u0666-01-31T12:00:00Z",
        "1769860800",
        "2026-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "0000-01-01T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:61Z",
        "2026-01-31T12:00:00+25:00",
    ],
)
def test_other_text_is_no_instant(text):
    assert from_json(fields.DateTimeField(), text) == "invalid"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])
def test_an_instant_beyond_the_calendar_is_refused(text):
    assert from_json(fields.DateTimeField(), text) == "overflow"


def test_an_id_is_a_uuid():
    text = "01900000-0000-7000-8000-000000000000"

    assert from_json(fields.UUIDField(), text) == UUID(text)


@pytest.mark.parametrize(
    "text", ["", "x", "01900000-0000-7000-8000-00000000000", "01900000-0000-7000-8000-00000000000g", "\0"]
)
def test_other_text_is_no_id(text):
    assert from_json(fields.UUIDField(), text) == "invalid"

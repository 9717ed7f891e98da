"""Serializer fields that don't convert JSON types: `"5"` isn't accepted as a number, nor 5 as a title.

Values from forms and query strings are text. There, the fields convert them.
"""

import re
from datetime import timedelta

import orjson
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.utils import html

from api.parsers import MAX_DEPTH, deeper_than
from api.text import CONTROL, fold, fold_for_search, is_blank, to_line


def is_text(field: serializers.Field) -> bool:
    """Whether the values are text, from a form or a query string, instead of JSON."""
    root = field.root
    return getattr(root, "is_text", False) or html.is_html_input(getattr(root, "initial_data", None))


class StrictString:
    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")  # type: ignore[attr-defined]
        return super().to_internal_value(data)  # type: ignore[misc]


class StringField(StrictString, serializers.CharField):
    def run_validation(self, data=serializers.empty):
        # REST framework sees white space alone. A password may be all blank.
        if isinstance(data, str) and self.trim_whitespace and not self.allow_blank and is_blank(data):
            self.fail("blank")
        return super().run_validation(data)


class LineField(StringField):
    """One line of text: line breaks and tabs become spaces, other control characters are refused."""

    default_error_messages = {"control_characters_not_allowed": "Control characters are not allowed."}

    def to_internal_value(self, data):
        if isinstance(data, str):
            data = to_line(data)
            if re.search(CONTROL, data):  # before white space is trimmed, which some of them are for Python
                self.fail("control_characters_not_allowed")
        return super().to_internal_value(data)


class URLField(StrictString, serializers.URLField):
    pass


class SlugField(StrictString, serializers.SlugField):
    pass


class IPAddressField(StrictString, serializers.IPAddressField):
    pass


class FoldedField(StringField):
    """Text that is compared case-insensitively. Its value is folded."""

    def run_validation(self, data=serializers.empty):
        return fold(super().run_validation(data))  # after checking the length, which folding can increase


class WordsField(StringField):
    """Text to be searched for: its words, folded, each of them once."""

    def run_validation(self, data=serializers.empty):
        words = fold_for_search(super().run_validation(data)).split()
        if not words:
            self.fail("blank")
        return list(dict.fromkeys(words))


class EmailField(StrictString, serializers.EmailField):
    def to_internal_value(self, data):
        return super().to_internal_value(data).lower()


class BooleanField(serializers.BooleanField):
    WORDS = {"true": True, "false": False}

    def to_internal_value(self, data):
        value = self.WORDS.get(data) if isinstance(data, str) and is_text(self) else data
        if not isinstance(value, bool):
            self.fail("invalid", input=data)
        return value


class IntegerField(serializers.IntegerField):
    def to_internal_value(self, data):
        if isinstance(data, str) and is_text(self) and re.fullmatch(r"-?[0-9]{1,18}", data):
            return int(data)
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class FloatField(serializers.FloatField):
    def to_internal_value(self, data):
        if isinstance(data, bool) or not (isinstance(data, int | float) or is_text(self)):
            self.fail("invalid")
        return super().to_internal_value(data)


class ChoiceField(serializers.ChoiceField):
    """One of the choices, without conversion: `"1"` isn't the choice 1. An error names them all."""

    default_error_messages = {"invalid_choice": '"{input}" is not a valid choice. Use one of: {choices}.'}

    def fail(self, key, **values):
        super().fail(key, **values, choices=", ".join(map(str, self.choices)))

    def to_internal_value(self, data):
        value = super().to_internal_value(data)
        if type(value) is not type(data) and not is_text(self):
            self.fail("invalid_choice", input=data)
        return value


class DateTimeField(serializers.DateTimeField):
    """A date and time with an offset from UTC (RFC 3339, section 5.6)."""

    # From 3.14 on, Python reads the hour 24.
    FORM = re.compile(r"\d{4}-\d\d-\d\d[Tt ](?!24)\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

    def to_internal_value(self, value):
        if not isinstance(value, str) or not self.FORM.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ss[.ffffff](Z|±hh:mm)")
        return super().to_internal_value(value.upper())


class JSONField(serializers.JSONField):
    """Any JSON that can be stored and rendered again: with whole characters, without numbers of more than 64 bits."""

    default_error_messages = {
        "null_characters": "Null characters are not allowed.",
        "too_deep": f"Values can be nested at most {MAX_DEPTH} levels deep.",
    }

    def to_internal_value(self, data):
        if deeper_than(data, MAX_DEPTH):
            self.fail("too_deep")
        value = super().to_internal_value(data)
        if has_null_character(value):
            self.fail("null_characters")  # Postgres can't store it
        try:
            orjson.dumps(value)
        except orjson.JSONEncodeError:
            self.fail("invalid")
        return value


def has_null_character(value) -> bool:
    """Whether a text in this JSON value has one, names included."""
    if isinstance(value, dict):
        return any(map(has_null_character, [*value, *value.values()]))
    if isinstance(value, list):
        return any(map(has_null_character, value))
    return isinstance(value, str) and "\0" in value


class ListField(serializers.ListField):
    """Checks the length before it validates the items: a body of 1 MiB can contain 500,000."""

    def run_child_validation(self, data):
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().run_child_validation(data)


MAX_DURATION = timedelta(days=100_000_000)  # SQLite stores microseconds in 64 bits


class DurationField(serializers.DurationField):
    def to_internal_value(self, value):
        if not isinstance(value, str):
            self.fail("invalid", format="[DD] [HH:[MM:]]ss[.uuuuuu]")
        duration = super().to_internal_value(value)
        if abs(duration) > MAX_DURATION:
            self.fail("overflow", min_days=-MAX_DURATION.days, max_days=MAX_DURATION.days)
        return duration


class UUIDField(StrictString, serializers.UUIDField):
    pass


class DateField(serializers.DateField):
    """A date (RFC 3339, full-date)."""

    FORM = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
    default_error_messages = {"invalid": "Enter a valid date (YYYY-MM-DD)."}

    def to_internal_value(self, value):
        if not isinstance(value, str) or not self.FORM.fullmatch(value):
            self.fail("invalid")
        return super().to_internal_value(value)


# Not `format: time`, which has an offset from UTC (RFC 3339, full-time).
@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"})
class TimeField(serializers.TimeField):
    """A local time, without a time zone."""

    FORM = re.compile(r"(?!24)\d\d:\d\d(:\d\d)?", re.ASCII)
    default_error_messages = {"invalid": "Enter a valid time (hh:mm or hh:mm:ss)."}

    def to_internal_value(self, value):
        if not isinstance(value, str) or not self.FORM.fullmatch(value):
            self.fail("invalid")
        return super().to_internal_value(value)

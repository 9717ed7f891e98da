import pytest
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from api import fields
from api.filters import FilterSet
from api.parameters import QueryParameters
from testing.problems import assert_problem
from testing.routes import ROUTES

MISSING = "01900000-0000-7000-8000-000000000000"


class Parameters(FilterSet):
    done = fields.BooleanField(required=False)
    tag = serializers.ListField(child=fields.StringField(max_length=5), required=False, max_length=2)

    lookups = {"done": "done", "tag": "tags__in"}


def read(query: str):
    return Parameters.read(QueryDict(query))


def errors_of(query: str):
    with pytest.raises(ValidationError) as error:
        read(query)
    return error.value.get_codes()


def test_without_parameters_there_are_no_values():
    assert read("") == {}


def test_values_are_read_as_what_they_mean():
    assert read("done=true&limit=5&cursor=abc&tag=a&tag=b") == {
        "done": True,
        "limit": 5,
        "cursor": "abc",
        "tag": ["a", "b"],
    }


def test_what_may_be_repeated_may_be_given_once():
    assert read("tag=a") == {"tag": ["a"]}


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("x=1", {"x": ["unknown"]}),
        ("x=1&x=2", {"x": ["unknown"]}),
        ("Limit=5", {"Limit": ["unknown"]}),
        ("limit[]=5", {"limit[]": ["unknown"]}),
        ("%20limit=5", {" limit": ["unknown"]}),
        ("%00=1", {"\0": ["unknown"]}),
        ("%ed%a0%80=1", {"\ufffd\ufffd\ufffd": ["unknown"]}),
        ("csrfmiddlewaretoken=x", {"csrfmiddlewaretoken": ["unknown"]}),
        ("limit=5&limit=5", {"limit": ["repeated"]}),
        ("done=true&done=false", {"done": ["repeated"]}),
        ("limit=0", {"limit": ["min_value"]}),
        ("limit=201", {"limit": ["max_value"]}),
        ("limit=", {"limit": ["invalid"]}),
        ("limit", {"limit": ["invalid"]}),
        ("limit=-1", {"limit": ["min_value"]}),
        ("limit=5.0", {"limit": ["invalid"]}),
        ("limit=+5", {"limit": ["invalid"]}),
        ("limit=1e400", {"limit": ["invalid"]}),
        ("limit=NaN", {"limit": ["invalid"]}),
        ("done=1", {"done": ["invalid"]}),
        ("cursor=", {"cursor": ["blank"]}),
        ("cursor=" + "x" * 4001, {"cursor": ["max_length"]}),
        ("cursor=%00", {"cursor": ["null_characters_not_allowed"]}),
        ("tag=a&tag=b&tag=c", {"tag": ["max_length"]}),
        ("tag=abcdef", {"tag": {0: ["max_length"]}}),
        (
            "x=1&y=2&limit=0&done=maybe",
            {"limit": ["min_value"], "done": ["invalid"], "x": ["unknown"], "y": ["unknown"]},
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_bad_parameters_are_refused_by_name(query, errors):
    assert errors_of(query) == errors


@pytest.mark.parametrize("limit", [1, 50, 200])
def test_a_page_holds_1_to_200_rows(limit):
    assert read(f"limit={limit}") == {"limit": limit}


def test_a_call_that_is_no_list_takes_only_the_format():
    assert QueryParameters.read(QueryDict("format=json")) == {"format": "json"}
    with pytest.raises(ValidationError):
        QueryParameters.read(QueryDict("limit=5"))


# The schema and its page come from drf-spectacular, and ignore what they don't know.
OURS = [(route, method) for route in ROUTES if route.path not in ("schema/", "docs/") for method in route.methods]


@pytest.mark.parametrize(("route", "method"), OURS, ids=str)
def test_every_call_refuses_a_parameter_that_it_does_not_have(route, method, api):
    response = api.generic(method, f"{route.url(MISSING)}?typo=1", "{}", content_type="application/json")

    message = "This query parameter is unknown. Check its name."
    errors = [{"field": "typo", "code": "unknown", "message": message}]
    assert_problem(response, 400, "validation_error", f"typo: {message}", errors)


def test_a_repeated_parameter_is_refused_in_words(api):
    response = api.get("/tasks/?limit=5&limit=6")

    message = "Use this parameter only once."
    errors = [{"field": "limit", "code": "repeated", "message": message}]
    assert_problem(response, 400, "validation_error", f"limit: {message}", errors)

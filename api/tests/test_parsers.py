import pytest
from django.test import Client as Browser

from testing.problems import assert_problem, refused
from todos.models import Task

MIB = 1024 * 1024
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=B"
TYPES = ["application/json", FORM, MULTIPART]
DJANGOS_OWN = ["/api-auth/login/", "/admin/login/"]


def post(client, body: bytes, content_type: str = "application/json", **environ):
    return client.generic("POST", "/tasks/", body, content_type=content_type, **environ)


def nested(depth: int) -> bytes:
    return b'{"title": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "unexpected end of data"),
        (b" ", "input data is empty"),
        (b'{"title": "x"} {}', "unexpected content after document"),
        (b'{"title": "x",}', "trailing comma is not allowed"),
        (b"{'title': 'x'}", "unexpected character"),
        (b'{1: "x"}', "unexpected character"),
        (b'{"title": "a\0b"}', "unexpected control character"),
        (b'{"title": "\\ud800"}', "no low surrogate"),
        (b'{"title": "x", "\\udfff": 1}', "invalid high surrogate"),
        (b'{"title": "\xed\xa0\x80"}', "str is not valid UTF-8"),
        (b'{"title": "\xff"}', "str is not valid UTF-8"),
        ('{"title": "x"}'.encode("utf-16"), "str is not valid UTF-8"),
        (b'\xef\xbb\xbf{"title": "x"}', "UTF-8 byte order mark (BOM) is not supported"),
        (b'{"title": NaN}', "unexpected character"),
        (b'{"title": Infinity}', "unexpected character"),
        (b'{"title": -Infinity}', "no digit after sign"),
        (b'{"title": 1e400}', "number is infinity"),
        (b'{"title": ' + b"9" * 5000 + b"}", "number is infinity"),
        (b"[" * 100_000, "depth limit exceeded"),
        (b"[" * 100_000 + b"]" * 100_000, "depth limit exceeded"),
        (b'{"a":' * 100_000, "depth limit exceeded"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_not_json_is_a_400(api, body, reason):
    response = post(api, body)

    detail = response.json()["detail"]
    assert_problem(response, 400, "parse_error", detail)
    assert detail.startswith(f"JSON parse error: {reason}")
    assert not Task.objects.exists()


def test_32_levels_are_read(api):
    response = post(api, nested(32))

    assert refused(response) == [("title", "invalid")]


@pytest.mark.parametrize("body", [nested(33), b'{"title": "x", "more": ' + b'{"a": ' * 32 + b"1" + b"}" * 33])
def test_33_levels_are_a_400(api, body):
    response = post(api, body)

    assert_problem(response, 400, "parse_error", "JSON parse error: the body can be nested at most 32 levels deep")


def test_brackets_side_by_side_or_in_text_are_no_depth(api):
    response = post(api, b'{"title": "' + b"[{" * 100 + b'", "more": [' + b"[]," * 100 + b"[]]}")

    assert refused(response) == [("more", "unknown")]


@pytest.mark.parametrize("body", [b'"text"', b"5", b"true", b"null", b"[[]]", b"[null]", b"[]", b"[{}]"])
@pytest.mark.parametrize("path", ["/tasks/bulk/", "/auth/login/", "/auth/register/", "/tokens/"])
def test_a_body_that_is_no_object_is_a_400(api, path, body):
    response = api.generic("POST", path, body, content_type="application/json")

    assert_problem(response, 400, "parse_error", "JSON parse error: the body must be an object")


def test_where_a_list_makes_several_a_list_changes_none(api, task):
    response = api.generic("PATCH", f"/tasks/{task.pk}/", b'[{"title": "x"}]', content_type="application/json")

    assert_problem(response, 400, "parse_error", "JSON parse error: the body must be an object")


@pytest.mark.parametrize(
    ("body", "error"), [(b"[]", ("", "empty")), (b"[[]]", ("0", "invalid")), (b"[null]", ("0", "null"))]
)
def test_a_list_of_no_objects_is_a_400(api, body, error):
    assert refused(post(api, body)) == [error]


@pytest.mark.parametrize("body", [b'"text"', b"5", b"true", b"null"])
def test_neither_a_list_nor_an_object_is_a_400(api, body):
    assert_problem(post(api, body), 400, "parse_error", "JSON parse error: the body must be an object")


def test_json_that_was_sent_as_a_form_is_named(api):
    response = api.post("/tasks/", '{"title": "Buy milk"}', content_type="application/x-www-form-urlencoded")

    detail = "This is JSON, and was sent as a form. Send it with the header Content-Type: application/json."
    assert_problem(response, 400, "parse_error", detail)
    assert not Task.objects.exists()


def test_a_field_given_twice_counts_as_given_last(api):
    response = post(api, b'{"title": "first", "title": "last"}')

    assert (response.status_code, response.json()["title"]) == (201, "last")


def test_nul_is_a_400_by_name(api):
    response = post(api, b'{"title": "a\\u0000b", "a\\u0000": 1}')

    assert refused(response) == [("title", "null_characters_not_allowed"), ("a\0", "unknown")]


def test_100_000_names_are_a_400_of_a_decent_size(api):
    body = b"{" + b",".join(b'"%x":1' % number for number in range(100_000)) + b"}"
    assert len(body) <= MIB

    response = post(api, body)

    assert len(refused(response)) == 100
    assert len(response.content) < 10_000


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf_8", "utf8", "us-ascii", '"utf-8"'])
@pytest.mark.parametrize("content_type", ["application/json", FORM])
def test_utf_8_may_be_named(api, content_type, charset):
    body = b'{"title": "x"}' if "json" in content_type else b"title=x"

    response = post(api, body, f"{content_type}; charset={charset}")

    assert (response.status_code, response.json()["title"]) == (201, "x")


# Among them codecs that unpack bombs, that are no text, that fail on nothing at all, and that don't exist.
ODD = [
    "bz2_codec",
    "zlib",
    "hex",
    "utf-16",
    "utf-7",
    "idna",
    "punycode",
    "undefined",
    "unicode_escape",
    "latin-1",
    "x",
    "",
]


@pytest.mark.parametrize("charset", [*ODD, "utf-8; charset=bz2_codec", "x" * 5000, "\xff"], ids=lambda text: text[:20])
@pytest.mark.parametrize("content_type", TYPES)
def test_another_charset_is_a_415(api, content_type, charset):
    response = post(api, b"BZh91AY&SY", f"{content_type}; charset={charset}")

    assert_problem(response, 415, "unsupported_media_type", "Encode the request body in UTF-8.")


@pytest.mark.parametrize("charset", ODD)
@pytest.mark.parametrize("content_type", [FORM, MULTIPART])
@pytest.mark.parametrize("path", DJANGOS_OWN)
def test_another_charset_is_a_415_for_the_forms_of_django_too(path, content_type, charset):
    response = Browser().generic("POST", path, b"BZh91AY&SY", content_type=f"{content_type}; charset={charset}")

    assert (response.status_code, response["Content-Type"]) == (415, "text/plain; charset=utf-8")
    assert response.content == b"Encode the request body in UTF-8.\n"

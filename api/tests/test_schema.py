import json
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client as Browser
from django.utils.http import urlsafe_base64_encode
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from api.errors import CODES
from testing.client import PASSWORD
from testing.routes import EVERY_ROUTE, PUBLIC, ROUTES
from testing.uploads import sample, source_of

EVERY_CALL = [
    (route, method) for route in EVERY_ROUTE if route.path not in ("", "schema/", "docs/") for method in route.methods
]
CALLS = [(route, method) for route, method in EVERY_CALL if route in ROUTES]
# What a call needs to succeed, that is not about a resource: testing/resources.py has those.
BODIES = {
    ("POST", "auth/register/"): {"email": "new@example.com", "password": PASSWORD},
    ("POST", "auth/login/"): {"email": "alice@example.com", "password": PASSWORD},
    ("POST", "auth/password-reset/"): {"email": "alice@example.com"},
    ("POST", "me/password/"): {"current_password": PASSWORD, "new_password": PASSWORD + "2"},
    ("DELETE", "me/"): {"password": PASSWORD},
}


def body_of(route, method: str, thing, owner) -> dict:
    """The arguments with which this call succeeds."""
    if route.path == "auth/password-reset/confirm/":
        uid, token = urlsafe_base64_encode(str(owner.pk).encode()), default_token_generator.make_token(owner)
        return {"uid": uid, "token": token, "new_password": PASSWORD + "2"}
    if source := source_of(route.path):
        return {"file": sample(source)}
    return BODIES.get((method, route.path)) or route.body(method, owner, thing)


def send(api, method: str, url: str, body: dict, **headers):
    """Call with this body: as a form, where there is a file in it."""
    if "file" not in body:
        return api.generic(method, url, json.dumps(body), content_type="application/json", **headers)
    body["file"].seek(0)
    return api.post(url, body, format="multipart", **headers)


@pytest.fixture(scope="module")
def served() -> dict:
    return Browser().get("/api/v1/schema/?format=json").json()


@pytest.fixture(scope="module")
def document(served) -> dict:
    """What is served, with what the calls share written out for each of them."""
    return written_out(served, served)


def written_out(node, served: dict):
    """`node` with the component itself in place of each reference, except for those to schemas."""
    if isinstance(node, list):
        return [written_out(each, served) for each in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref", "#/components/schemas/")
    if not reference.startswith("#/components/schemas/"):
        _, _, kind, name = reference.split("/")
        return written_out(served["components"][kind][name], served)
    return {name: written_out(each, served) for name, each in node.items()}


def operation(document: dict, route, method: str) -> dict:
    return document["paths"]["/api/v1/" + route.path.replace("<id:pk>", "{id}")][method.lower()]


def validator(document: dict, schema: dict) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


def loads(html: str, address: str) -> list[str]:
    """The URLs that a browser loads to show this page."""
    found = [*re.findall(r"url\(\s*['\"]?([^'\")]+)", html), *re.findall(r"@import\s+['\"]([^'\"]+)", html)]

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attrs):
            for name, value in attrs:
                if name in ("src", "srcset", "data", "poster", "background") or (tag, name) == ("link", "href"):
                    found.append(value)

    Parser().feed(html)
    return [urljoin(address, each) for each in found if not each.startswith("data:")]


def test_the_document_is_valid_openapi_3_1(served):
    assert served["openapi"] == "3.1.0"
    validate_schema(served)  # raises


@pytest.mark.parametrize(("route", "method"), CALLS, ids=str)
def test_every_call_is_in_the_document(document, route, method):
    assert operation(document, route, method)


def test_nothing_else_is_in_the_document(document):
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}

    assert described == {
        ("/api/v1/" + route.path.replace("<id:pk>", "{id}"), method.lower()) for route, method in EVERY_CALL
    }


def test_every_call_has_a_name_of_its_own(document):
    names = [call["operationId"] for methods in document["paths"].values() for call in methods.values()]

    assert len(set(names)) == len(names) == len(EVERY_CALL)


def test_every_call_says_in_words_of_its_own_what_it_does(document):
    summaries = [call["summary"] for methods in document["paths"].values() for call in methods.values()]

    assert len(set(summaries)) == len(summaries) == len(EVERY_CALL)
    assert "Change the project." in summaries
    assert "{" not in "".join(summaries)


@pytest.mark.parametrize(("route", "method"), CALLS, ids=str)
def test_every_call_names_its_problems(document, route, method):
    expected = {"400", "429", "503"}
    if route.path not in PUBLIC:
        expected |= {"401", "403"}
    if route.has_id:
        expected |= {"404"}
    if method in ("POST", "PUT", "PATCH"):
        expected |= {"409", "413", "415"}

    responses = operation(document, route, method)["responses"]

    assert expected <= responses.keys()
    for status in expected:
        assert responses[status]["content"].keys() == {"application/problem+json"}
        assert responses[status]["content"]["application/problem+json"]["schema"] == {
            "$ref": "#/components/schemas/Problem"
        }


@pytest.mark.parametrize(("route", "method"), CALLS, ids=str)
def test_every_response_names_its_request(document, route, method):
    responses = operation(document, route, method)["responses"]

    assert all("X-Request-ID" in response["headers"] for response in responses.values())
    assert "Retry-After" in responses["429"]["headers"]
    assert "Retry-After" in responses["503"]["headers"]


def test_the_examples_are_problems_with_codes_that_are_given(document):
    problem = validator(document, {"$ref": "#/components/schemas/Problem"})
    examples = [
        response["content"]["application/problem+json"]["example"]
        for methods in document["paths"].values()
        for call in methods.values()
        for status, response in call["responses"].items()
        if status >= "400"
    ]

    assert examples
    for example in examples:
        problem.validate(example)
        assert example["code"] == {**CODES, 400: "validation_error"}[example["status"]]


@pytest.mark.parametrize(("route", "method"), CALLS, ids=str)
def test_every_call_answers_as_the_document_says(document, route, method, alice, api):
    thing = route.make(alice) if route.model else None
    body = body_of(route, method, thing, alice)
    url = route.url(thing and thing.pk)

    response = send(api, method, url, body)

    assert 200 <= response.status_code < 300, route.refusal(response)
    described = operation(document, route, method)["responses"][str(response.status_code)]
    if response.content:
        content_type = response["Content-Type"].partition(";")[0]
        said = response.json() if content_type == "application/json" else response.content.decode()
        validator(document, described["content"][content_type]["schema"]).validate(said)
    else:
        assert "content" not in described


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/tasks/?limit=0", 400), ("GET", "/tasks/x/", 404), ("PUT", "/tasks/", 405), ("GET", "/nope/", 404)],
)
def test_a_problem_is_as_the_document_says(document, api, method, path, status):
    response = api.generic(method, path)

    assert response.status_code == status
    validator(document, {"$ref": "#/components/schemas/Problem"}).validate(response.json())


def test_a_list_names_its_parameters(document):
    parameters = document["paths"]["/api/v1/tasks/"]["get"]["parameters"]

    found = {each["name"]: each["schema"] for each in parameters}
    assert found["limit"] == {"type": "integer", "minimum": 1, "maximum": 200}
    assert set(found["ordering"]["enum"]) == {
        f"{sign}{name}"
        for name in ("created_at", "updated_at", "due_date", "completed_at", "priority", "title", "position")
        for sign in ("", "-")
    }
    assert {each["in"] for each in parameters} <= {"query", "header"}


def test_what_is_written_for_colleagues_is_not_published(document):
    published = str(document)

    for words in ("the serializer", "the view", "QuerySet", "viewset", "Mixin", "REST framework"):
        assert words not in published


@pytest.mark.parametrize("path", ["/", "/api/v1/docs/", "/api-auth/login/", "/admin/login/"])
def test_a_page_loads_nothing_from_another_host(db, path):
    found = loads(Browser().get(path).content.decode(), f"http://testserver{path}")

    assert found
    assert [each for each in found if not each.startswith("http://testserver/")] == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route.path not in ("schema/", "events/")], ids=str)
def test_a_browsable_page_loads_nothing_from_another_host(route, alice):
    browser = Browser()
    browser.force_login(alice)
    thing = route.make(alice) if route.model else None

    page = browser.get(f"/api/v1{route.url(thing and thing.pk)}", HTTP_ACCEPT="text/html")

    found = loads(page.content.decode(), "http://testserver/api/v1/")
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert found
    assert [each for each in found if not each.startswith("http://testserver/")] == []


def test_the_script_of_the_docs_asks_this_server_for_the_document(db):
    script = Browser().get("/api/v1/docs/?script=").content.decode()

    assert 'url: "/api/v1/schema/"' in script.replace("\\u002D", "-")
    assert "://" not in script


def test_a_response_has_all_its_fields(document):
    schemas = document["components"]["schemas"]

    for name in ("Task", "Project", "Tag", "Token", "User", "Sync", "TaskChange", "ReplicatedProject"):
        assert schemas[name]["required"] == sorted(schemas[name]["properties"]), name


def test_defaults_are_told_in_words(document):
    schemas = document["components"]["schemas"]

    assert '"default":' not in json.dumps(document)
    assert schemas["TaskRequest"]["properties"]["description"]["description"] == '`""` by default.'
    assert "description" not in schemas["PatchedTaskRequest"]["properties"]["description"]


def test_bodies_are_json_or_forms_with_a_file(document):
    bodies = [
        (source_of(path.removeprefix("/api/v1/")) is not None, call["requestBody"]["content"].keys())
        for path, methods in document["paths"].items()
        for call in methods.values()
        if "requestBody" in call
    ]

    assert bodies
    for has_file, content in bodies:
        assert content == {"multipart/form-data" if has_file else "application/json"}
    assert document["paths"]["/api/v1/tasks/"]["post"]["requestBody"]["required"]


def test_a_filter_by_id_takes_the_word_none_too(document):
    parameters = {each["name"]: each["schema"] for each in document["paths"]["/api/v1/tasks/"]["get"]["parameters"]}

    assert parameters["project"] == parameters["parent"]
    assert parameters["project"].keys() == {"type", "pattern"}
    fits = Draft202012Validator(parameters["project"]).is_valid
    assert fits("none")
    assert fits("0198c5a4-6b1e-7d6e-8f0a-1b2c3d4e5f60")
    assert not any(map(fits, ("", "None", "none ", "0198c5a4", "0198c5a4-6b1e-7d6e-8f0a-1b2c3d4e5f60none", None, 1)))


@pytest.mark.parametrize(("route", "method"), CALLS, ids=str)
def test_a_call_says_whether_it_takes_a_token(document, route, method):
    expected = [] if route.path in PUBLIC else [{"token": []}, {"cookieAuth": []}]
    expected = [{"ticket": []}, *expected] if route.path == "events/" else expected

    assert operation(document, route, method)["security"] == expected


def request_of(document: dict, path: str, method: str) -> Draft202012Validator:
    body = document["paths"]["/api/v1/" + path][method]["requestBody"]
    return validator(document, body["content"]["application/json"]["schema"])


@pytest.mark.parametrize(
    "body",
    [
        {"title": " "},
        {"title": "a\0"},
        {"title": "x", "description": "\0"},
        {"title": "x", "unheard_of": 1},
        {"title": "x", "due_time": "09:00:00Z"},
        [],
        [{"title": "x"}] * 201,
    ],
    ids=str,
)
def test_a_body_that_is_refused_does_not_fit_the_document(document, api, body):
    assert api.post("/tasks/", body).status_code == 400
    assert not request_of(document, "tasks/", "post").is_valid(body)


@pytest.mark.parametrize(
    "body",
    [
        {"title": " x\n", "description": ""},
        {"title": "x", "due_date": "2027-01-31", "due_time": "09:00"},
        {"title": "x", "id": "what was read", "revision": 1},
        [{"title": "x"}],
    ],
    ids=str,
)
def test_a_body_that_is_taken_fits_the_document(document, api, body):
    assert api.post("/tasks/", body).status_code == 201
    assert request_of(document, "tasks/", "post").is_valid(body)


@pytest.mark.parametrize("color", ["", "#00ff00", "0", "#00FF00"])
def test_a_color_is_one_string_in_the_document(document, api, color):
    described = request_of(document, "projects/", "post").is_valid({"name": "x", "color": color})

    assert described == (api.post("/projects/", {"name": "x", "color": color}).status_code == 201)


def test_erasing_an_account_takes_a_password(document):
    assert request_of(document, "me/", "delete").is_valid({"password": "x"})
    assert document["components"]["schemas"]["AccountDeletionRequest"]["required"] == ["password"]


def test_the_lists_that_may_not_be_empty_say_so(document):
    schemas = document["components"]["schemas"]

    assert schemas["BulkRequest"]["properties"]["ids"]["minItems"] == 1
    assert schemas["TokenRequest"]["properties"]["scopes"]["minItems"] == 1


def test_a_new_password_has_8_characters(document, anonymous):
    body = {"email": "new@example.com", "password": "p4ssw0r"}

    assert anonymous.post("/auth/register/", body).json()["errors"][0]["code"] == "password_too_short"
    assert not request_of(document, "auth/register/", "post").is_valid(body)
    assert request_of(document, "auth/register/", "post").is_valid({**body, "password": "p4ssw0rd"})
    assert request_of(document, "auth/login/", "post").is_valid(body)


def test_an_idempotency_key_is_visible_ascii(document):
    parameters = {each["name"]: each for each in document["paths"]["/api/v1/tasks/"]["post"]["parameters"]}

    key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    assert parameters["Idempotency-Key"]["schema"] == key


def test_what_may_be_too_long_names_its_problem(document):
    paths = document["paths"]

    assert {"404", "414"} <= paths["/api/v1/tasks/"]["get"]["responses"].keys()  # 404: of `format`
    assert {"404", "431"} <= paths["/api/v1/tasks/bulk/"]["post"]["responses"].keys()  # 404: of an id
    assert "406" in paths["/api/v1/me/"]["get"]["responses"]

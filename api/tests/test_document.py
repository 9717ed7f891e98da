"""The OpenAPI document as a whole: its size, what it says of itself, and what generators need."""

import pytest
from django.test import Client as Browser

from api.tests.test_schema import written_out
from api.views import SchemaView


@pytest.fixture(scope="module")
def served() -> dict:
    return Browser().get("/api/v1/schema/?format=json").json()


def test_the_document_is_small_enough_for_browsers_and_generators():
    assert len(Browser().get("/api/v1/schema/?format=json").content) <= 225_000
    assert len(Browser().get("/api/v1/schema/").content) <= 225_000


def test_what_several_calls_share_stands_once(served):
    calls = [call for methods in served["paths"].values() for call in methods.values()]
    responses = [response for call in calls for response in call["responses"].values() if "$ref" not in response]
    parameters = [each for call in calls for each in call.get("parameters", []) if "$ref" not in each]
    repeated = {each["name"] for each in parameters if parameters.count(each) > 1}

    assert all("application/problem+json" not in response.get("content", {}) for response in responses)
    assert all(header.keys() == {"$ref"} for response in responses for header in response["headers"].values())
    assert repeated <= {"ordering"}  # it has another form in each list, and the trash has that of its list


def test_the_document_says_whose_it_is_and_where(served):
    assert served["info"]["license"] == {"name": "MIT License", "identifier": "MIT"}
    assert served["info"]["contact"] == {"name": "The operator of this server"}
    assert served["servers"] == [{"url": "/", "description": "The server that provides this document."}]


def test_below_a_path_only_the_server_is_another_one(served, monkeypatch):
    monkeypatch.setattr(SchemaView, "documents", {})

    below = Browser().get("/api/v1/schema/?format=json", SCRIPT_NAME="/todo").json()

    assert below.pop("servers") == [{"url": "/todo", "description": "The server that provides this document."}]
    assert below == {name: part for name, part in served.items() if name != "servers"}


def test_each_tag_has_a_description(served):
    used = {tag for methods in served["paths"].values() for call in methods.values() for tag in call["tags"]}

    assert [tag["name"] for tag in served["tags"]] == sorted(used)
    assert all(tag["description"] for tag in served["tags"])


def parts(node):
    """Every object inside of `node`, itself included."""
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node:
        if isinstance(each, dict | list):
            yield from parts(each)


def test_generators_can_express_each_value(served):
    document = written_out(served, served)
    calls = [call for methods in document["paths"].values() for call in methods.values()]
    parameters = [parameter for call in calls for parameter in call.get("parameters", [])]

    assert not [each for each in parts(document) if "enum" in each and each.keys() & {"minLength", "pattern"}]
    assert not [each for each in parts(parameters) if each.keys() & {"anyOf", "oneOf", "allOf"}]

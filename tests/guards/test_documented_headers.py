"""The documented headers for conditional requests and retries, compared with the behavior of each call."""

import pytest
from django.test import Client as Browser

from api.tests.test_schema import CALLS, body_of, operation, send, written_out

SENT = {"ETag", "Location", "Idempotency-Replayed"}


@pytest.fixture(scope="module")
def document() -> dict:
    served = Browser().get("/api/v1/schema/?format=json").json()
    return written_out(served, served)


def read_headers(document, route, method) -> set[str]:
    parameters = operation(document, route, method).get("parameters", [])
    return {each["name"] for each in parameters if each["in"] == "header"}


@pytest.fixture
def call(api, alice):
    """Do a call, such that it succeeds, with these headers."""

    def call(route, method, **headers):
        thing = route.make(alice) if route.model else None
        body = body_of(route, method, thing, alice)
        url = route.url(thing and thing.pk)

        def again():
            return send(api, method, url, body, **headers)

        return again(), again

    return call


@pytest.mark.parametrize(("route", "method"), CALLS, ids=str)
def test_the_headers_of_a_response_are_in_the_document(document, route, method, call):
    response, _ = call(route, method)

    described = operation(document, route, method)["responses"][str(response.status_code)]
    assert {name for name in SENT if name in response} == SENT & described["headers"].keys() - {"Idempotency-Replayed"}


@pytest.mark.parametrize(("route", "method"), CALLS, ids=str)
def test_a_call_checks_if_match_where_the_document_says_so(document, route, method, call):
    response, _ = call(route, method, HTTP_IF_MATCH='"another"')

    assert (response.status_code == 412) is ("If-Match" in read_headers(document, route, method))
    assert ("412" in operation(document, route, method)["responses"]) is (response.status_code == 412)


@pytest.mark.parametrize(("route", "method"), CALLS, ids=str)
def test_a_call_answers_304_where_the_document_says_so(document, route, method, call):
    response, _ = call(route, method, HTTP_IF_NONE_MATCH="*")

    is_read = method == "GET" and "If-None-Match" in read_headers(document, route, method)
    assert (response.status_code == 304) is is_read
    assert ("304" in operation(document, route, method)["responses"]) is is_read


@pytest.mark.parametrize(("route", "method"), CALLS, ids=str)
def test_a_call_is_answered_again_where_the_document_says_so(document, route, method, call):
    response, again = call(route, method, HTTP_IDEMPOTENCY_KEY="key")
    replayed = again().get("Idempotency-Replayed") == "true"

    responses = operation(document, route, method)["responses"]
    assert replayed is ("Idempotency-Key" in read_headers(document, route, method))
    assert replayed is ("422" in responses)
    assert replayed is ("Idempotency-Replayed" in responses[str(response.status_code)]["headers"])


@pytest.mark.parametrize("status", ["409", "429", "503"])
def test_what_can_be_sent_again_says_when(document, status):
    responses = document["paths"]["/api/v1/tasks/"]["post"]["responses"]

    assert "Retry-After" in responses[status]["headers"]


def test_sync_says_that_a_token_can_be_too_old(document):
    responses = document["paths"]["/api/v1/sync/"]["get"]["responses"]

    assert responses["410"]["content"]["application/problem+json"]["example"]["code"] == "sync_token_expired"

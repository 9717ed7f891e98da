import pytest
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from api.negotiation import Negotiation
from api.renderers import JSONRenderer, PageRenderer

BOTH = [JSONRenderer(), PageRenderer()]


@pytest.mark.parametrize("renderers", [BOTH, BOTH[::-1], BOTH[1:]], ids=["JSON first", "page first", "page alone"])
@pytest.mark.parametrize("query", ["", "format=json", "format=api", "limit=1"])
@pytest.mark.parametrize("accept", [None, "", "*/*", "application/json", "text/html", "application/json; indent=4"])
def test_it_chooses_as_rest_framework_does(accept, query, renderers):
    headers = {} if accept is None else {"HTTP_ACCEPT": accept}
    request = Request(APIRequestFactory().get("/", QUERY_STRING=query, **headers))

    assert chosen(Negotiation(), request, renderers) == chosen(DefaultContentNegotiation(), request, renderers)


PROBLEMS = ["application/problem+json", "application/problem+json;q=0.9", "text/plain, application/problem+json"]


@pytest.mark.parametrize("accept", PROBLEMS)
def test_a_client_that_accepts_only_problems_gets_its_result_as_json(api, task, accept):
    response = api.get(f"/tasks/{task.pk}/", HTTP_ACCEPT=accept)

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response.json() == api.get(f"/tasks/{task.pk}/").json()


@pytest.mark.parametrize("accept", PROBLEMS)
def test_a_client_that_accepts_only_problems_gets_its_problem(api, accept):
    response = api.post("/tasks/", {"title": ""}, HTTP_ACCEPT=accept)

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["code"] == "validation_error"


def test_a_response_without_a_body_suits_a_client_that_accepts_only_problems(api, task):
    """As the clients that openapi-generator makes ask for it."""
    deleted = api.delete(f"/tasks/{task.pk}/", HTTP_ACCEPT="application/problem+json")
    signed_out = api.post("/auth/logout/", HTTP_ACCEPT="application/problem+json")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (signed_out.status_code, signed_out.content) == (204, b"")


def chosen(negotiation, request, renderers):
    try:
        return negotiation.select_renderer(request, renderers)
    except Exception as error:
        return type(error)

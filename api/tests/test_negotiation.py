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


def chosen(negotiation, request, renderers):
    try:
        return negotiation.select_renderer(request, renderers)
    except Exception as error:
        return type(error)

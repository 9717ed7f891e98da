"""What pages of another origin can call and read, on the production server."""

import http.client
import re
from collections.abc import Iterator

import pytest
from django.conf import settings

from testing.environments import settings_of
from testing.problems import assert_problem, broken_database
from testing.servers import Program, Server, gunicorn, register
from tests.server.test_settings import PRODUCTION

APP = "https://app.example.com"
ORIGINS = f"{APP},http://localhost:5173,capacitor://localhost,https://my-app-*.example.dev"
READABLE = "ETag, Location, Retry-After, X-Request-ID, Idempotency-Replayed, WWW-Authenticate"


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv("CORS_ALLOWED_ORIGINS", ORIGINS)
        with gunicorn(tmp_path_factory.mktemp("cors"), processes=1) as server:
            yield server


@pytest.fixture(scope="module")
def token(server) -> str:
    return register(server)


def call(server: Server, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Connection": "close", **given})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def preflight(server: Server, path: str = "/api/v1/tasks/", **headers: str) -> http.client.HTTPResponse:
    asked = {
        "Access_Control_Request_Method": "PATCH",
        "Access_Control_Request_Headers": "authorization,if-match,x-anything",
    }
    return call(server, "OPTIONS", path, **{"Origin": APP, **asked, **headers})


def cors(headers) -> dict:
    return {name.lower(): value for name, value in headers.items() if name.lower().startswith("access-control-")}


READ = {"access-control-allow-origin": APP, "access-control-expose-headers": READABLE}


def assert_readable(response) -> None:
    headers = getattr(response, "headers", response)
    assert cors(headers) == READ
    assert "origin" in [name.strip().lower() for name in headers["Vary"].split(",")]


def test_a_preflight_says_what_is_allowed(server):
    response = preflight(server)

    assert (response.status, response.headers["Content-Length"]) == (200, "0")
    assert cors(response.headers) == {
        **READ,
        "access-control-allow-headers": "authorization, content-type, if-match, if-none-match, "
        "idempotency-key, x-request-id, mcp-protocol-version, mcp-method, mcp-name, last-event-id, "
        "traceparent, tracestate, baggage, sentry-trace, x-requested-with",
        "access-control-allow-methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        "access-control-max-age": "7200",
    }
    assert response.headers["Vary"] == "origin"


@pytest.mark.parametrize("origin", ORIGINS.replace("*", "git-dev").split(","))
def test_each_origin_of_the_setting_is_allowed(server, origin):
    assert preflight(server, Origin=origin).headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://evil.app.example.com",
        "null",
        "*",
        "[",
        "http://localhost",
        "https://my-app-.evil.example.dev",
        "https://my-app-x.example.dev.evil.example",
        "http://my-app-x.example.dev",
        "https://my-app-xexample.dev",
    ],
)
def test_no_other_is(server, token, origin):
    responses = [
        preflight(server, Origin=origin),
        call(server, "GET", "/api/v1/tasks/", Origin=origin, Authorization=f"Bearer {token}"),
    ]

    for response in responses:
        assert (response.status, cors(response.headers)) == (200, {})


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Authorization": "Bearer x"}, {"Cookie": "sessionid=x"}]
)
def test_a_preflight_meets_neither_the_host_check_nor_sign_in(server, headers):
    assert cors(preflight(server, **headers).headers) == cors(preflight(server).headers)


def test_what_is_written_and_read_can_be_seen(server, token):
    with Program(server.port, token) as page:
        made = page.send("POST", "tasks/", {"title": "Buy milk"}, Origin=APP, Idempotency_Key="1")
        again = page.send("POST", "tasks/", {"title": "Buy milk"}, Origin=APP, Idempotency_Key="1")
        path = f"tasks/{made.body['id']}/"
        unchanged = page.send("GET", path, Origin=APP, If_None_Match=made.headers["ETag"])
        stale = page.send("PATCH", path, {"title": "x"}, Origin=APP, If_Match='"x"')

    assert [response.status for response in (made, again, unchanged, stale)] == [201, 201, 304, 412]
    assert again.headers["Idempotency-Replayed"] == "true"
    for response in (made, again, unchanged, stale):
        assert_readable(response)
    assert made.headers["Vary"] == "Accept, Authorization, Cookie, origin"


@pytest.mark.parametrize(
    ("status", "method", "path", "headers"),
    [
        (401, "GET", "/api/v1/tasks/", {}),
        (401, "GET", "/api/v1/tasks/", {"Authorization": "Bearer x"}),
        (404, "GET", "/api/nope/", {}),
        (404, "GET", "/api/v1/tasks", {}),
        (405, "DELETE", "/api/v1/docs/", {}),
        (400, "GET", "/api/v1/tasks/", {"Host": "evil.example"}),
        (400, "GET", "/api/v1/tasks/", {"Cookie": 'sessionid="abcdefgh\\000"'}),
        (413, "POST", "/api/v1/auth/login/", {"Content-Length": str(2**21)}),
        (415, "POST", "/api/v1/auth/login/", {"Content-Type": "text/plain; charset=utf-7"}),
    ],
)
def test_whoever_refuses_the_page_can_read_why(server, status, method, path, headers):
    response = call(server, method, path, Origin=APP, **headers)

    assert (response.status, response.headers["Content-Type"]) == (status, "application/problem+json")
    assert response.headers["X-Request-ID"]
    assert_readable(response)


def test_no_cookie_is_ever_allowed(server, token):
    responses = [preflight(server), call(server, "GET", "/api/v1/me/", Origin=APP, Authorization=f"Bearer {token}")]

    assert [response.headers["Access-Control-Allow-Credentials"] for response in responses] == [None, None]


def assistant(server, token: str, origin: str) -> http.client.HTTPResponse:
    """As the official client asks in a browser."""
    headers = {"Content_Type": "application/json", "Mcp_Protocol_Version": "2025-11-25"}
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
    return call(server, "POST", "/mcp", body, Origin=origin, Authorization=f"Bearer {token}", **headers)


@pytest.mark.parametrize("origin", ORIGINS.replace("*", "git-dev").split(","))
def test_an_assistant_in_a_page_of_the_setting_is_allowed(server, token, origin):
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "mcp-protocol-version"}
    asking = preflight(server, "/mcp", Origin=origin, **asked)
    response = assistant(server, token, origin)

    assert "mcp-protocol-version, mcp-method, mcp-name" in asking.headers["Access-Control-Allow-Headers"]
    assert response.status == 200
    for each in (asking, response):
        assert each.headers["Access-Control-Allow-Origin"] == origin


def test_an_assistant_in_a_page_can_read_how_to_sign_in(server):
    refused = assistant(server, "wrong", APP)
    described = call(server, "GET", "/.well-known/oauth-protected-resource/mcp", Origin=APP)

    assert (refused.status, described.status) == (401, 200)
    assert "resource_metadata" in refused.headers["WWW-Authenticate"]
    for response in (refused, described):
        assert_readable(response)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://my-app-.evil.example.dev"])
def test_an_assistant_in_any_other_page_is_refused(server, token, origin):
    response = assistant(server, token, origin)

    assert (response.status, cors(response.headers)) == (403, {})
    assert cors(preflight(server, "/mcp", Origin=origin).headers) == {}


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/api-auth/login/", "/healthz", "/readyz", "/apiary", "/mcp/x"])
def test_nothing_but_the_api_is_meant(server, path):
    assert cors(call(server, "GET", path, Origin=APP).headers) == {}
    assert cors(preflight(server, path).headers) == {}


def test_without_an_origin_the_response_still_varies(server):
    response = call(server, "GET", "/api/v1/tasks/")

    assert cors(response.headers) == {}
    assert response.headers["Vary"].endswith("origin")


def middleware(**environment: str) -> list[str]:
    return settings_of(**PRODUCTION, **environment)["MIDDLEWARE"]


def test_without_the_setting_it_is_not_there():
    assert settings.CORS_ALLOWED_ORIGINS == []
    assert middleware() == middleware(CORS_ALLOWED_ORIGINS="") == settings.MIDDLEWARE[1:]  # the first is the tests' own
    assert not [name for name in settings.MIDDLEWARE if "cors" in name]


@pytest.fixture
def allowed(settings) -> None:
    settings.MIDDLEWARE = middleware(CORS_ALLOWED_ORIGINS=ORIGINS)
    settings.CORS_ALLOWED_ORIGINS = [APP]


def test_a_preflight_meets_no_redirect_to_https(api, allowed, settings):
    settings.SECURE_SSL_REDIRECT = True

    response = api.options("/tasks/", HTTP_ORIGIN=APP, HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET")

    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, APP)
    assert api.get("/tasks/").status_code == 301


def test_that_the_database_is_away_can_be_read(api, allowed):
    with broken_database():
        response = api.get("/tasks/", HTTP_ORIGIN=APP)

    assert_problem(response, 503, "unavailable", "The database is temporarily unavailable. Try again.")
    assert_readable(response)


def test_a_defect_can_be_read(api, allowed, monkeypatch):
    monkeypatch.setattr("todos.views.TaskViewSet.list", lambda *args: 1 / 0)

    response = api.get("/tasks/", HTTP_ORIGIN=APP)

    assert response.status_code == 500
    assert_readable(response)


def test_the_origins_of_the_example_are_valid():
    example = re.search(r"with a token: (\S+)", (settings.BASE_DIR / ".env.example").read_text()).group(1)

    assert settings_of(**PRODUCTION, CORS_ALLOWED_ORIGINS=example)["CORS_ALLOWED_ORIGINS"] == example.split(",")

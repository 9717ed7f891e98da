"""Below a path: https://example.com/todo/, through nginx, which passes the path on or leaves it out."""

import json
import plistlib
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin

import pytest

from testing.client import PASSWORD
from testing.nginx import NGINX, nginx
from testing.servers import Server, gunicorn

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

EMAIL = "alice@example.com"
LOCATIONS = {"left out": "location /todo/ {{ proxy_pass {}/; }}", "passed on": "location /todo/ {{ proxy_pass {}; }}"}


class Browser:
    def __init__(self, port: int):
        self.origin = f"http://127.0.0.1:{port}"
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def open(self, path: str, body: bytes | None = None, **headers: str):
        url = urljoin(self.origin, path)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            return self.opener.open(urllib.request.Request(url, body, sent), timeout=120)
        except urllib.error.HTTPError as error:
            return error

    def read(self, path: str) -> str:
        with self.open(path, Accept="text/html,*/*") as response:
            assert response.status == 200, path
            return response.read().decode(errors="replace")

    def call(self, method: str, path: str, body: dict | None = None, token: str = ""):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        sent = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(urljoin(self.origin, path), sent, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.headers, json.loads(response.read())

    def sign_in(self, path: str) -> str:
        """Where the form at this path leads with the right password."""
        form = self.read(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        fields = {"csrfmiddlewaretoken": token and token[1], "username": EMAIL, "password": PASSWORD}
        with self.open(path, urlencode(fields).encode(), Origin=self.origin) as response:
            return response.url.removeprefix(self.origin)


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_blocker) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("server")
    with django_db_blocker.unblock(), gunicorn(directory, processes=1, FORCE_SCRIPT_NAME="/todo") as server:
        yield server


@pytest.fixture(scope="module")
def token(server) -> str:
    body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
    request = urllib.request.Request(
        f"{server.address}/api/v1/auth/register/", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())["token"]


@pytest.fixture(params=LOCATIONS)
def browser(server, request, tmp_path) -> Iterator[Browser]:
    directives = f"client_max_body_size 33m; {LOCATIONS[request.param].format(server.address)}"
    with nginx(tmp_path, directives) as port:
        yield Browser(port)


@pytest.mark.parametrize("path", ["/todo/", "/todo/api/v1/docs/", "/todo/api-auth/login/", "/todo/admin/login/"])
def test_what_a_page_links_to_and_loads_is_there(browser, path):
    page = browser.read(path)
    links = set(re.findall(r'(?:href|src|action)="([^"#]+)', page))

    assert [link for link in links if link.startswith("/") and not link.startswith("/todo/")] == []
    static = [link for link in links if "/static/" in link]
    assert static
    for link in static:
        with browser.open(link) as response:
            assert response.status == 200, link


def test_links_of_the_api_lead_back(browser, token):
    headers, task = browser.call("POST", "/todo/api/v1/tasks/", {"title": "Buy milk"}, token)
    browser.call("POST", "/todo/api/v1/tasks/", {"title": "Buy bread"}, token)
    _, page = browser.call("GET", "/todo/api/v1/tasks/?limit=1", token=token)
    _, root = browser.call("GET", "/todo/api/v1/", token=token)
    _, document = browser.call("GET", "/todo/api/v1/schema/?format=json")

    assert headers["Location"] == f"{browser.origin}/todo/api/v1/tasks/{task['id']}/"
    assert browser.call("GET", headers["Location"], token=token)[1]["title"] == "Buy milk"
    assert page["next"].startswith(f"{browser.origin}/todo/api/v1/tasks/?")
    assert browser.call("GET", page["next"], token=token)[1]["results"]
    assert root["tasks"] == f"{browser.origin}/todo/api/v1/tasks/"
    assert document["servers"][0]["url"] == "/todo"


def test_a_file_to_import_may_be_larger_than_other_bodies(browser, token):
    rows = "".join(f"Task {number} {'x' * 480}\n" for number in range(2_400))
    body = f'--b\r\nContent-Disposition: form-data; name="file"; filename="tasks.csv"\r\n\r\ntitle\n{rows}\r\n--b--\r\n'
    headers = {"Authorization": f"Bearer {token}", "Content_Type": "multipart/form-data; boundary=b"}

    with browser.open("/todo/api/v1/import/csv/?dry_run=true", body.encode(), **headers) as response:
        report = json.loads(response.read())

    assert len(body) > 1024 * 1024
    assert report["created"] == {"projects": 0, "tags": 0, "tasks": 2_400}


def test_the_secret_of_a_feed_is_not_in_the_log(browser, token, server):
    _, feed = browser.call("POST", "/todo/api/v1/feeds/", {"name": "All"}, token)

    with browser.open(feed["url"]) as response:
        assert response.status == 200

    secret = feed["url"].rpartition("/")[2].removesuffix(".ics")
    assert feed["url"] == f"{browser.origin}/todo/feeds/{secret}.ics"
    assert secret not in server.log.read_text()


def test_people_sign_in_and_their_cookies_are_for_this_path_alone(browser, token):
    assert browser.sign_in("/todo/api-auth/login/?next=/todo/api/v1/tasks/") == "/todo/api/v1/tasks/"
    assert {cookie.path for cookie in browser.cookies} == {"/todo/"}


def test_the_page_for_calendar_apps_names_the_address_that_they_reach(browser, token):
    assert browser.sign_in("/todo/api-auth/login/?next=/todo/calendars/") == "/todo/calendars/"

    page = browser.read("/todo/calendars/")
    with browser.open("/todo/calendars/todo.mobileconfig") as response:
        [account] = plistlib.loads(response.read())["PayloadContent"]

    assert f"<code>{browser.origin}/todo/dav/</code>" in page
    assert f"{account['CalDAVHostName']}:{account['CalDAVPort']}" == browser.origin.removeprefix("http://")
    with browser.open(account["CalDAVPrincipalURL"]) as response:
        assert (response.status, response.headers["WWW-Authenticate"]) == (401, 'Basic realm="Todo", charset="UTF-8"')


def test_the_admin_asks_to_sign_in(browser):
    with browser.open("/todo/admin/") as response:
        assert response.url == f"{browser.origin}/todo/admin/login/?next=/todo/admin/"


def test_problems_and_probes_are_what_they_are(browser):
    with browser.open("/todo/api/v1/nothing/") as response:
        assert (response.status, response.headers["Content-Type"]) == (404, "application/problem+json")
    with browser.open("/todo/healthz") as response:
        assert response.status == 200

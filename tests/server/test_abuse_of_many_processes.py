"""What all processes of a server count together, over real sockets."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from testing.client import PASSWORD
from testing.races import in_parallel
from testing.servers import Program, Server, gunicorn

GUESSES = 50
WRONG = "wrong horse battery"
BAD_LINK = {"uid": "x", "token": "x", "new_password": PASSWORD}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """It counts failed sign-ins, as ever, and nothing else. A password takes its time between look and count."""
    patient = {"DJANGO_SETTINGS_MODULE": "testing.patient_settings"}
    with gunicorn(tmp_path_factory.mktemp("server"), processes=3, **patient) as server:
        yield server


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory) -> Iterator[Server]:
    # For a day, however slow the machine is; each test calls from addresses of its own.
    rates = {"THROTTLE_USER": "40/day", "THROTTLE_ANON": "40/day", "THROTTLE_CREDENTIALS": "5/day"}
    cache = f"filecache://{tmp_path_factory.mktemp('cache')}"
    settings = {"TRUSTED_PROXIES": "1", "CACHE_URL": cache, **rates}
    with gunicorn(tmp_path_factory.mktemp("server"), processes=3, **settings) as server:
        yield server


def register(server: Server, email: str, **headers: str) -> str:
    with Program(server.port) as stranger:
        response = stranger.send("POST", "auth/register/", {"email": email, "password": PASSWORD}, **headers)
    assert response.status == 201, response
    return response.body["token"]


def sign_in(server: Server, email: str, password: str):
    with Program(server.port, keep_alive=False) as program:
        return program.send("POST", "auth/login/", {"email": email, "password": password})


def test_of_parallel_guesses_ten_are_answered(server):
    register(server, "alice@example.com")
    started = time.monotonic()

    responses = in_parallel(GUESSES, lambda number: sign_in(server, "alice@example.com", f"{WRONG} {number}"))

    found = Counter(response.status for response in responses)
    print(f"\n{GUESSES} guesses at once in {time.monotonic() - started:.1f} s: {dict(found)}")
    assert found == {401: 10, 429: GUESSES - 10}
    refused = [response for response in responses if response.status == 429]
    assert {response.body["code"] for response in refused} == {"throttled"}
    assert all(800 < int(response.headers["Retry-After"]) <= 900 for response in refused)
    right = sign_in(server, "alice@example.com", PASSWORD)
    assert (right.status, right.body["code"]) == (429, "throttled")


def test_parallel_sign_ins_with_the_right_password_do_not_count(server):
    register(server, "bob@example.com")

    responses = in_parallel(20, lambda number: sign_in(server, "bob@example.com", PASSWORD).status)

    assert responses == [200] * 20


def http_status(server: Server, lines: list[tuple[str, str]], body: dict | None = None) -> int:
    """Read the root, or send `body` as if it had come by mail, with these header lines as they are."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    text = json.dumps(body) if body else ""
    connection.putrequest("POST" if body else "GET", f"/api/v1/{'auth/password-reset/confirm/' if body else ''}")
    for name, value in [("X-Forwarded-Proto", "https"), ("Content-Type", "application/json"), *lines]:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(text)))
    connection.endheaders(text.encode())
    status = connection.getresponse().status
    connection.close()
    return status


def assert_counted_together(call: Callable[[int], int]) -> None:
    """Each of three processes alone would let 40 through."""
    at_once = in_parallel(60, call)  # of two that count at the same moment, one may be lost
    in_turn = [call(number) for number in range(60)]

    assert set(at_once) <= {200, 429}
    assert at_once.count(200) >= 40
    assert in_turn[-20:] == [429] * 20


def test_with_a_common_cache_all_processes_count_an_address_together(strict_server):
    lines = [("X-Forwarded-For", "192.0.2.1")]

    assert_counted_together(lambda number: http_status(strict_server, lines))


def test_with_a_common_cache_all_processes_count_a_user_together(strict_server):
    token = register(strict_server, "carol@example.com", X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.2")

    def ask(number: int) -> int:
        with Program(strict_server.port, token, keep_alive=False) as program:
            return program.send("GET", "me/", X_Forwarded_Proto="https").status

    assert_counted_together(ask)


def test_all_processes_count_credentials_together_and_exactly(strict_server):
    def guess(number: int) -> int:
        return http_status(strict_server, [("X-Forwarded-For", "192.0.2.3")], BAD_LINK)

    assert Counter(in_parallel(50, guess)) == {400: 5, 429: 45}


@pytest.mark.parametrize(
    "lines",
    [
        [("X-Forwarded-For", "198.51.100.{n}, 203.0.113.1")],
        [("X-Forwarded-For", "198.51.100.{n}"), ("X-Forwarded-For", "203.0.113.2")],
        [("x-forwarded-for", "198.51.100.{n}"), ("X-FORWARDED-FOR", " 203.0.113.3 ")],
        [("X-Forwarded-For", "203.0.113.4"), ("X_Forwarded_For", "198.51.100.{n}")],
        [("X-Forwarded-For", "203.0.113.5"), ("Forwarded", "for=198.51.100.{n}"), ("X-Real-IP", "198.51.100.{n}")],
        [("X-Forwarded-For", "{n}" * 100 + ",,;\t203.0.113.6,203.0.113.6")],
        [("X-Forwarded-For", "2001:db8:7::{n}")],
        [("X-Forwarded-For", "[2001:db8:8::{n}]:1{n}")],
        [("X-Forwarded-For", "::ffff:203.0.113.9")],
        [("X-Forwarded-For", "garbage {n}")],
    ],
    ids=lambda lines: " ".join(value for _, value in lines)[:40],
)
def test_no_header_is_a_way_around(strict_server, lines):
    """The last value of the header is the proxy's; what else a client sends with each try is another one."""

    def guess(number: int) -> int:
        sent = [(name, value.replace("{n}", str(number))) for name, value in lines]
        return http_status(strict_server, sent, BAD_LINK)

    assert [guess(number) for number in range(7)] == [400] * 5 + [429] * 2

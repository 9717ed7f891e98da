"""How the keys of an identity provider are fetched, and kept."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import orjson
import pytest
from jwt.algorithms import get_default_algorithms
from jwt.exceptions import PyJWKClientError

from testing.client import Client
from testing.issuers import ALGORITHMS, private_key, public_jwk
from testing.problems import assert_problem
from testing.races import in_thread
from testing.responses import INVALID_TOKEN
from users.issuer import IssuerKeys, IssuerUnavailable, issuer_keys

UNAVAILABLE = (503, "unavailable", "The keys of the identity provider can't be read right now. Try again.")
GARBAGE = {
    "nothing": b" ",
    "no JSON": b"<html>",
    "a list": b"[]",
    "null": b"null",
    "no keys": b'{"keys": []}',
    "keys that are none": b'{"keys": 5}',
    "members that are none": b'{"keys": [null, 5, "x", [], {}, {"kid": "ed"}, {"kid": "ed", "kty": ["OKP"]}]}',
    "depth": b'{"keys":' + b"[" * 100_000,
    "an algorithm that is a list": b'{"keys": [{"kid": "ed", "kty": "RSA", "alg": ["RS256"]}]}',
    "an algorithm that is none": b'{"keys": [{"kid": "ed", "kty": "RSA", "alg": "none"}]}',
    "no UTF-8": b'{"keys": "\xff"}',
}


def assert_unavailable(response) -> None:
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert_problem(response, *UNAVAILABLE)


@pytest.fixture
def at_once(monkeypatch):
    """The keys may be fetched again without a pause."""
    monkeypatch.setattr(IssuerKeys, "COOLDOWN", 0)


@pytest.fixture
def outdated(at_once, monkeypatch):
    """Each token is reason to fetch the keys again."""
    monkeypatch.setattr(IssuerKeys, "FRESH", 1e-9)


def test_the_keys_are_fetched_once(issuer, sign_in):
    for kid in ("rsa", "ec", "ed", "ed"):
        assert sign_in(kid).get("/me/").status_code == 200

    assert issuer.fetches == 1


def test_a_flood_of_made_up_keys_is_one_fetch(issuer, sign_in):
    started = time.monotonic()
    sign_in().get("/me/")

    for number in range(200):
        response = sign_in(header={"kid": f"unknown {number}"}).get("/me/")
        assert_problem(response, *INVALID_TOKEN)

    assert issuer.fetches <= 1 + (time.monotonic() - started) // IssuerKeys.COOLDOWN  # a slow machine may see another
    assert sign_in().get("/me/").status_code == 200


def test_a_burst_at_the_start_is_one_fetch(issuer, keys):
    issuer.delay = 0.2

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(keys.get_signing_key, ["ed"] * 8))

    assert all(found)
    assert issuer.fetches == 1


def test_a_key_that_is_new_is_fetched(issuer, sign_in, at_once):
    sign_in().get("/me/")

    issuer.rotate("new")

    assert sign_in("new").get("/me/").status_code == 200
    assert issuer.fetches == 2


def test_a_key_that_is_withdrawn_is_good_until_the_keys_are_fetched_again(issuer, sign_in, at_once):
    old = sign_in("ed")
    old.get("/me/")
    issuer.rotate("new")

    assert old.get("/me/").status_code == 200
    sign_in("new").get("/me/")
    response = old.get("/me/")

    assert_problem(response, *INVALID_TOKEN)


def test_a_key_that_was_withdrawn_while_nobody_asked_is_refused(issuer, sign_in, outdated):
    old = sign_in("ed")
    old.get("/me/")

    issuer.rotate("new")

    assert_problem(old.get("/me/"), *INVALID_TOKEN)


@pytest.fixture
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(IssuerKeys, "TIMEOUT", 0.5)


def test_a_slow_issuer_holds_up_known_keys_once_and_not_for_long(impatient, issuer, sign_in, keys, monkeypatch):
    monkeypatch.setattr(IssuerKeys, "FRESH", 1e-9)
    client = sign_in()
    client.get("/me/")
    keys.fetched_at -= keys.COOLDOWN
    issuer.delay = 10

    started = time.monotonic()
    statuses = [client.get("/me/").status_code for _ in range(5)]

    assert statuses == [200] * 5
    assert time.monotonic() - started < 2


def test_a_key_that_was_replaced_under_its_id_is_taken(issuer, sign_in, outdated):
    sign_in("ed").get("/me/")

    issuer.rotate("ed")

    assert sign_in("ed").get("/me/").status_code == 200


def test_a_slow_issuer_is_a_503_soon(issuer, sign_in):
    issuer.delay = 10

    started = time.monotonic()
    response = sign_in().get("/me/")

    assert 1.5 < time.monotonic() - started < 6
    assert_unavailable(response)
    assert_unavailable(sign_in().get("/me/"))
    assert time.monotonic() - started < 6  # the second one didn't wait any more
    assert issuer.fetches == 1


def test_a_dead_issuer_is_a_503_for_keys_that_are_not_known(issuer, sign_in):
    client = sign_in()
    issuer.die()

    assert_unavailable(client.get("/me/"))
    assert_unavailable(client.get("/me/"))


def test_our_own_tokens_need_no_issuer(issuer, api):
    issuer.die()

    assert api.get("/me/").status_code == 200


def test_known_keys_work_while_the_issuer_is_away(issuer, sign_in, outdated):
    client, other = sign_in(), sign_in(header={"kid": "unknown"})
    client.get("/me/")
    issuer.die()

    for _ in range(3):
        assert client.get("/me/").status_code == 200
        assert_unavailable(other.get("/me/"))


def test_but_not_for_longer_than_a_day(issuer, sign_in, outdated, keys):
    client = sign_in()
    client.get("/me/")
    issuer.die()

    for seconds, status in ((86_390, 200), (86_400, 503)):
        keys.fetched_at = time.monotonic() - seconds
        assert client.get("/me/").status_code == status


def test_a_dead_issuer_is_asked_again_after_a_pause(issuer, sign_in, keys):
    issuer.status = 500
    assert_unavailable(sign_in().get("/me/"))
    issuer.status = 200
    assert_unavailable(sign_in().get("/me/"))

    keys.failed_at -= keys.COOLDOWN

    assert sign_in().get("/me/").status_code == 200
    assert issuer.fetches == 2


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_no_keys_and_takes_none_away(issuer, sign_in, outdated, body):
    client = sign_in("ed")
    client.get("/me/")
    issuer.body = body

    assert_unavailable(sign_in(header={"kid": "unknown"}).get("/me/"))
    assert client.get("/me/").status_code == 200


def test_while_one_waits_for_the_issuer_known_keys_are_found(issuer, at_once, keys):
    known = keys.get_signing_key("ed")
    issuer.delay = 10

    with ThreadPoolExecutor(1) as pool:
        unknown = pool.submit(keys.get_signing_key, "unknown")
        while issuer.fetches < 2:
            time.sleep(0.01)
        assert keys.get_signing_key("ed") is known
        assert not unknown.done()
        assert isinstance(unknown.exception(timeout=10), IssuerUnavailable)


def jwk(kind: str, **changes: object) -> dict:
    found = {**public_jwk(kind, private_key(kind, 0)), "kid": "1", **changes}
    return {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize("kid", ["rsa", "ec", "ed"])
@pytest.mark.parametrize("changes", [{}, {"use": None}, {"alg": None}, {"x5c": ["…"], "key_ops": ["verify"]}])
def test_a_key_says_what_it_signs_with(issuer, sign_in, kid, changes):
    issuer.body = orjson.dumps({"keys": [jwk(kid, **{"kid": kid, "use": "sig", "alg": ALGORITHMS[kid], **changes})]})

    assert sign_in(kid).get("/me/").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": None},
        {"kid": 5},
        {"kid": ["1"]},
        {"use": "enc"},
        {"use": ["sig"]},
        {"alg": "RS512"},
        {"alg": "HS256"},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": ["RSA"]},
        {"d": "AQAB"},
        {"n": None},
        {"n": ""},
        {"n": 5},
        {"e": "!"},
        {"e": "Ag"},
        {"n": "é"},
    ],
    ids=str,
)
def test_a_key_that_checks_nothing_here_is_left_out(issuer, sign_in, keys, changes):
    issuer.body = orjson.dumps({"keys": [jwk("rsa", **changes), jwk("ed", kid="ed")]})

    with pytest.raises(PyJWKClientError, match="Unable to find a signing key"):
        keys.get_signing_key("1")
    assert sign_in("ed").get("/me/").status_code == 200


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed"])
def test_a_private_key_that_is_published_is_left_out(issuer, keys, kind):
    private = get_default_algorithms()[ALGORITHMS[kind]].to_jwk(private_key(kind, 0), as_dict=True)
    issuer.body = orjson.dumps({"keys": [{**private, "kid": "1"}]})

    with pytest.raises(PyJWKClientError, match="Unable to find a signing key"):
        keys.get_signing_key("1")


def padded(issuer, size: int) -> bytes:
    body = orjson.dumps(issuer.jwks())
    return body + b" " * (size - len(body))


def test_a_document_of_1_mib_is_read_and_no_byte_more(issuer, sign_in, keys):
    issuer.body = padded(issuer, IssuerKeys.MAX_SIZE + 1)
    assert_unavailable(sign_in().get("/me/"))

    issuer.body = padded(issuer, IssuerKeys.MAX_SIZE)
    keys.failed_at -= keys.COOLDOWN

    assert sign_in().get("/me/").status_code == 200


class Dripping(BaseHTTPRequestHandler):
    """Sends a response without an end, in pieces."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(self.server.piece)
                time.sleep(self.server.pause)

    def log_message(self, *args) -> None:
        """Don't print requests in the output of the tests."""


@pytest.mark.parametrize(("piece", "pause"), [(b" ", 0.2), (b" " * 1_000_000, 0)], ids=["slowly", "fast"])
def test_a_document_that_never_ends_is_a_503_soon(impatient, issuer, settings, sign_in, piece, pause):
    with ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as server:
        server.piece, server.pause = piece, pause
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        settings.JWT_JWKS_URL = f"http://127.0.0.1:{server.server_port}/"

        started = time.monotonic()
        response = sign_in().get("/me/")
        server.shutdown()

    assert time.monotonic() - started < 2
    assert_unavailable(response)


@pytest.mark.parametrize("status", [204, 301, 302, 404, 429, 500])
def test_another_status_is_no_keys_and_a_redirect_is_not_followed(issuer, sign_in, status):
    issuer.status = status

    assert_unavailable(sign_in().get("/me/"))
    assert issuer.fetches == 1


def test_a_server_that_speaks_no_http_is_a_503(issuer, settings, sign_in):
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        settings.JWT_JWKS_URL = f"http://127.0.0.1:{server.getsockname()[1]}/"

        def response() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"\x16\x03\x01 SSH-2.0\r\n\r\n")

        pool.submit(response)
        assert_unavailable(sign_in().get("/me/"))


def test_the_address_may_have_a_query(issuer, settings, sign_in):
    settings.JWT_JWKS_URL = f"{issuer.url}?version=2"

    assert sign_in().get("/me/").status_code == 200
    assert issuer.asked == ["/jwks?version=2"]


@pytest.mark.django_db(transaction=True)
def test_while_one_waits_for_the_issuer_others_are_served(issuer, sign_in, alice):
    issuer.delay = 10
    own, waiting = Client(alice), sign_in()
    own.get("/me/")

    with ThreadPoolExecutor(1) as pool:
        response = pool.submit(in_thread, waiting.get, "/me/")
        time.sleep(0.2)
        started = time.monotonic()
        assert own.get("/me/").status_code == 200
        assert time.monotonic() - started < 1.5
        assert_unavailable(response.result(timeout=10))


def test_each_process_has_one_set_of_keys(issuer):
    assert issuer_keys(issuer.url) is issuer_keys(issuer.url)

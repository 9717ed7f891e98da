"""Which tokens of an identity provider are valid."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client as Browser

from testing.client import Client
from testing.issuers import AUDIENCE, NAME, Issuer, private_key, public_jwk
from testing.problems import assert_problem
from testing.responses import INVALID_TOKEN, instant
from users.models import ApiToken, User


def assert_refused(token: str) -> None:
    response = Client().get("/me/", HTTP_AUTHORIZATION=f"Bearer {token}")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert_problem(response, *INVALID_TOKEN)
    assert not User.objects.exists()


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@pytest.mark.parametrize("kid", ["rsa", "ec", "ed"])
def test_a_token_signs_in(sign_in, kid):
    response = sign_in(kid).get("/me/")

    user = User.objects.get()
    assert response.status_code == 200
    assert response.json() == {
        "id": str(user.id),
        "email": user.email,
        "name": "",
        "timezone": "UTC",
        "reminders_by_email": True,
        "created_at": instant(user.created_at),
        "revision": 0,
    }
    assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_both_schemes_take_it(issuer, anonymous, scheme):
    assert anonymous.get("/me/", HTTP_AUTHORIZATION=f"{scheme} {issuer.token()}").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["another", AUDIENCE]},
        {"sub": "~" * 255},
        {"sub": "auth0|1 2"},
        {"jti": "1", "azp": "x", "email": 5, "email_verified": "yes", "nested": {"a": [1]}},
    ],
)
def test_these_claims_are_good(sign_in, changes):
    assert sign_in(**changes).get("/me/").status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(20, 200), (40, 401)])
def test_clocks_may_differ_by_30_seconds(sign_in, seconds, status):
    now = time.time()

    for changes in ({"exp": now - seconds}, {"nbf": now + seconds}, {"iat": now + seconds}):
        assert sign_in(**changes).get("/me/").status_code == status, changes


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "exp", "iat"])
def test_a_claim_that_is_missing_is_refused(issuer, name):
    assert_refused(issuer.token(**{name: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": f"{NAME}/"},
        {"iss": NAME.upper()},
        {"iss": [NAME]},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": []},
        {"aud": 5},
        {"aud": [AUDIENCE, 5]},
        {"exp": 1_700_000_000},
        {"exp": 0},
        {"exp": -1e300},
        {"exp": 10**18},
        {"exp": 1e308},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": "soon"},
        {"exp": [2**40]},
        {"exp": True},
        {"iat": 2**35},
        {"iat": -(10**18)},
        {"iat": {}},
        {"nbf": 2**35},
        {"nbf": "now"},
        {"sub": ""},
        {"sub": 5},
        {"sub": ["user-1"]},
        {"sub": "a\0b"},
        {"sub": "\ud800"},
        {"sub": "user-1\n"},
        {"sub": "é"},
        {"sub": "x" * 256},
        {"jti": 5},
        {"scope": ["read"]},
        {"scope": 5},
    ],
    ids=lambda changes: str(changes)[:40].encode("ascii", "replace").decode(),
)
def test_a_claim_that_is_wrong_is_refused(issuer, changes):
    assert_refused(issuer.token(**changes))


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"5", b"null", b"\xff", b"[" * 5000, b'{"exp": 1' + b"0" * 5000])
def test_a_payload_that_is_no_object_is_refused(issuer, payload):
    signed = f"{part({'alg': 'EdDSA', 'kid': 'ed'})}.{part(payload)}"

    assert_refused(f"{signed}.{part(issuer.key('ed').sign(signed.encode()))}")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_token_that_was_tampered_with_is_refused(issuer, number):
    parts = issuer.token().split(".")
    other = issuer.token(sub="user-2", header={"typ": "at+jwt"}).split(".")

    parts[number] = other[number]

    assert_refused(".".join(parts))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS256", "EdDSA"])
@pytest.mark.parametrize("signature", ["", "AA"])
def test_a_token_without_a_signature_is_refused(issuer, algorithm, signature):
    header = part({"alg": algorithm, "kid": "rsa"})

    assert_refused(f"{header}.{part(issuer.claims())}.{signature}")


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER, "jwk"])
def test_the_public_key_is_no_shared_secret(issuer, encoding):
    public = issuer.key("rsa").public_key()
    if encoding == "jwk":
        secret = json.dumps(public_jwk("rsa", issuer.key("rsa"))).encode()
    else:
        secret = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(issuer.claims())}"

    assert_refused(f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_an_algorithm_that_is_not_on_the_list_is_refused(issuer, algorithm):
    assert_refused(issuer.token("rsa", {"alg": algorithm}))


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "RS512"}, {"alg": None}, {"kid": None}])
def test_a_token_that_can_not_be_good_causes_no_fetch(issuer, header):
    given = {"alg": "EdDSA", "kid": "unknown", **header}

    assert_refused(f"{part({name: value for name, value in given.items() if value})}.{part(issuer.claims())}.AA")

    assert issuer.fetches == 0


@pytest.mark.parametrize(("kid", "other"), [("rsa", "ec"), ("ec", "ed"), ("ed", "rsa")])
def test_a_key_of_another_type_does_not_fit(issuer, kid, other):
    assert_refused(issuer.token(kid, {"kid": other}))


@pytest.mark.parametrize("kid", [None, 5, ["ed"], {}, "", "ED", "ed\0", "\ud800"])
def test_a_key_id_that_is_none_is_refused(issuer, kid):
    header = {"alg": "EdDSA", **({} if kid is None else {"kid": kid})}
    signed = f"{part(header)}.{part(issuer.claims())}"

    assert_refused(f"{signed}.{part(issuer.key('ed').sign(signed.encode()))}")


@pytest.mark.parametrize("header", [{"crit": ["exp"], "exp": 1}, {"b64": False, "crit": ["b64"]}, {"crit": []}])
def test_a_header_that_asks_for_more_is_refused(issuer, header):
    signed = f"{part({'alg': 'EdDSA', 'kid': 'ed', **header})}.{part(issuer.claims())}"

    assert_refused(f"{signed}.{part(issuer.key('ed').sign(signed.encode()))}")


def test_where_the_key_is_a_token_does_not_say(issuer):
    own = private_key("ed", 7)
    with Issuer() as attacker:
        attacker.kinds, attacker.numbers = {"ed": "ed", "mine": "ed"}, {"ed": 7, "mine": 7}
        header = {"jwk": public_jwk("ed", own), "jku": attacker.url, "x5u": attacker.url}

        assert_refused(attacker.token("ed", header))
        assert_refused(attacker.token("mine", header))

        assert attacker.fetches == 0


@pytest.mark.parametrize("token", ["a.b.c", "e30.e30.e30", "..", "a.b", "a.b.c.d", "a.b.c\0", "é.b.c", "a b.c.d"])
def test_what_is_no_token_causes_no_fetch(issuer, token):
    assert_refused(token)

    assert issuer.fetches == 0


def test_a_token_that_is_too_long_is_refused_unread(issuer):
    assert_refused(issuer.token(name="x" * 10_000))
    assert_refused(f"{'e' * 5_000_000}.e30.e30")

    assert issuer.fetches == 0


def test_why_a_token_was_refused_the_log_says_without_its_words(issuer, caplog):
    caplog.set_level("INFO")

    assert_refused(issuer.token(aud="canary", sub="canary"))

    record = next(record for record in caplog.records if record.name == "users.authentication")
    assert (record.message, record.fields) == ("A JWT was refused.", {"reason": "InvalidAudienceError"})
    assert "canary" not in caplog.text


def test_without_the_settings_it_is_no_token(issuer, settings, django_assert_num_queries):
    settings.JWT_ISSUER = ""

    with django_assert_num_queries(0):
        response = Client().get("/me/", HTTP_AUTHORIZATION=f"Bearer {issuer.token()}")

    assert_problem(response, *INVALID_TOKEN)
    assert issuer.fetches == 0


def test_it_costs_our_own_tokens_nothing(issuer, api, django_assert_num_queries):
    api.get("/me/")

    with django_assert_num_queries(1):
        response = api.get("/me/")

    assert response.status_code == 200
    assert issuer.fetches == 0


def test_a_sign_in_is_one_query_after_the_first(sign_in, django_assert_num_queries):
    client = sign_in()
    client.get("/me/")

    with django_assert_num_queries(1):
        client.get("/me/")


def test_a_session_does_not_make_up_for_a_bad_one(issuer, alice):
    browser = Browser()
    browser.force_login(alice)

    response = browser.get("/api/v1/me/", headers={"Authorization": f"Bearer {issuer.token(aud='another')}"})

    assert_problem(response, *INVALID_TOKEN)


def test_a_user_who_is_switched_off_is_refused(sign_in):
    client = sign_in()
    client.get("/me/")
    User.objects.update(is_active=False)

    response = client.get("/me/")

    assert_problem(response, *INVALID_TOKEN)


@pytest.mark.parametrize(
    ("scope", "read", "write"),
    [
        (None, 200, 201),
        ("", 200, 201),
        ("openid profile", 200, 201),
        ("openid write", 200, 201),
        ("read write", 200, 201),
        ("openid read", 200, 403),
        ("read", 200, 403),
        ("Read reads read:all", 200, 201),
    ],
)
def test_what_it_may_do_its_scope_says(sign_in, scope, read, write):
    client = sign_in(scope=scope)

    assert client.get("/tasks/").status_code == read
    assert client.post("/tasks/", {"title": "Buy milk"}).status_code == write


def test_it_makes_no_token_of_ours(sign_in):
    sign_in().get("/me/")

    assert not ApiToken.objects.exists()

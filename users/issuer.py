"""The tokens of an identity provider: JWTs (RFC 7519), checked with the keys that it publishes (a JWKS, RFC 7517).

Before the signature is checked, nothing of a token counts but the id of its key. Where the keys are, the settings say,
never a token: `jwk`, `jku` and `x5u` in its header are not read.
"""

import logging
import re
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from math import inf
from threading import Lock, Thread
from time import monotonic
from urllib.parse import urlsplit

import jwt
import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from rest_framework.exceptions import APIException

logger = logging.getLogger("users.issuer")

MAX_LENGTH = 8192
SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
# What a key is says what it signs with (RFC 8725, section 3.1): never the token, and never a shared secret.
ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
PUBLIC_PARTS = ("kty", "crv", "n", "e", "x", "y")
REQUIRED = ["iss", "aud", "sub", "exp", "iat"]
LEEWAY = timedelta(seconds=30)  # between two clocks
SUBJECT = re.compile(r"[\x20-\x7e]{1,255}")  # OpenID Connect Core, section 2
SCOPES = {"read": ["read"], "write": ["read", "write"]}


class IssuerUnavailable(APIException):
    status_code = 503
    default_code = "unavailable"
    default_detail = "The keys of the identity provider can't be read right now. Try again."
    wait = 10


def read_key(jwk: object) -> tuple[str, jwt.PyJWK] | None:
    """The id and the public key in a member of a JWKS, if signatures can be checked with it here."""
    if not isinstance(jwk, Mapping) or not isinstance(jwk.get("kid"), str) or "d" in jwk:
        return None  # with a `d` it would be a private key that everybody has
    parts = {name: jwk[name] for name in PUBLIC_PARTS if isinstance(jwk.get(name), str)}
    algorithm = ALGORITHMS.get((parts.get("kty", ""), parts.get("crv")))
    if algorithm is None or jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        return None
    with suppress(jwt.PyJWTError):
        return jwk["kid"], jwt.PyJWK(parts, algorithm)
    return None


class IssuerKeys:
    """The keys of an issuer by their ids, as it last told them.

    They are fetched beside the requests, which wait a moment for a key that isn't known, and when nobody has asked for
    so long that one may have been withdrawn meanwhile.
    """

    FRESH = 300  # seconds, after which they are fetched again
    LIFETIME = 600  # … and waited for
    KEPT = 86_400  # … and for how long they are good when that fails
    COOLDOWN = 10  # from one try to the next: tokens with made-up key ids don't make us hammer the issuer
    WAIT = 2
    TIMEOUT = 10
    MAX_BYTES = 256 * 1024

    def __init__(self, url: str):
        self.url = url
        self.keys: dict[str, jwt.PyJWK] = {}
        self.fetched_at = self.tried_at = -inf
        self.lock = Lock()
        self.fetching = Thread()

    @property
    def age(self) -> float:
        return monotonic() - self.fetched_at

    def find(self, kid: str) -> jwt.PyJWK | None:
        """The key of this id, or None if the issuer has no such. Raises IssuerUnavailable if that can't be told."""
        key, age = self.known(kid), self.age
        if key is None or age > self.FRESH:
            self.refresh()
        if key is None or age > self.LIFETIME:
            self.fetching.join(max(0, self.tried_at + self.WAIT - monotonic()))
            key = self.known(kid)
        if key is None and self.fetched_at < self.tried_at:
            raise IssuerUnavailable
        return key

    def known(self, kid: str) -> jwt.PyJWK | None:
        return self.keys.get(kid) if self.age < self.KEPT else None

    def refresh(self) -> None:
        with self.lock:
            if monotonic() - self.tried_at < self.COOLDOWN or self.fetching.is_alive():
                return
            fetching = Thread(target=self.fetch, daemon=True)
            self.tried_at = monotonic()
            fetching.start()
            self.fetching = fetching  # not earlier: nobody can join it before

    def fetch(self) -> None:
        try:
            document = orjson.loads(self.download())
            members = document["keys"] if isinstance(document, dict) else []
            keys = dict(filter(None, map(read_key, members)))
            if not keys:
                raise ValueError("no key among them")
        except (OSError, HTTPException, ValueError, TypeError, KeyError) as error:
            fields = {"reason": type(error).__name__}
            logger.warning("The keys of the identity provider can't be read.", extra={"fields": fields})
        else:
            self.keys, self.fetched_at = keys, monotonic()

    def download(self) -> bytes:
        """The JWKS. Redirects aren't followed: they could lead anywhere."""
        url = urlsplit(self.url)
        kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
        with closing(kind(url.hostname or "", url.port, timeout=self.TIMEOUT)) as connection:
            # Some issuers refuse a client without a name.
            headers = {"Accept": "application/json", "User-Agent": "todo-backend"}
            connection.request("GET", f"{url.path or '/'}{'?' if url.query else ''}{url.query}", headers=headers)
            answer = connection.getresponse()
            body = answer.read(self.MAX_BYTES + 1)
        if answer.status != 200 or len(body) > self.MAX_BYTES:
            raise ValueError("not a JWKS")
        return body


issuer_keys = cache(IssuerKeys)  # one for each process


@dataclass(frozen=True)
class IssuerToken:
    """What a token says, once it is found good."""

    issuer: str
    subject: str
    email: str | None  # if the issuer has verified it
    scopes: list[str]
    issued_at: datetime
    expires_at: datetime

    FRESH = timedelta(minutes=5)

    @property
    def is_fresh(self) -> bool:
        return timezone.now() - self.issued_at <= self.FRESH


def read_token(text: str) -> IssuerToken:
    """Check a JWT of the issuer. Raises jwt.PyJWTError, or IssuerUnavailable when its keys can't be read."""
    header = jwt.get_unverified_header(text)
    # A token that can't be good causes no fetch.
    if header.get("alg") not in ALGORITHMS.values() or "kid" not in header:
        raise jwt.InvalidAlgorithmError
    key = issuer_keys(settings.JWT_JWKS_URL).find(header["kid"])
    if key is None:
        raise jwt.InvalidKeyError
    claims = jwt.decode(
        text,
        key,
        algorithms=[key.algorithm_name],
        issuer=settings.JWT_ISSUER,
        audience=settings.JWT_AUDIENCE,
        leeway=LEEWAY,
        options={"require": REQUIRED, "enforce_minimum_key_length": True},
    )
    if not SUBJECT.fullmatch(claims["sub"]):
        raise jwt.exceptions.InvalidSubjectError
    return IssuerToken(
        issuer=claims["iss"],
        subject=claims["sub"],
        email=verified_email(claims),
        scopes=read_scopes(claims.get("scope", "")),
        issued_at=read_instant(claims["iat"]),
        expires_at=read_instant(claims["exp"]),
    )


def read_instant(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        raise jwt.InvalidTokenError from None


def read_scopes(scope: object) -> list[str]:
    """What of ours the token is limited to (RFC 8693, section 4.2); everything, when it names none of ours."""
    if not isinstance(scope, str):
        raise jwt.InvalidTokenError
    named = SCOPES.keys() & scope.split()
    return SCOPES["read" if named == {"read"} else "write"]


def verified_email(claims: dict) -> str | None:
    """The e-mail address, if the issuer says that it is this person's (OpenID Connect Core, section 5.1)."""
    email = claims.get("email")
    verified = claims.get("email_verified", claims.get("emailVerified"))  # the second is Better Auth's way to say it
    if verified is not True or not isinstance(email, str) or not email.isascii():
        return None
    with suppress(ValidationError):
        validate_email(email)
        return email if len(email) <= 254 else None
    return None

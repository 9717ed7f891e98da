"""The tokens of an identity provider: JWTs (RFC 7519), checked with the keys that it publishes (a JWKS, RFC 7517).

Before the signature is checked, nothing of a token counts but the id of its key. Where the keys are, the settings say,
never a token: `jwk`, `jku` and `x5u` in its header are not read.
"""

import logging
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from http.client import HTTPException
from math import inf
from time import monotonic
from typing import Any
from urllib.request import HTTPErrorProcessor, Request, build_opener

import jwt
import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from rest_framework.exceptions import APIException

from users.issuer_tokens import IssuerToken

logger = logging.getLogger("users.issuer")

# Which of them it is, the key says (RFC 8725, section 3.1): never the token. None has a shared secret.
ALGORITHMS = ("RS256", "ES256", "EdDSA")
REQUIRED = ["iss", "aud", "sub", "exp", "iat"]
LEEWAY = timedelta(seconds=30)  # between two clocks
SUBJECT = re.compile(r"[\x20-\x7e]{1,255}")  # OpenID Connect Core, section 2
SCOPES = {"read": ["read"], "write": ["read", "write"]}


class IssuerUnavailable(APIException):
    status_code = 503
    default_code = "unavailable"
    default_detail = "The keys of the identity provider can't be read right now. Try again."
    wait = 10


class AnyStatus(HTTPErrorProcessor):
    """Returns every response as it is: redirects aren't followed, and nothing is raised."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


class IssuerKeys(jwt.PyJWKClient):
    """The keys of an issuer by their ids, as it last told them. Redirects aren't followed."""

    FRESH = 300  # seconds, after which they are fetched again
    KEPT = 86_400  # … and for how long they are good when that fails
    COOLDOWN = 10  # from one try to the next: tokens with made-up key ids don't make us hammer the issuer
    TIMEOUT = 2  # seconds to connect, from one piece to the next, and for all pieces of the body
    MAX_SIZE = 1_048_576  # bytes

    def __init__(self, url: str):
        headers = {"Accept": "application/json", "User-Agent": "todo-backend"}  # some refuse a client without a name
        # PyJWT pauses only after a fetch that succeeded: fetch_data pauses after every one.
        super().__init__(url, lifespan=self.FRESH, cooldown_duration=0, timeout=self.TIMEOUT, headers=headers)
        self.fetched_at = self.failed_at = -inf
        self.last: jwt.PyJWKSet | None = None

    def get_signing_key(self, kid: str) -> jwt.PyJWK:
        """Raises IssuerUnavailable if a key isn't known, and the issuer can't be asked."""
        # PyJWT looks under a lock, where others may be waiting for the issuer.
        keys = self.jwk_set_cache and self.jwk_set_cache.get()
        if keys and (key := self.match_kid(keys.keys, kid)):
            return key
        try:
            return super().get_signing_key(kid)
        except jwt.PyJWKClientError:
            if self.failed_at > self.fetched_at:
                raise IssuerUnavailable from None
            raise

    def fetch_data(self) -> jwt.PyJWKSet:
        """Fetch the keys. While that fails, those that came last are good."""
        if monotonic() - max(self.failed_at, self.fetched_at) >= self.COOLDOWN:
            try:
                self.last = self.download()
                self.fetched_at = monotonic()
            except (jwt.PyJWTError, HTTPException, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
                self.failed_at = monotonic()
                fields = {"reason": type(error).__name__}
                logger.warning("The keys of the identity provider can't be read.", extra={"fields": fields})
        if self.last is None or monotonic() - self.fetched_at >= self.KEPT:
            raise jwt.PyJWKClientConnectionError
        return self.last

    def download(self) -> jwt.PyJWKSet:
        # PyJWT would read a body of any size, for as long as pieces of it come.
        request = Request(self.uri, headers=self.headers)  # noqa: S310 (the setting and PyJWT take HTTP alone)
        body, deadline = b"", monotonic() + self.TIMEOUT
        with build_opener(AnyStatus).open(request, timeout=self.timeout) as response:
            if response.status != 200:
                raise ValueError("status")
            while piece := response.read1(65_536):
                body += piece
                if len(body) > self.MAX_SIZE or monotonic() > deadline:
                    raise ValueError("size")
        return jwt.PyJWKSet(orjson.loads(body)["keys"])

    @staticmethod
    def match_kid(signing_keys: list[jwt.PyJWK], kid: str) -> jwt.PyJWK | None:
        return jwt.PyJWKClient.match_kid([key for key in signing_keys if is_public_key(key)], kid)


def is_public_key(key: jwt.PyJWK) -> bool:
    """Whether signatures can be checked with it here. A private key in a JWKS is one that everybody has."""
    return key.algorithm_name in ALGORITHMS and key.public_key_use in ("sig", None) and hasattr(key.key, "verify")


issuer_keys = cache(IssuerKeys)  # one for each process


def read_token(text: str) -> IssuerToken:
    """Check a JWT of the issuer. Raises jwt.PyJWTError, or IssuerUnavailable when its keys can't be read."""
    header = jwt.get_unverified_header(text)
    # A token that can't be good causes no fetch.
    if header.get("alg") not in ALGORITHMS or "kid" not in header:
        raise jwt.InvalidAlgorithmError
    key = issuer_keys(settings.JWT_JWKS_URL).get_signing_key(header["kid"])
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

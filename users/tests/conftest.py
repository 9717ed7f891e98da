from collections.abc import Callable, Iterator

import pytest

from testing.client import Client
from testing.issuers import AUDIENCE, NAME, Issuer
from users.issuer import IssuerKeys, issuer_keys


@pytest.fixture
def issuer(db, settings) -> Iterator[Issuer]:
    """An identity provider, which is the one that is set."""
    with Issuer() as issuer:
        settings.JWT_ISSUER, settings.JWT_AUDIENCE, settings.JWT_JWKS_URL = NAME, AUDIENCE, issuer.url
        yield issuer
    issuer_keys.cache_clear()


@pytest.fixture
def keys(issuer) -> IssuerKeys:
    """What this process knows of the issuer's keys."""
    return issuer_keys(issuer.url)


@pytest.fixture
def sign_in(issuer) -> Callable[..., Client]:
    """A client with a token of the issuer."""

    def sign_in(*args, **changes) -> Client:
        client = Client()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {issuer.token(*args, **changes)}")
        return client

    return sign_in

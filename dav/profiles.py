"""Where calendar apps find the server, and Apple's configuration profile that says so (a `.mobileconfig` file)."""

import plistlib
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from django.urls import reverse

from dav.paths import Path

MEDIA_TYPE = "application/x-apple-aspen-config"


class Address(NamedTuple):
    """The address of `/dav/`, as the browser reached this server, and its parts."""

    url: str
    host: str
    port: int
    path: str
    is_tls: bool

    @classmethod
    def of(cls, request) -> "Address":
        url = request.build_absolute_uri(reverse("dav"))
        parts = urlsplit(url)
        port = parts.port or (443 if request.is_secure() else 80)
        return cls(url, parts.hostname or "", port, parts.path, request.is_secure())


def write_profile(address: Address, user, secret: str = "") -> bytes:
    """The profile that sets up the account on an iPhone, iPad or Mac. Without `secret`, the device asks for it.

    A later profile for the same account replaces an earlier one: its identifiers are the same.
    """
    name = f"Todo ({user.email})"
    account = {
        **head("com.apple.caldav.account", address, user),
        "PayloadDisplayName": name,
        "CalDAVAccountDescription": name,
        "CalDAVHostName": address.host,
        "CalDAVPort": address.port,
        "CalDAVUseSSL": address.is_tls,
        "CalDAVPrincipalURL": str(Path.of(user.pk)),
        "CalDAVUsername": user.email,
        **({"CalDAVPassword": secret} if secret else {}),
    }
    profile = {
        **head("Configuration", address, user),
        "PayloadDisplayName": name,
        "PayloadDescription": "Shows your tasks in Reminders.",
        "PayloadContent": [account],
    }
    return plistlib.dumps(profile)


def head(kind: str, address: Address, user) -> dict[str, str | int]:
    unique = f"{address.url}{user.pk}/{kind}"
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{address.host}.{user.pk}.{kind}",
        "PayloadUUID": str(uuid5(NAMESPACE_URL, unique)).upper(),
    }

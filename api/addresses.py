"""The client's address, by which throttles and the counters of failed sign-ins tell clients apart."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings

# Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
HOST = re.compile(
    r"\[([0-9a-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+)(?::[0-9]{1,5})?|([0-9a-f:.]+)", re.ASCII | re.IGNORECASE
)
UNKNOWN = "0.0.0.0"  # noqa: S104 (a Unix socket has no address)


@lru_cache(maxsize=10_000)
def normalized(text: str) -> str | None:
    """The canonical form of the address in `text`, or None if it isn't one. For IPv6, the /64 network.

    Each customer has at least a /64. Counting single addresses would give them 2⁶⁴ times as many attempts.
    """
    match = HOST.fullmatch(text)
    if match is None:
        return None
    try:
        address: IPv4Address | IPv6Address = ip_address(next(filter(None, match.groups())))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)


def client_address(request) -> str:
    """The client's address. It is always valid.

    Behind n trusted proxies, it is the n-th from the right in X-Forwarded-For: each proxy appends the address of its
    client, and clients can forge everything further left. If there are fewer entries, or that one isn't an address,
    the request didn't come through the proxies, and the address of the connection is used.
    """
    if settings.TRUSTED_PROXIES:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(hops) >= settings.TRUSTED_PROXIES and (address := normalized(hops[-settings.TRUSTED_PROXIES].strip())):
            return address
    return normalized(request.META.get("REMOTE_ADDR") or "") or UNKNOWN

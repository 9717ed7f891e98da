"""Where a request comes from: what throttles and counters of failures take for one client."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings

# Some proxies write the port too: 192.0.2.1:4711, [2001:db8::1]:4711.
HOST = re.compile(
    r"\[([0-9a-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+)(?::[0-9]{1,5})?|([0-9a-f:.]+)", re.ASCII | re.IGNORECASE
)
UNKNOWN = "0.0.0.0"  # noqa: S104 (over a Unix socket there is no address)


@lru_cache(maxsize=10_000)
def normalized(text: str) -> str | None:
    """The address in `text` in its one canonical form, and of IPv6 the /64 that it is in; None when there is none.

    A single customer has a whole /64 at least: counted by single addresses, it would have 2⁶⁴ tries for each.
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
    """The client's address, which is always a valid one.

    Behind n trusted proxies it is the n-th from the right in X-Forwarded-For: each proxy adds whom it was called by,
    and what stands further left is the client's own word. Where that is no address, or there are fewer, the request
    took another way, and whoever is directly connected counts.
    """
    if settings.TRUSTED_PROXIES:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(hops) >= settings.TRUSTED_PROXIES and (address := normalized(hops[-settings.TRUSTED_PROXIES].strip())):
            return address
    return normalized(request.META.get("REMOTE_ADDR") or "") or UNKNOWN

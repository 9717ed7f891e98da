"""Where webhooks may lead: to public addresses alone, unless HOOKS_ALLOW_PRIVATE is set.

The address that was checked is the one that is connected to, by its number: a name that means something else a moment
later (DNS rebinding) changes nothing.
"""

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

MAX_URL = 2000
# Named one by one, since `is_global` of Python 3.11 and 3.12 differ, and both let some of these through.
REFUSED_V4 = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4"),
]
# Of IPv6, what is in use on the internet, without tunnels (they lead to an IPv4 address), examples and tests.
PUBLIC_V6 = ip_network("2000::/3")
REFUSED_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]
NAT64 = ip_network("64:ff9b::/96")
REFUSED = [ip_network(each) for each in (*REFUSED_V4, *REFUSED_V6)]

# getaddrinfo() can't be interrupted, so it gets threads of its own. One that hangs is left to itself.
resolvers = ThreadPoolExecutor(32, thread_name_prefix="resolver")


class BadAddress(Exception):
    """The URL isn't one to send events to. `code` is for programs."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.code = code


PRIVATE = BadAddress("This leads to a private or reserved address. Use a public one.", "private_address")
UNRESOLVED = BadAddress("The host name can't be found.", "unresolved")


@dataclass(frozen=True)
class Target:
    """A URL, taken apart."""

    scheme: str
    host: str
    port: int
    path: str  # with the query

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"

    def addresses(self, seconds: float) -> list[str]:
        """The numbers of the host. Raises BadAddress if one of them isn't public, or none is found in this time."""
        future = resolvers.submit(socket.getaddrinfo, self.host, self.port, type=socket.SOCK_STREAM)
        try:
            found = [str(numbers[0]) for _, _, _, _, numbers in future.result(timeout=seconds)]
        except (OSError, UnicodeError, TooLate):
            raise UNRESOLVED from None
        if not settings.HOOKS_ALLOW_PRIVATE and not all(map(is_public, found)):
            raise PRIVATE
        return found


def is_public(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if address in NAT64:
        return is_public(str(IPv4Address(int(address) & 0xFFFFFFFF)))
    if address.version == 6 and address not in PUBLIC_V6:
        return False
    return address.is_global and not any(address in each for each in REFUSED)


def read_url(url: str) -> Target:
    """Take a webhook's URL apart. Raises BadAddress."""
    if len(url) > MAX_URL:
        raise BadAddress(f"A URL has at most {MAX_URL} characters.", "max_length")
    if not re.fullmatch(r"[!-~]+", url) or "\\" in url:
        raise BadAddress("Enter a URL in ASCII: percent-encode its path, and write its host in Punycode.", "invalid")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadAddress("Enter a valid URL.", "invalid") from None
    allowed = ("https", "http") if settings.HOOKS_ALLOW_PRIVATE else ("https",)
    if parts.scheme not in allowed:
        raise BadAddress(f"The URL has to begin with {' or '.join(f'{each}://' for each in allowed)}.", "scheme")
    if "@" in parts.netloc:
        raise BadAddress("The URL must not contain a user name or a password.", "credentials")
    if "#" in url:
        raise BadAddress("The URL must not have a fragment (#).", "fragment")
    if not parts.hostname or "%" in parts.hostname or port == 0:
        raise BadAddress("Enter a valid URL.", "invalid")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or {"https": 443, "http": 80}[parts.scheme], path)

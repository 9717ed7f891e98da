import secrets
import time
import uuid

from django.urls.converters import UUIDConverter


def uuid7() -> uuid.UUID:
    """A UUIDv7 (RFC 9562, section 5.7) of the current time: 48 bits of milliseconds, 12 of a fraction, 62 random."""
    # In the standard library since Python 3.14.
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62))


class IdConverter(UUIDConverter):
    """An id in a path, in upper or lower case (RFC 9562, section 4). Apple's libraries write UUIDs in upper case."""

    regex = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

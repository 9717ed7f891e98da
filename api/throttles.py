"""REST framework's throttles, which know a caller without sign-in by the address that api/addresses.py finds."""

import logging

from django.conf import settings
from rest_framework import throttling

from api.addresses import client_address

logger = logging.getLogger("api.throttles")


class ThrottleMixin(throttling.SimpleRateThrottle):
    def get_ident(self, request) -> str:
        return client_address(request)

    def allow_request(self, request, view) -> bool:
        try:
            return super().allow_request(request, view)
        except cache_errors() as error:
            # Rates are for fairness: without them the API is better off than without a response.
            logger.warning("Calls can't be counted.", extra={"fields": {"reason": type(error).__name__}})
            return True


class UserRateThrottle(ThrottleMixin, throttling.UserRateThrottle):
    """The calls of a user, over all tokens and sessions. Those without sign-in are for AnonRateThrottle."""

    def get_cache_key(self, request, view) -> str | None:
        return super().get_cache_key(request, view) if request.user.is_authenticated else None


class AnonRateThrottle(ThrottleMixin, throttling.AnonRateThrottle):
    """The calls of an address without sign-in."""


class ScopedRateThrottle(ThrottleMixin, throttling.ScopedRateThrottle):
    """The calls of views with a `throttle_scope`, which is a name in DEFAULT_THROTTLE_RATES."""


def cache_errors() -> tuple[type[Exception], ...]:
    """What the cache raises when it is away."""
    if "redis" not in settings.CACHES["default"]["BACKEND"]:
        return (OSError,)
    from redis.exceptions import RedisError  # here, because it is a large package that few need

    return OSError, RedisError

import math
import time

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from api import counts
from api.addresses import client_address


class CallerThrottle(BaseThrottle):
    """Counts the calls of a user or, without sign-in, of an address, in windows that all callers share."""

    remaining = 0.0

    def allow_request(self, request, view) -> bool:
        rate: counts.Rate | None
        if request.user.is_authenticated:
            rate, counted, caller = settings.THROTTLE_USER, counts.users, request.user.pk
        else:
            rate, counted, caller = settings.THROTTLE_ANON, counts.strangers, client_address(request)
        if rate is None:
            return True
        window, elapsed = divmod(time.time(), rate.seconds)
        self.remaining = rate.seconds - elapsed
        return counted.add(caller, int(window)) <= rate.calls

    def wait(self) -> int:
        return math.ceil(self.remaining)

from rest_framework.throttling import BaseThrottle

from api.addresses import client_address
from users.attempts import count_credentials


class CredentialsThrottle(BaseThrottle):
    """For calls that register or reset a password. (The password backend counts sign-ins.)"""

    def allow_request(self, request, view) -> bool:
        count_credentials(client_address(request))  # raises Throttled
        return True

from rest_framework.throttling import BaseThrottle

from api.addresses import client_address
from users.attempts import count_credentials


class CredentialsThrottle(BaseThrottle):
    """For calls that register, or ask for a password by mail. (Sign-ins are counted where passwords are checked.)"""

    def allow_request(self, request, view) -> bool:
        count_credentials(client_address(request))  # raises
        return True

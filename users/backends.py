from django.contrib.auth.backends import ModelBackend

from api.addresses import client_address
from users.attempts import Failures, count_credentials


class PasswordBackend(ModelBackend):
    """Django's own, and counts what fails. Whoever signs in with a password comes through here: by the API, on the
    pages, in the admin, and in forms that are still to be written.

    A password is checked first and counted then. So parallel guesses take effect in the order in which they are
    counted: those after the tenth learn nothing, the right one included, and parallel sign-ins with the right
    password don't stand in each other's way.
    """

    def authenticate(self, request, username=None, password=None, **kwargs):
        email = kwargs.get("email") if username is None else username
        if request is None or not isinstance(email, str):  # a program on this host, or nobody
            return super().authenticate(request, username, password, **kwargs)
        address = client_address(request)
        count_credentials(address)
        failures = Failures(email, address)
        failures.check()
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:
            failures.add()
            return None
        failures.check()
        failures.forget()
        return user

    def user_can_authenticate(self, user) -> bool:
        return super().user_can_authenticate(user) and user.is_confirmed

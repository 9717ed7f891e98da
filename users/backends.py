from django.contrib.auth.backends import ModelBackend

from api.addresses import client_address
from users.attempts import Failures, count_credentials


class PasswordBackend(ModelBackend):
    """Django's backend, which also counts failed attempts. All sign-ins with a password use it: the API, the pages and
    the admin.

    The password is checked before the attempt is counted. So parallel guesses are refused in the order in which they
    are counted: after the tenth, even the right password is. Parallel sign-ins with the right password don't
    disturb each other.
    """

    def authenticate(self, request, username=None, password=None, **kwargs):
        email = kwargs.get("email") if username is None else username
        if request is None or not isinstance(email, str):  # a command, or no email
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

"""What accounts and tokens are answered, for `assert_problem`: the status, the code and the words."""

from datetime import datetime


def instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


INVALID_TOKEN = (401, "authentication_failed", "This token is not valid: unknown, expired or revoked.")
GONE = (401, "authentication_failed", "This account is gone, or its password was changed just now.")
WRONG_SIGN_IN = (401, "authentication_failed", "The e-mail address or the password is wrong.")
NOT_SIGNED_IN = (401, "not_authenticated", "Authentication credentials were not provided.")

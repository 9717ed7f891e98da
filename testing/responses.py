"""The problems of accounts and tokens, for `assert_problem`: status, code and detail."""

from datetime import datetime


def instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


INVALID_TOKEN = (401, "authentication_failed", "This token is unknown, expired or revoked. Sign in to get a new one.")
GONE = (401, "authentication_failed", "This account was deleted, or its password was changed. Sign in again.")
WRONG_SIGN_IN = (401, "authentication_failed", "The email address or the password is wrong.")
NOT_SIGNED_IN = (401, "not_authenticated", "Sign in, or send a token in the header: Authorization: Bearer <token>.")

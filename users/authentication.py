import logging
import re

from django.conf import settings
from rest_framework import authentication, permissions
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from api.methods import READING_METHODS
from users import issuer_tokens
from users.models import ApiToken, Identity

logger = logging.getLogger("users.authentication")

SECRET = re.compile(r"todo_[A-Za-z0-9_-]{43}", re.ASCII)


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer todo_…` (RFC 6750), or `Token` instead of `Bearer`, as in REST framework.

    If an identity provider is configured, its JWTs are accepted as well.
    """

    refusal = "This token is unknown, expired or revoked. Sign in to get a new one."

    def authenticate(self, request):
        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() not in ("bearer", "token"):
            return None
        secret = secret.strip()
        if SECRET.fullmatch(secret):
            return self.authenticate_own(secret)
        if settings.JWT_ISSUER and len(secret) <= issuer_tokens.MAX_LENGTH and issuer_tokens.SHAPE.fullmatch(secret):
            return self.authenticate_jwt(secret)
        raise AuthenticationFailed(self.refusal)

    def authenticate_own(self, secret: str):
        token = ApiToken.find(secret)
        if token is None:
            raise AuthenticationFailed(self.refusal)
        token.note_use()
        return token.owner, token

    def authenticate_jwt(self, secret: str):
        import jwt  # here, because cryptography takes a tenth of a server's start

        from users import issuer

        try:
            token = issuer.read_token(secret)
        except jwt.PyJWTError as error:
            # For the operator, who configures the provider. Only the type: the message repeats parts of the token.
            logger.info("A JWT was refused.", extra={"fields": {"reason": type(error).__name__}})
            raise AuthenticationFailed(self.refusal) from None
        owner = Identity.objects.find_or_make(token.issuer, token.subject, token.email).owner
        if not owner.is_active:
            raise AuthenticationFailed(self.refusal)
        return owner, token

    def authenticate_header(self, request):
        return "Bearer"


class AppPasswordAuthentication(authentication.BasicAuthentication):
    """`Authorization: Basic …` (RFC 7617) with an email address and an app password, for `/dav/` alone."""

    refusal = "The email address or the app password is wrong, or the app password is expired or revoked."

    def authenticate_credentials(self, userid, password, request=None):
        token = ApiToken.find_app_password(userid, password)
        if token is None:
            raise AuthenticationFailed(self.refusal)
        token.note_use()
        return token.owner, token

    def authenticate_header(self, request):
        return 'Basic realm="Todo", charset="UTF-8"'


class TokenHasScope(permissions.BasePermission):
    """Tokens need a scope: `read` for methods that only read, `write` for all others. Sessions have both."""

    def has_permission(self, request, view):
        if request.auth is None:
            return True
        needed = ApiToken.READ if request.method in READING_METHODS else ApiToken.WRITE
        if needed not in request.auth.scopes:
            raise PermissionDenied(f"This token lacks the scope “{needed}”. Create a token with it.")
        return True


class NoAuthentication(TokenAuthentication):
    """For calls that sign in: ignores the credentials of the request. A 401 has the same header as elsewhere."""

    def authenticate(self, request):
        return None

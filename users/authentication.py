import re

from rest_framework import authentication, permissions
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from users.models import ApiToken

SECRET = re.compile(r"todo_[A-Za-z0-9_-]{43}", re.ASCII)


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer todo_…` (RFC 6750), or `Token` instead of `Bearer` as DRF's own clients say it."""

    def authenticate(self, request):
        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() not in ("bearer", "token"):
            return None
        secret = secret.strip()
        token = ApiToken.objects.find(secret) if SECRET.fullmatch(secret) else None
        if token is None:
            raise AuthenticationFailed("This token is not valid: unknown, expired or revoked.")
        token.note_use()
        return token.owner, token

    def authenticate_header(self, request):
        return "Bearer"


class TokenHasScope(permissions.BasePermission):
    """A token may do what its scopes say; a session may do everything that its user may."""

    def has_permission(self, request, view):
        if not isinstance(request.auth, ApiToken):
            return True
        needed = ApiToken.READ if request.method in permissions.SAFE_METHODS else ApiToken.WRITE
        if needed not in request.auth.scopes:
            raise PermissionDenied(f"This token lacks the scope “{needed}”.")
        return True


class NoAuthentication(TokenAuthentication):
    """For the calls that sign in: whatever credentials come along don't matter. A 401 looks the same as elsewhere."""

    def authenticate(self, request):
        return None

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.contrib.auth.models import update_last_login
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from api.serializers import EmptySerializer
from api.throttles import AnonRateThrottle
from ownership.viewsets import CallerView, OwnedViewSet
from users import serializers
from users.authentication import NoAuthentication
from users.emails import email_link
from users.issuer_tokens import IssuerToken
from users.models import ApiToken, User
from users.throttles import CredentialsThrottle


class SignUpClosed(PermissionDenied):
    default_code = "sign_up_closed"
    default_detail = "Sign-up is closed. Ask the operator for an account."


class EmailNotConfigured(PermissionDenied):
    default_code = "mail_not_set_up"
    default_detail = "This server can't send email. Ask the operator for a new password."


class AccountView(CallerView):
    """The base of the calls about the user's own account."""


class OpenView(AccountView):
    """The base of the calls that need no sign-in."""

    authentication_classes = [NoAuthentication]
    permission_classes = [AllowAny]
    throttle_classes: list = [CredentialsThrottle]


class SignInView(OpenView):
    """The base of the calls that respond with a new token."""

    @staticmethod
    def signed_in(user: User, token_name: str, status: int) -> Response:
        token, secret = ApiToken.issue_for_sign_in(user, token_name)
        body = serializers.SignedInSerializer({"user": user, "token": secret, "expires_at": token.expires_at})
        return Response(body.data, status=status, headers={"Cache-Control": "no-store"})


class RegisterView(SignInView):
    """Create an account and get a token for it.

    If the server requires confirmed addresses, the response is 202, whether there is an account or not, and the address
    gets an email with a link. The link sets a new password, which replaces the one sent here. Then the account can sign
    in.
    """

    serializer_class = serializers.RegistrationSerializer
    problems = ("403",)

    def get_serializer_class(self):
        return serializers.UnconfirmedSerializer if settings.CONFIRM_SIGN_UP else self.serializer_class

    @extend_schema(operation_id="register", responses={201: serializers.SignedInSerializer, 202: None})
    def post(self, request):
        if not settings.ALLOW_SIGN_UP:
            raise SignUpClosed
        user = self.read_body().save()
        if not settings.CONFIRM_SIGN_UP:
            return self.signed_in(user, "registration", status=201)
        recipient = User.objects.with_password_by_email().filter(email=user.email).first()
        email_link(request, user.email, recipient, "sign_up")
        return Response(status=202)


class LoginView(SignInView):
    """Sign in with email address and password, and get a new token.

    Earlier tokens stay valid.
    """

    serializer_class = serializers.LoginSerializer
    throttle_classes = [AnonRateThrottle]  # and `authenticate` counts, for every form that signs in
    problems = ("401",)

    @extend_schema(operation_id="login", responses={200: serializers.SignedInSerializer})
    def post(self, request):
        body = self.read_body().validated_data
        user = authenticate(request, username=body["email"], password=body["password"])
        if user is None:
            raise AuthenticationFailed("The email address or the password is wrong.")
        with transaction.atomic():
            User.objects.lock(user)
            update_last_login(User, user)
            return self.signed_in(user, body["token_name"], status=200)


class LogoutView(AccountView):
    """Revoke the token of this call, or end the browser's session.

    The response for a token of an identity provider is 403: sign out there.
    """

    serializer_class = EmptySerializer

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def post(self, request):
        self.read_body()
        if isinstance(request.auth, IssuerToken):
            raise PermissionDenied("This token can't be revoked here. Sign out at the identity provider.")
        if isinstance(request.auth, ApiToken):
            request.auth.delete()
        else:
            logout(request)
        return Response(status=204)


class PasswordResetView(OpenView):
    """Request an email with a link to set a new password.

    The response is the same, whether there is an account or not.
    """

    serializer_class = serializers.PasswordResetSerializer
    problems = ("403",)

    @extend_schema(operation_id="reset_password", responses={202: None})
    def post(self, request):
        if not settings.SENDS_MAIL:
            raise EmailNotConfigured
        email = self.read_body().validated_data["email"]
        user = User.objects.with_password_by_email().filter(email=email).first()
        email_link(request, email, user, "password_reset")
        return Response(status=202)


class PasswordResetConfirmView(OpenView):
    """Set a new password with `uid` and `token` from the email.

    They work only once. All tokens and sessions of the account end.
    """

    serializer_class = serializers.PasswordResetConfirmSerializer

    @extend_schema(operation_id="confirm_password_reset", responses={204: None})
    def post(self, request):
        self.read_body().save()
        return Response(status=204)


class MeView(AccountView):
    """Your account."""

    serializer_class = serializers.UserSerializer
    deletes_with_body = True
    has_no_etag = True

    def get_serializer_class(self):
        if self.request.method != "DELETE":
            return self.serializer_class
        return EmptySerializer if self.has_only_a_provider() else serializers.AccountDeletionSerializer

    def has_only_a_provider(self) -> bool:
        """Whether the user signed in at the identity provider and has no password here."""
        user: Any = self.request.user
        return isinstance(self.request.auth, IssuerToken) and not user.has_usable_password()

    @extend_schema(operation_id="me_retrieve")
    def get(self, request):
        """Get your account."""
        return self.respond(request.user)

    @extend_schema(operation_id="me_update")
    def patch(self, request):
        """Change your name, your time zone, and whether reminders come by email.

        Fields that are left out keep their value.
        """
        return self.respond(self.read_body(instance=request.user, partial=True).save())

    @extend_schema(operation_id="me_delete", request=serializers.AccountDeletionSerializer, responses={204: None})
    def delete(self, request):
        """Permanently erase your account and all its data.

        If you sign in at an identity provider and have no password here, send no body, but a token that was issued in
        the last 5 minutes.
        """
        self.read_body()
        if self.has_only_a_provider() and not request.auth.is_fresh:
            message = "Sign in at the identity provider again. This call needs a token from the last 5 minutes."
            raise PermissionDenied(message)
        with transaction.atomic():
            User.objects.lock(request.user)
            request.user.delete()
        return Response(status=204)


class PasswordView(AccountView):
    """Change your password.

    All other tokens, app passwords and sessions of your account end.
    """

    serializer_class = serializers.PasswordChangeSerializer
    has_no_etag = True

    @extend_schema(operation_id="change_password", responses={204: None})
    def post(self, request):
        user = request.user
        new_password = self.read_body().validated_data["new_password"]
        with transaction.atomic():
            User.objects.lock(user)
            user.set_password(new_password)
            user.kept_token = request.auth if isinstance(request.auth, ApiToken) else None
            user.save(update_fields=["password"])
        if request.auth is None:
            update_session_auth_hash(request, user)
        return Response(status=204)


class TokenViewSet(OwnedViewSet):
    """Personal access tokens. Use one for each program, so that you can revoke each on its own."""

    queryset = ApiToken.objects.all()
    serializer_class = serializers.TokenSerializer
    filterset_class = serializers.TokenFilters
    has_no_etag = True

    @extend_schema(request=serializers.TokenSerializer, responses={201: serializers.NewTokenSerializer})
    def create(self, request):
        """Create an API token.

        The secret is only in this response.
        """
        fields = self.read_body().validated_data
        with transaction.atomic():
            User.objects.lock(request.user)
            token, secret = ApiToken.issue(request.user, **fields)
        body = {**self.represent(token), "token": secret}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})

    def destroy(self, request, pk):
        """Revoke the API token.

        The next request with it is refused.
        """
        self.get_object().delete()
        return Response(status=204)

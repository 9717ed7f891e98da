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
from users.emails import mail_link
from users.issuer import IssuerToken
from users.models import ApiToken, User
from users.throttles import CredentialsThrottle


class SignUpClosed(PermissionDenied):
    default_code = "sign_up_closed"
    default_detail = "Sign-up is closed here. Ask the operator for an account."


class NoMail(PermissionDenied):
    default_code = "mail_not_set_up"
    default_detail = "This server sends no mail. Ask the operator for a new password."


class AccountView(CallerView):
    """A call about the caller's own account."""


class OpenView(AccountView):
    """A call that needs no sign-in."""

    authentication_classes = [NoAuthentication]
    permission_classes = [AllowAny]
    throttle_classes: list = [CredentialsThrottle]


class SignInView(OpenView):
    """A call that needs no sign-in and answers with a fresh token."""

    @staticmethod
    def signed_in(user: User, token_name: str, status: int) -> Response:
        token, secret = ApiToken.issue_for_sign_in(user, token_name)
        answer = serializers.SignedInSerializer({"user": user, "token": secret, "expires_at": token.expires_at})
        return Response(answer.data, status=status, headers={"Cache-Control": "no-store"})


class RegisterView(SignInView):
    """Make an account. The answer has a token for it.

    Where addresses have to be confirmed, the answer is 202 and the same for every address, and a link is mailed to
    it. By that link the password is set, in place of the one given here, and then the account can sign in.
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
        addressee = User.objects.with_password_by_mail().filter(email=user.email).first()
        mail_link(request, user.email, addressee, "sign_up")
        return Response(status=202)


class LoginView(SignInView):
    """Sign in with e-mail address and password. The answer has a fresh token; earlier ones stay valid."""

    serializer_class = serializers.LoginSerializer
    throttle_classes = [AnonRateThrottle]  # and `authenticate` counts, for every form that signs in
    problems = ("401",)

    @extend_schema(operation_id="login", responses={200: serializers.SignedInSerializer})
    def post(self, request):
        given = self.read_body().validated_data
        user = authenticate(request, username=given["email"], password=given["password"])
        if user is None:
            raise AuthenticationFailed("The e-mail address or the password is wrong.")
        with transaction.atomic():
            User.objects.lock(user)
            update_last_login(User, user)
            return self.signed_in(user, given["token_name"], status=200)


class LogoutView(AccountView):
    """Revoke the token that makes this call (or end the session, in a browser).

    The token of an identity provider can only be revoked there: 403.
    """

    serializer_class = EmptySerializer

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def post(self, request):
        self.read_body()
        if isinstance(request.auth, IssuerToken):
            raise PermissionDenied("This token is the identity provider's: sign out there. It can't be revoked here.")
        if isinstance(request.auth, ApiToken):
            request.auth.delete()
        else:
            logout(request)
        return Response(status=204)


class PasswordResetView(OpenView):
    """Ask for a link by mail to set a new password. The answer is the same, whether there is an account or not."""

    serializer_class = serializers.PasswordResetSerializer
    problems = ("403",)

    @extend_schema(operation_id="reset_password", responses={202: None})
    def post(self, request):
        if not settings.SENDS_MAIL:
            raise NoMail
        email = self.read_body().validated_data["email"]
        user = User.objects.with_password_by_mail().filter(email=email).first()
        mail_link(request, email, user, "password_reset")
        return Response(status=202)


class PasswordResetConfirmView(OpenView):
    """Set a new password with what was mailed, which works once. Every token and session of the account ends."""

    serializer_class = serializers.PasswordResetConfirmSerializer

    @extend_schema(operation_id="confirm_password_reset", responses={204: None})
    def post(self, request):
        self.read_body().save()
        return Response(status=204)


class MeView(AccountView):
    """The account of the caller."""

    serializer_class = serializers.UserSerializer
    deletes_with_body = True

    def get_serializer_class(self):
        if self.request.method != "DELETE":
            return self.serializer_class
        return EmptySerializer if self.has_only_a_provider() else serializers.AccountDeletionSerializer

    def has_only_a_provider(self) -> bool:
        """Whether the caller signed in at the identity provider, and has no password here."""
        user: Any = self.request.user
        return isinstance(self.request.auth, IssuerToken) and not user.has_usable_password()

    @extend_schema(operation_id="me_retrieve")
    def get(self, request):
        """Get the account."""
        return self.respond(request.user)

    @extend_schema(operation_id="me_update")
    def patch(self, request):
        """Change the account's name and time zone: what is left out stays as it is."""
        return self.respond(self.read_body(instance=request.user, partial=True).save())

    @extend_schema(operation_id="me_delete", request=serializers.AccountDeletionSerializer, responses={204: None})
    def delete(self, request):
        """Erase the account and all its data, for good.

        A user of an identity provider has no password here. No body then, but a token issued in the last 5 minutes.
        """
        self.read_body()
        if self.has_only_a_provider() and not request.auth.is_fresh:
            raise PermissionDenied("Sign in at the identity provider again: this needs a token of the last 5 minutes.")
        with transaction.atomic():
            User.objects.lock(request.user)
            request.user.delete()
        return Response(status=204)


class PasswordView(AccountView):
    """Change the password. Every other token and session of the account ends."""

    serializer_class = serializers.PasswordChangeSerializer

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
    """Personal access tokens: one for each program, so that each can be revoked alone."""

    queryset = ApiToken.objects.all()
    serializer_class = serializers.TokenSerializer
    filterset_class = serializers.TokenFilters

    @extend_schema(request=serializers.TokenSerializer, responses={201: serializers.NewTokenSerializer})
    def create(self, request):
        """Create an API token. The answer has its secret, this once."""
        fields = self.read_body().validated_data
        with transaction.atomic():
            User.objects.lock(request.user)
            token, secret = ApiToken.issue(request.user, **fields)
        answer = {**self.represent(token), "token": secret}
        return Response(answer, status=201, headers={"Cache-Control": "no-store"})

    def destroy(self, request, pk):
        """Revoke the API token: the next request with it is refused."""
        self.get_object().delete()
        return Response(status=204)

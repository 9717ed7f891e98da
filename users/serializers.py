from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from api import fields
from api.filters import FilterSet
from api.pagination import Order
from api.serializers import ModelSerializer, Serializer
from users.models import ApiToken, User


class UserSerializer(ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "email", "name", "timezone", "reminders_by_email", "created_at", "revision"]
        read_only_fields = ["email"]
        extra_kwargs = {"revision": {"help_text": "Counts the writes of this user's data."}}

    def update(self, user, validated_data):
        for name, value in validated_data.items():
            setattr(user, name, value)
        # Only these fields: the user was read without a lock, and the password may have changed since.
        user.save(update_fields=list(validated_data))
        return user


class PasswordField(fields.StringField):
    def __init__(self, **kwargs):
        super().__init__(
            max_length=128, trim_whitespace=False, write_only=True, style={"input_type": "password"}, **kwargs
        )


class NewPasswordField(PasswordField):
    document = {"minLength": 8}  # as in AUTH_PASSWORD_VALIDATORS


def is_current(password: str, request) -> bool:
    """Whether this is the user's password."""
    # `authenticate` counts failures, so that a stolen token can't be used to guess the password.
    user = authenticate(request, username=request.user.email, password=password)
    if user is None or user != request.user:
        return False
    request.user.password = user.password  # signing in may have upgraded the hash
    return True


def check_password_rules(password: str, user: User, field: str) -> None:
    try:
        validate_password(password, user)
    except DjangoValidationError as error:
        raise serializers.ValidationError({field: serializers.as_serializer_error(error)["non_field_errors"]}) from None


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A new account",
            {"email": "me@example.com", "password": "correct horse battery", "name": "Me", "timezone": "Europe/Zurich"},
            request_only=True,
        )
    ]
)
class RegistrationSerializer(ModelSerializer):
    password = NewPasswordField()

    class Meta:
        model = User
        fields = ["email", "password", "name", "timezone"]

    def validate(self, attrs):
        check_password_rules(attrs["password"], User(email=attrs["email"], name=attrs.get("name", "")), "password")
        return attrs

    def create(self, validated_data):
        return User.objects.create_user(**validated_data)


class UnconfirmedSerializer(RegistrationSerializer):
    email = fields.EmailField(max_length=254)  # without the check for uniqueness, which would reveal accounts

    def create(self, validated_data):
        """Create the account unless it exists. In both cases, this is one statement that writes one row."""
        user = User(**validated_data, is_confirmed=False)
        user.set_unusable_password()
        User.objects.bulk_create([user], update_conflicts=True, unique_fields=["email"], update_fields=["email"])
        return user


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A sign-in",
            {"email": "demo@example.com", "password": "demo-password", "token_name": "my script"},
            request_only=True,
        )
    ]
)
class LoginSerializer(Serializer):
    email = fields.EmailField(max_length=254)
    password = PasswordField()
    token_name = fields.StringField(max_length=100, default="login")


class SignedInSerializer(Serializer):
    user = UserSerializer()
    token = serializers.CharField(help_text="The secret. Send it as `Authorization: Bearer …`. It is shown only once.")
    expires_at = serializers.DateTimeField()


class PasswordChangeSerializer(Serializer):
    current_password = PasswordField()
    new_password = NewPasswordField()

    def validate_current_password(self, password: str) -> str:
        if not is_current(password, self.context["request"]):
            raise serializers.ValidationError("The password is wrong. Enter your current password.", code="wrong")
        return password

    def validate(self, attrs):
        check_password_rules(attrs["new_password"], self.context["request"].user, "new_password")
        return attrs


class PasswordResetSerializer(Serializer):
    email = fields.EmailField(max_length=254)


class PasswordResetConfirmSerializer(Serializer):
    uid = fields.StringField(max_length=100)
    token = fields.StringField(max_length=100)
    new_password = NewPasswordField()

    def validate(self, attrs):
        self.instance = User.objects.of_link(attrs["uid"])
        if not default_token_generator.check_token(self.instance, attrs["token"]):
            self.refuse_token()
        check_password_rules(attrs["new_password"], self.instance, "new_password")
        return attrs

    def update(self, user, validated_data):
        try:
            user.set_password_by_email(validated_data["new_password"])
        except User.DoesNotExist:  # another request has used the link
            self.refuse_token()
        return user

    def refuse_token(self):
        message = "This link is incomplete, too old or already used. Request a new one."
        raise serializers.ValidationError({"token": [ErrorDetail(message, code="invalid")]})


class AccountDeletionSerializer(Serializer):
    password = PasswordField()

    def validate_password(self, password: str) -> str:
        if not is_current(password, self.context["request"]):
            raise serializers.ValidationError("The password is wrong. Enter your current password.", code="wrong")
        return password


class TokenSerializer(ModelSerializer):
    """A personal access token. Its secret, `token`, is only in the response that creates it."""

    kind = fields.ChoiceField(
        [ApiToken.API, ApiToken.APP_PASSWORD],
        default=ApiToken.API,
        help_text="`app_password`: 16 letters for programs that sign in by Basic, with the email address, at `/dav/` "
        "alone. It has no `prefix`.",
    )
    scopes = fields.ListField(
        child=fields.ChoiceField([ApiToken.READ, ApiToken.WRITE]),
        allow_empty=False,
        max_length=10,
        default=["read", "write"],
    )
    expires_at = fields.DateTimeField(
        allow_null=True,
        default=None,
        help_text="If null, it expires with the token that creates it; if created in a session, never.",
    )

    class Meta:
        model = ApiToken
        fields = ["id", "name", "kind", "scopes", "prefix", "created_at", "expires_at", "last_used_at"]
        read_only_fields = ["prefix", "last_used_at"]

    def validate_scopes(self, scopes: list[str]) -> list[str]:
        return [ApiToken.READ, ApiToken.WRITE] if ApiToken.WRITE in scopes else [ApiToken.READ]

    def validate_expires_at(self, moment):
        maker = self.context["request"].auth
        limit = maker.expires_at if maker else None
        if moment is None:
            return limit
        if moment <= timezone.now():
            raise serializers.ValidationError("Enter a time in the future.", code="past")
        if limit and moment > limit:
            message = f"Enter a time up to {limit.isoformat()}, when the token that creates this one expires."
            raise serializers.ValidationError(message, code="too_late")
        return moment


class NewTokenSerializer(TokenSerializer):
    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class TokenFilters(FilterSet):
    orderings = {"created_at": Order("created_at")}
    default_ordering = "-created_at"

import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from string import ascii_lowercase
from textwrap import wrap
from typing import ClassVar, Self
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InternalError, OperationalError, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.http import urlsafe_base64_decode

from api.compiled import Param, compiled
from api.ids import uuid7
from ownership.owned import OwnedModel, OwnedQuerySet, queryset_only
from ownership.transactions import RevisionCounter, no_waiting, revision_transaction
from users.attempts import SignInAttempt
from users.sessions import Session

__all__ = ["ApiToken", "Identity", "Session", "SignInAttempt", "User"]


class LowercaseEmailField(models.EmailField):
    """An email address in lower case, so that uniqueness and sign-in don't depend on case."""

    def to_python(self, value):  # called by forms, saves and lookups
        value = super().to_python(value)
        return value.lower() if isinstance(value, str) else value


@cache  # it reads from the disk
def known_timezones() -> set[str]:
    # Some systems add this name, which means another time zone on each of them.
    return available_timezones() - {"localtime"}


# Apps above this one add to it when they are ready: what to do in the transaction that changes a user's time zone.
on_new_timezone: list[Callable[["User"], None]] = []


def validate_timezone(name: str) -> None:
    if name not in known_timezones():
        raise ValidationError("Enter an IANA time zone, such as Europe/Zurich.", code="invalid")


def moment_of(clock: datetime, zone: str) -> datetime:
    """When the clock on a wall in this zone says this; at the ends of the calendar, the first or last moment of it."""
    try:
        return clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        return (datetime.min if clock.year == 1 else datetime.max).replace(tzinfo=UTC)  # noqa: DTZ901


class UserQuerySet(models.QuerySet["User"]):
    @queryset_only
    def delete(self):
        from users.erasure import erase_traces  # it needs the models

        with transaction.atomic():
            erase_traces(self)
            return super().delete()

    def with_password_by_email(self) -> Self:
        """The users who may set a password with an emailed link: active, and with a password or not confirmed yet."""
        unconfirmed = models.Q(is_confirmed=False)
        return self.filter(unconfirmed | ~models.Q(password__startswith=UNUSABLE_PASSWORD_PREFIX), is_active=True)

    def of_link(self, uid: str) -> "User | None":
        """The user of an emailed link, from the link's first part."""
        try:
            return self.with_password_by_email().get(pk=UUID(urlsafe_base64_decode(uid).decode()))
        except (ValueError, self.model.DoesNotExist):
            return None


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def lock(self, user: "User") -> None:
        """Lock the row of `user` until the transaction ends.

        Raises User.DoesNotExist if the account was erased or deactivated, or its password changed, since `user` was
        read: the request is no longer authenticated.
        """
        self.select_for_update().get(pk=user.pk, password=user.password, is_active=True)


class User(RevisionCounter, AbstractBaseUser, PermissionsMixin):
    """A user, who signs in with an email address and owns tasks."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = LowercaseEmailField(
        "email address",
        unique=True,
        error_messages={"unique": "An account with this email address already exists."},
    )
    name = models.CharField(max_length=100, blank=True, default="")
    timezone = models.CharField("time zone", max_length=64, default="UTC", validators=[validate_timezone])
    is_active = models.BooleanField(
        "active", default=True, help_text="If this is off, the user can't sign in, and no token of the user works."
    )
    is_confirmed = models.BooleanField(
        "confirmed", default=True, help_text="Whether the emailed link was used. Until then, the user can't sign in."
    )
    is_staff = models.BooleanField("staff", default=False, help_text="Whether the user can sign in to this admin.")
    reminders_by_email = models.BooleanField(
        default=True, help_text="Whether reminders of tasks are also sent by email, where the server can send any."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    PROFILE = frozenset({"email", "name", "timezone", "reminders_by_email"})

    kept_token: "ApiToken | None" = None  # a token that isn't revoked when the password changes

    objects = UserManager()

    class Meta:
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="user_email_lowercase",
                violation_error_message="Enter the email address in lower case.",
            )
        ]

    def __str__(self) -> str:
        return self.email

    def now(self) -> datetime:
        """The current time in the user's time zone."""
        return timezone.localtime(timezone=ZoneInfo(self.timezone))

    def today(self) -> date:
        return self.now().date()

    def start_of(self, day: date) -> datetime:
        """The first moment of this day where the user is."""
        return moment_of(datetime.combine(day, time.min), self.timezone)

    def end_of(self, day: date) -> datetime:
        """The last moment of this day where the user is."""
        return moment_of(datetime.combine(day, time.max.replace(fold=1)), self.timezone)

    def delete(self, *args, **kwargs):
        from users.erasure import erase_traces  # it needs the models

        with transaction.atomic():
            erase_traces([self])
            return super().delete(*args, **kwargs)

    def set_password_by_email(self, password: str) -> None:
        """Set the password of a user with an emailed link. Raises User.DoesNotExist if the link was used just now."""
        with transaction.atomic():
            User.objects.lock(self)
            self.set_password(password)
            self.is_confirmed = True
            self.save(update_fields=["password", "is_confirmed"])
            SignInAttempt.objects.filter(subject=self.email).delete()

    def set_unusable_password(self) -> None:
        super().set_unusable_password()
        self._password = ""  # tells save() that the password changed

    def save(self, *args, **kwargs):
        """Save the user. A change of the profile increases the revision; a new password revokes all tokens."""
        if self._state.adding:
            super().save(*args, **kwargs)
            return
        if kwargs.get("update_fields") is None:
            # Never save these: other requests may have changed them in the database since they were loaded.
            kwargs["update_fields"] = [
                field.attname
                for field in self._meta.concrete_fields
                if field.name not in ("id", "revision", "purged_revision", "is_watched")
            ]
        new_password = self._password is not None
        counted = self.PROFILE.intersection(kwargs["update_fields"])
        with revision_transaction(self.pk) if counted else transaction.atomic() as current:
            if current:
                current.record(User, "updated", [self.pk])
                self.revision = current.revision
            super().save(*args, **kwargs)
            if current and "timezone" in kwargs["update_fields"]:
                current.timezone = self.timezone
                for follow in on_new_timezone:
                    follow(self)
            if new_password:
                tokens = ApiToken.objects.owned_by(self)
                (tokens.exclude(pk=self.kept_token.pk) if self.kept_token else tokens).delete()


APP_PASSWORD = re.compile("[a-z]{16}")


def digest(secret: str) -> str:
    # A fast hash is safe here, since nobody can guess 256 random bits, or 75. Each request needs it.
    return sha256(secret.encode()).hexdigest()


DIGEST = Param(digest, models.CharField())


def all_scopes() -> list[str]:
    return [ApiToken.READ, ApiToken.WRITE]


class ApiTokenQuerySet(OwnedQuerySet):
    def app_passwords(self) -> Self:
        return self.filter(kind=ApiToken.APP_PASSWORD)


class ApiToken(OwnedModel):
    """A token that a program signs in with. Only its digest is stored: the secret is shown once, on creation.

    An app password is for programs that sign in by Basic, at `/dav/` alone: 16 letters, so that people can type it.
    """

    READ, WRITE = "read", "write"
    API, APP_PASSWORD = "api", "app_password"
    # Of the secret, so that users can tell their tokens apart. An app password is too short to show a part of it.
    PREFIX_LENGTH = 12
    USE_IS_NOTED_EVERY = timedelta(minutes=1)

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=12, default=API, choices=[(API, "API"), (APP_PASSWORD, "app password")])
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=PREFIX_LENGTH, editable=False)
    scopes = models.JSONField(default=all_scopes)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["owner", "id"], name="api_token_owner_id")]  # for references
        indexes = [models.Index(fields=["owner", "created_at", "id"], name="token_owner_created")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)" if self.prefix else self.name

    @classmethod
    def find(cls, secret: str) -> "ApiToken | None":
        """The valid token with this secret and its active user, in one query."""

        def build():
            tokens = cls.objects.select_related("owner")
            return tokens.filter(digest=DIGEST, kind=cls.API, owner__is_active=True)

        for token in compiled("token", build).objects(secret):
            return None if token.expired else token
        return None

    @classmethod
    def find_app_password(cls, email: str, password: str) -> "ApiToken | None":
        """The valid app password of the active user with this address. One query, whether or not there is such a user.

        `password`: in any case, with or without hyphens or spaces.
        """
        letters = re.sub(r"[\s-]", "", password).lower()
        if not APP_PASSWORD.fullmatch(letters):
            return None
        tokens = cls.objects.app_passwords().select_related("owner").filter(owner__is_active=True)
        token = tokens.filter(digest=digest(letters)).first()
        return None if token is None or token.expired or token.owner.email != email.lower() else token

    @classmethod
    def issue(cls, owner: User, name: str, kind: str = API, **fields) -> tuple["ApiToken", str]:
        """Create a token. Return it with its secret.

        That is `todo_` and 256 random bits in 43 URL-safe characters, or for an app password 16 letters in groups.
        """
        if kind == cls.APP_PASSWORD:
            letters = "".join(secrets.choice(ascii_lowercase) for _ in range(16))
            secret, prefix = "-".join(wrap(letters, 4)), ""
        else:
            letters = secret = f"todo_{secrets.token_urlsafe(32)}"
            prefix = secret[: cls.PREFIX_LENGTH]
        token = cls.objects.create(owner=owner, name=name, kind=kind, digest=digest(letters), prefix=prefix, **fields)
        return token, secret

    @classmethod
    def issue_for_sign_in(cls, owner: User, name: str) -> tuple["ApiToken", str]:
        return cls.issue(owner, name, expires_at=timezone.now() + timedelta(days=settings.TOKEN_LIFETIME_DAYS))

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def note_use(self) -> None:
        """Remember that it was used now, at most once a minute: a write would be the dearest part of a read.

        A read works without: on a database that is read-only, and on SQLite while somebody else writes.
        """
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at >= self.USE_IS_NOTED_EVERY:
            with suppress(OperationalError, InternalError), no_waiting():
                type(self).objects.filter(pk=self.pk).update(last_used_at=now)


class IdentityQuerySet(OwnedQuerySet):
    def find(self, issuer: str, subject: str) -> "Identity | None":
        identity: Identity | None = self.select_related("owner").filter(issuer=issuer, subject=subject).first()
        return identity

    def find_or_make(self, issuer: str, subject: str, email: str | None) -> "Identity":
        """The identity of this subject, with its account. The first time, both are created.

        `email` must be verified. If another account has it, that account is not used: it may belong to somebody else,
        since registering doesn't verify an address. The new account then gets an invalid address (RFC 2606).
        """
        if found := self.find(issuer, subject):
            return found
        try:
            with transaction.atomic():
                owner = User.objects.create_user(email or f"{uuid7()}@identity.invalid")
                return self.create(owner=owner, issuer=issuer, subject=subject)
        except IntegrityError:
            if found := self.find(issuer, subject):  # another request has created it
                return found
            if not email:
                raise
        return self.find_or_make(issuer, subject, None)


class Identity(OwnedModel):
    """A user's account at an identity provider. Only this connects the two, never an email address."""

    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)

    objects: ClassVar = IdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "identities"
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"

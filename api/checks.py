from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from rest_framework import serializers
from rest_framework.schemas.generators import EndpointEnumerator

from api import fields
from api.serializers import STRICT_FIELDS, Serializer


@checks.register(checks.Tags.security, deploy=True)
def check_database_tls(app_configs, **kwargs) -> list[checks.CheckMessage]:
    sslmode = settings.DATABASES["default"].get("OPTIONS", {}).get("sslmode", "verify-full")
    if sslmode == "verify-full":
        return []
    message = f"With sslmode={sslmode} in DATABASE_URL, an attacker in the network can pose as the database."
    hint = "Remove sslmode from DATABASE_URL: the default for other hosts is verify-full."
    return [checks.Warning(message, hint, id="api.W001")]


@checks.register(checks.Tags.urls)
def check_bodies(app_configs, **kwargs) -> list[checks.CheckMessage]:
    """Check that what a call reads its body with refuses unknown fields and values of another type."""
    return [message for name, each in sorted(body_serializers().items()) for message in find_leniency(name, each)]


def body_serializers() -> dict[str, type]:
    """The serializers that views and actions name for the body of a call, by who names them."""
    found = {}
    for _, method, callback in EndpointEnumerator().get_api_endpoints():
        own = getattr(callback.cls, "serializer_class", None)
        serializer_class = callback.initkwargs.get("serializer_class", own)
        action = getattr(callback, "actions", {}).get(method.lower())
        name = callback.cls.__name__ if serializer_class is own else f"{callback.cls.__name__}.{action}"
        if method in ("POST", "PUT", "PATCH") and serializer_class:
            found[name] = serializer_class
    return found


def find_leniency(name: str, serializer_class: type) -> Iterator[checks.CheckMessage]:
    if not issubclass(serializer_class, Serializer):
        message = f"{name}: {serializer_class.__name__} accepts unknown fields, and values of other types."
        hint = "Derive it from RevisedSerializer, or from Serializer or ModelSerializer in api.serializers."
        yield checks.Warning(message, hint, id="api.W002")
        return
    for field_name, field in getattr(serializer_class, "_declared_fields", {}).items():
        if not field.read_only:
            yield from find_lenient_field(name, f"{serializer_class.__name__}.{field_name}", field)


def find_lenient_field(name: str, path: str, field: serializers.Field) -> Iterator[checks.CheckMessage]:
    if isinstance(field, serializers.Serializer):
        yield from find_leniency(name, type(field))
    elif child := getattr(field, "child", None):
        yield from find_lenient_field(name, f"{path}.child", child)
    bases = type(field).__mro__
    lenient = next((base for base in bases if base in STRICT_FIELDS), None)
    if lenient and not any(base.__module__ == fields.__name__ for base in bases):
        message = f"{name}: {path} accepts values of other types."
        yield checks.Warning(message, f"Use api.fields.{STRICT_FIELDS[lenient].__name__}.", id="api.W003")

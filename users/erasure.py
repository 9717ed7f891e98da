"""Erases the data of a deleted account that has no foreign key to it."""

from collections.abc import Iterable
from uuid import UUID

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType

from ownership.owned import OwnedModel
from users.attempts import SignInAttempt


def erase_traces(users: Iterable) -> None:
    """Erase the failed sign-ins of these users, and the entries of the admin's log about them and their objects."""
    for user in users:
        SignInAttempt.objects.filter(subject=user.email).delete()
        erase_entries(get_user_model(), [str(user.pk)])
        for model in apps.get_models():
            if issubclass(model, OwnedModel):
                erase_entries(model, owned_among(model, logged_ids(model), user))


def entries_about(model: type):
    return LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))


def erase_entries(model: type, ids: list[str]) -> None:
    if ids:
        entries_about(model).filter(object_id__in=ids).delete()


def logged_ids(model: type) -> list[UUID]:
    # There are few: each entry is an action of an operator.
    return [UUID(text) for text in entries_about(model).order_by().values_list("object_id", flat=True).distinct()]


def owned_among(model: type[OwnedModel], ids: list[UUID], user) -> list[str]:
    return [str(pk) for pk in model.objects.owned_by(user).filter(pk__in=ids).values_list("pk", flat=True)]


def erase_obsolete_entries() -> int:
    """Erase the entries of the admin's log about owned objects that no longer exist. Return how many there were."""
    erased = 0
    for model in apps.get_models():
        if issubclass(model, OwnedModel):
            ids = logged_ids(model)
            existing = set(model.objects.filter(pk__in=ids).values_list("pk", flat=True))
            gone = [str(pk) for pk in ids if pk not in existing]
            erased += entries_about(model).filter(object_id__in=gone).delete()[0]
    return erased

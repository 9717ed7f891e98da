from collections.abc import Iterable
from datetime import timedelta
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from ownership.models import IdempotentResponse
from todos.models.trash import TrashModel
from users.erasure import erase_obsolete_entries
from users.models import ApiToken, Session, SignInAttempt


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError  # argparse adds the name of the argument
    return number


def trash_models() -> Iterable[Any]:
    """The models with a trash, each after those that depend on it."""
    models: list[Any] = [model for model in apps.get_models() if issubclass(model, TrashModel)]
    return TopologicalSorter({model: {each for each, _ in model.dependents()} for model in models}).static_order()


class Command(BaseCommand):
    help = (
        "Permanently deletes objects that have been in the trash for TRASH_DAYS; expired idempotency keys, tokens, "
        "sessions and counts of sign-in attempts; and entries of the admin's log about deleted objects. It deletes in "
        "batches, each in its own transaction, so you can stop it, start it again, or run it twice at the same time."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--batch", type=positive, default=1000, help="number of rows per transaction (default: 1000)"
        )

    def handle(self, *args, batch: int, **options):
        now = timezone.now()
        limit = now - timedelta(days=settings.TRASH_DAYS)
        for model in trash_models():
            old = model.objects.filter(deleted_at__lte=limit).order_by("owner_id", "deleted_at")
            self.empty(old, batch, lambda rows: rows.purge())
        self.empty(IdempotentResponse.objects.expired(), batch, lambda rows: rows.delete()[0])
        for past in (
            ApiToken.objects.filter(expires_at__lte=now),
            Session.objects.filter(expire_date__lte=now),
            SignInAttempt.objects.past(),
        ):
            self.empty(past, batch, lambda rows: rows.delete()[0])
        if erased := erase_obsolete_entries():
            self.stdout.write(f"log entries: {erased}")

    def empty(self, rows, batch: int, delete) -> None:
        deleted = 0
        while ids := list(rows.values_list("pk", flat=True)[:batch]):
            # Filters `rows` again, to keep objects that were restored in the meantime.
            deleted += delete(rows.filter(pk__in=ids))
            self.stdout.write(f"{rows.model._meta.verbose_name_plural}: {deleted}")

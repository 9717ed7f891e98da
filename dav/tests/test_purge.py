"""`manage.py purge`: events that were deleted, and what clients notice of it."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from dav.models import OtherObject
from testing.calendars import Calendars, calendar
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _events_are_allowed(settings):
    settings.DAV_OTHER_COMPONENTS = True


def sync(phone: Calendars, token: str = ""):
    body = f'<d:sync-collection xmlns:d="DAV:"><d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level>'
    return phone.ask("REPORT", "inbox/", f"{body}<d:prop><d:getetag/></d:prop></d:sync-collection>")


def test_an_event_is_purged_and_then_older_tokens_are_refused(alice):
    phone = Calendars(alice)
    phone.store("inbox/e.ics", calendar(uid="e", kind="VEVENT"))
    token = sync(phone).content.decode().partition("<d:sync-token>")[2].partition("<")[0]
    phone.ask("DELETE", "inbox/e.ics")
    revision = OtherObject.objects.get().revision

    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        call_command("purge")

    assert not OtherObject.objects.exists()
    assert User.objects.get(pk=alice.pk).purged_revision == revision
    assert "<d:valid-sync-token/>" in sync(phone, token).content.decode()

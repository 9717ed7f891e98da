"""What can be deleted and brought back: the same for every resource that has a trash."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as project
from django.core.management import call_command
from django.utils import timezone

from testing.resources import REVISED, WITH_TRASH, make
from testing.routes import LISTS


def listed(api, path: str) -> list[str]:
    return [each["id"] for each in api.get(path).json()["results"]]


@pytest.mark.parametrize("model", REVISED, ids=lambda model: model.__name__.lower())
def test_what_is_deleted_is_listed_no_more_and_told_by_sync(api, alice, model):
    thing, kept = make(model, alice), make(model, alice)
    token = api.get("/sync/?limit=1000").json()["token"]

    response = api.delete(f"{LISTS[model].url()}{thing.pk}/")

    assert (response.status_code, response.content) == (204, b"")
    assert str(kept.pk) in listed(api, LISTS[model].url())
    assert str(thing.pk) not in listed(api, LISTS[model].url())
    told = api.get("/sync/", {"since": token}).json()["results"]
    assert (model._meta.model_name, str(thing.pk)) in [(each["type"], each["id"]) for each in told if each["deleted"]]


@pytest.mark.parametrize("model", WITH_TRASH, ids=lambda model: model.__name__.lower())
@pytest.mark.parametrize(("early", "is_left"), [(timedelta(minutes=1), True), (timedelta(0), False)])
def test_the_trash_is_purged_after_its_days(alice, bob, model, early, is_left):
    thing, kept = make(model, alice), make(model, bob)
    thing.delete()

    with time_machine.travel(timezone.now() + timedelta(days=project.TRASH_DAYS) - early, tick=False):
        call_command("purge")

    assert model.objects.filter(pk=thing.pk).exists() is is_left
    assert model.objects.filter(pk=kept.pk).exists()


@pytest.mark.parametrize("model", WITH_TRASH, ids=lambda model: model.__name__.lower())
def test_who_has_not_heard_of_a_deletion_that_was_purged_starts_again(api, alice, model, settings):
    settings.TRASH_DAYS = 0
    thing = make(model, alice)
    token = api.get("/sync/?limit=1000").json()["token"]
    thing.delete()
    call_command("purge")

    response = api.get("/sync/", {"since": token})

    assert (response.status_code, response.json()["code"]) == (410, "sync_token_expired")

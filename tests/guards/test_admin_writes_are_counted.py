"""Writes by the admin, its forms and the commands increase the owner's revision."""

from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.forms import inlineformset_factory
from django.test import Client as Browser

from testing.counting import all_rows
from testing.resources import RESOURCES, WITH_TRASH, make
from users.models import User


@pytest.fixture(
    params=[model for model, each in RESOURCES.items() if each.is_revised and each.is_in_admin],
    ids=lambda model: model.__name__.lower(),
)
def model(request):
    return request.param


def admin_url(model: type, rest: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{rest}"


def form_on(desk: Browser, url: str) -> dict[str, str]:
    """The form of this page, as it is sent when nothing is filled in."""
    form = desk.get(url).context["adminform"].form
    return {field.html_name: as_text(field.value()) for field in form if field.value() is not False}


def as_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    return "" if value is None else str(getattr(value, "pk", value))


def filled_in(model: type, owner: User, word: str) -> dict[str, str]:
    fields = RESOURCES[model].fields(word, lambda needed: make(needed, owner))
    return {name: as_text(value) for name, value in fields.items()}


def test_the_admin_is_no_way_around(counted, desk, alice, model):
    def post(rest: str, values: dict) -> None:
        assert desk.post(admin_url(model, rest), values).status_code == 302

    begun = form_on(desk, admin_url(model, "add/"))
    new = filled_in(model, alice, "New")
    counted(lambda: post("add/", {**begun, **new, "owner": str(alice.pk)}))
    thing = model.objects.filter(owner=alice).latest("created_at")
    begun = form_on(desk, admin_url(model, f"{thing.pk}/change/"))
    counted(lambda: post(f"{thing.pk}/change/", {**begun, RESOURCES[model].text: "Newer"}))
    counted(lambda: post(f"{thing.pk}/delete/", {"post": "yes"}))


def test_no_action_of_the_admin_is_a_way_around(counted, desk, alice, model):
    prepare = {"restore": lambda thing: thing.delete(), "reopen": lambda thing: thing.complete()}
    actions = ["delete_selected", *admin.site.get_model_admin(model).actions]

    for action in actions:
        thing = make(model, alice)
        prepare.get(action, lambda thing: None)(thing)
        chosen = {"action": action, "_selected_action": [thing.pk], "post": "yes"}
        counted(lambda chosen=chosen: desk.post(admin_url(model), chosen))


def test_an_inline_is_no_way_around(counted, alice, model):
    thing, text = make(model, alice), RESOURCES[model].text
    columns = RESOURCES[model].columns(alice, "B")
    Inline = inlineformset_factory(User, model, fk_name="owner", fields=list(columns), extra=1)
    row = {f"form-0-{name}": as_text(getattr(thing, name)) for name in columns}
    row |= {"form-0-id": thing.pk, "form-0-owner": alice.pk, f"form-0-{text}": "A"}
    new = {f"form-1-{name}": as_text(value) for name, value in columns.items()}

    def save(forms: int, values: dict) -> None:
        sent = {"form-TOTAL_FORMS": forms, "form-INITIAL_FORMS": 1, **values}
        formset = Inline(sent, instance=alice, prefix="form", queryset=model.objects.filter(pk=thing.pk))
        assert formset.is_valid(), formset.errors
        formset.save()

    counted(lambda: save(2, {**row, **new}), writes=2)
    counted(lambda: save(1, {**row, "form-0-DELETE": "on"}))


@pytest.mark.parametrize("model", WITH_TRASH, ids=lambda model: model.__name__.lower())
def test_commands_are_no_way_around(alice, model, settings, counted, capsys):
    make(model, alice).delete()
    settings.TRASH_DAYS = 0
    counted(lambda: call_command("purge"))

    call_command("seed")

    demo = User.objects.get(email="demo@example.com")
    stamps = {stamp for _, stamp in all_rows(demo).values()}
    assert stamps
    assert max(stamps) == demo.revision

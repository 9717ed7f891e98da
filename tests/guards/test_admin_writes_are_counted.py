"""Writes by the admin, its forms and the commands increase the owner's revision."""

from django.contrib import admin
from django.core.management import call_command
from django.forms import inlineformset_factory

from testing.counting import all_rows, name_of
from tests.guards.test_ownership import MAKE
from todos.models import Project, Task
from users.models import User


def admin_url(model: type, rest: str = "") -> str:
    return f"/admin/todos/{model._meta.model_name}/{rest}"


def form(model: type, **values) -> dict:
    defaults: dict[type, dict] = {Task: {"description": "", "tags": "", "priority": 0}, Project: {"color": ""}}
    return {**defaults.get(model, {}), name_of(model): "New", **values}


def test_the_admin_is_no_way_around(counted, desk, alice, model):
    def post(rest: str, values: dict) -> None:
        assert desk.post(admin_url(model, rest), values).status_code == 302

    counted(lambda: post("add/", form(model, owner=alice.pk)))
    thing = model.objects.get(owner=alice)
    counted(lambda: post(f"{thing.pk}/change/", form(model, **{name_of(model): "Newer"})))
    counted(lambda: post(f"{thing.pk}/delete/", {"post": "yes"}))


def test_no_action_of_the_admin_is_a_way_around(counted, desk, alice, model):
    prepare = {"restore": lambda thing: thing.delete(), "reopen": lambda thing: thing.complete()}
    actions = ["delete_selected", *admin.site.get_model_admin(model).actions]

    for action in actions:
        thing = MAKE[model](alice)
        prepare.get(action, lambda thing: None)(thing)
        chosen = {"action": action, "_selected_action": [thing.pk], "post": "yes"}
        counted(lambda chosen=chosen: desk.post(admin_url(model), chosen))


def test_an_inline_is_no_way_around(counted, alice, model):
    thing = MAKE[model](alice)
    Inline = inlineformset_factory(User, model, fk_name="owner", fields=[name_of(model)], extra=1)
    stem = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 1, "form-0-id": thing.pk, "form-0-owner": alice.pk}

    def save(values: dict) -> None:
        formset = Inline({**stem, **values}, instance=alice, prefix="form")
        assert formset.is_valid(), formset.errors
        formset.save()

    counted(lambda: save({f"form-0-{name_of(model)}": "A", f"form-1-{name_of(model)}": "B"}), writes=2)
    counted(lambda: save({f"form-0-{name_of(model)}": "A", "form-0-DELETE": "on"}))


def test_commands_are_no_way_around(alice, thing, settings, counted, capsys):
    thing.delete()
    settings.TRASH_DAYS = 0
    counted(lambda: call_command("purge"))

    call_command("seed")

    demo = User.objects.get(email="demo@example.com")
    stamps = {stamp for _, stamp in all_rows(demo).values()}
    assert stamps
    assert max(stamps) == demo.revision

"""No page shows Alice's data to others: the browsable API, the admin without permissions, and all other pages."""

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client as Browser
from django.utils.http import urlsafe_base64_encode

from testing.callers import Caller, Told, asked_by, browsers, probe, protected_by, protections
from testing.probes import Question, fill_in, ids_of, pages, sample, size
from testing.resources import RESOURCES
from testing.routes import ADMIN, PAGES, ROUTES
from testing.world import World, stored
from users.models import ApiToken, User

# Of all that has an id, whatever the page is about.
IDS = ("missing", *(name for model in RESOURCES for name in ids_of(model)), "user")


@pytest.mark.parametrize("protection", protections())
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_page_of_the_api_shows_nothing_of_another(route, protection, world, bob, operator, settings, proved):
    every = pages(route)

    with protected_by(protection, settings):
        for name, asked in asked_by(browsers(protection), protection, every, str(route)):
            probe(Caller.of(name, world, bob, operator), route, asked)
            proved("isolation", size(asked), size(every))


ADMINS = [admin.site.get_model_admin(model) for model in RESOURCES if RESOURCES[model].is_in_admin]


def admin_questions(path: str) -> Iterator[Question]:
    """Its page, its form, and what a list takes besides."""
    url = "/" + re.sub(r"<[^>]*>|\(.*\)", "{value}", path).replace("^", "").replace("$", "")
    for method in ("GET", "POST"):
        yield Question("page", method, url, IDS, {"post": "yes"} if method == "POST" else None)
    for query in ("q={value}", "id__exact={value}", "owner__id__exact={value}", "o=1"):
        yield Question("filter", "GET", f"{url}?{query}", IDS)
    if path == "admin/autocomplete/":
        for opts, field in ((each.opts, name) for each in ADMINS for name in each.autocomplete_fields):
            query = f"app_label={opts.app_label}&model_name={opts.model_name}&field_name={field}"
            yield Question("autocomplete", "GET", f"{url}?{query}&term={{value}}", IDS)
    for action in sorted({"delete_selected"}.union(*(each.actions for each in ADMINS)), key=str):
        yield Question("action", "POST", url, IDS, {"action": action, "_selected_action": "{value}", "post": "yes"})


def ask(browser: Browser, question: Question, value: str) -> Told:
    browser.cookies.pop("messages", None)  # of the question before
    send = getattr(browser, question.method.lower())
    body = {} if question.body is None else {"data": fill_in(question.body, {"value": value})}
    response = send(fill_in(question.path, {"value": value}), **body, headers={"X-Request-ID": "probe"})
    said = {**response.headers, "messages": str(response.cookies.get("messages", ""))}
    return Told(response.status_code, said, response.content.decode()).without(value)


def sign_in(name: str, bob: User) -> Browser:
    browser = Browser()
    if name != "nobody":
        User.objects.filter(pk=bob.pk).update(is_staff=name == "staff without rights")
        browser.force_login(bob)
    return browser


@pytest.mark.parametrize("name", ["nobody", "no staff", "staff without rights"])
@pytest.mark.parametrize("path", [path for path in ADMIN if path != "admin/logout/"])
def test_the_admin_tells_nothing_to_who_has_no_rights(path, name, world, bob, proved):
    browser, before = sign_in(name, bob), stored(world.alice)
    every = list(admin_questions(path))
    asked = sample(every, f"{path} {name}", share=64, of_each=False)
    proved("isolation", size(asked), size(every))

    for question in asked:
        told = [ask(browser, question, world.values[each]) for each in question.values]
        for each, response in zip(question.values, told, strict=True):
            case = f"{question}, {each}"
            assert not world.leaks(response.text), case
            assert response == told[0], case
            assert response.status < 500, case

    assert stored(world.alice) == before


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", PAGES)
def test_all_other_pages_are_the_same_whoever_is_named(path, method, world: World, bob):
    browser, before = sign_in("no staff", bob), stored(world.alice)
    url = "/" + path.replace("<uidb64>", "{uid}").replace("<token>", "x-y").replace("<id:pk>", "{value}")
    body = {"post": "yes"} if method == "POST" else None

    told = []
    for name in ("missing", "user", *ids_of(ApiToken), "app password"):
        uid = urlsafe_base64_encode(world.values[name].encode())
        told.append(ask(browser, Question("page", method, url.replace("{uid}", uid), (), body), world.values[name]))

    assert [each for each in told if each != told[0]] == []
    assert not world.leaks(told[1].text)
    assert stored(world.alice) == before

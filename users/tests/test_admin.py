import re
from html import unescape
from urllib.parse import parse_qs

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser

from testing.client import PASSWORD, Client
from todos.models import Task
from users.admin import UserAdmin
from users.models import ApiToken, User

USERS, TOKENS = "/admin/users/user/", "/admin/users/apitoken/"
NEW = "another horse battery"


def shown(response) -> list[str]:
    """The rows of a list, as text."""
    assert response.status_code == 200
    return [str(row) for row in response.context["cl"].result_list]


def offered_filters(response) -> set[str]:
    links = re.findall(r'href="\?([^"]+)"', response.content.decode())
    names = {name for link in links for name in parse_qs(unescape(link))}
    return {name for name in names if name.endswith(("__exact", "__gte", "__isnull"))}


def errors(response) -> dict:
    assert response.status_code == 200
    return {name: list(texts) for name, texts in response.context["adminform"].form.errors.items()}


def as_sent(page) -> dict[str, str]:
    """What a browser sends of the form on this page."""
    fields = {}
    for tag in re.findall("<input [^>]*>", page.content.decode()):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes["type"] != "submit" and (attributes["type"] != "checkbox" or " checked" in tag):
            fields[attributes["name"]] = attributes.get("value", "")
    return fields


def test_the_users_are_listed_by_address(desk, bob, alice):
    assert shown(desk.get(USERS)) == ["alice@example.com", "bob@example.com", "operator@example.com"]


@pytest.mark.parametrize("q", ["ALICE@", "alice@example.com", "wonder"])
def test_users_are_found_by_address_and_name(desk, alice, bob, q):
    User.objects.filter(pk=alice.pk).update(name="Alice Wonderland")

    assert shown(desk.get(USERS, {"q": q})) == ["alice@example.com"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"is_staff__exact": 1}, ["operator@example.com"]),
        ({"is_active__exact": 0}, ["bob@example.com"]),
        ({"created_at__gte": "2100-01-01 00:00:00+00:00"}, []),
    ],
)
def test_users_are_filtered(desk, alice, bob, query, found):
    User.objects.filter(pk=bob.pk).update(is_active=False)

    assert offered_filters(desk.get(USERS)) == {"is_active__exact", "is_staff__exact", "created_at__gte"}
    assert shown(desk.get(USERS, query)) == found


ADD = {"email": "Carol@Example.COM", "name": "Carol", "timezone": "America/Lima"}


def test_a_user_can_be_added(desk):
    form = {**ADD, "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}

    assert desk.get(f"{USERS}add/").status_code == 200
    assert desk.post(f"{USERS}add/", form).status_code == 302

    carol = User.objects.get(email="carol@example.com")
    assert (carol.name, carol.timezone, carol.is_staff) == ("Carol", "America/Lima", False)
    assert carol.check_password(PASSWORD)


def test_a_user_can_be_added_without_a_password(desk):
    assert desk.post(f"{USERS}add/", {**ADD, "usable_password": "false"}).status_code == 302

    assert not User.objects.get(email="carol@example.com").has_usable_password()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"email": "ALICE@example.com"}, {"email": ["An account with this email address already exists."]}),
        ({"email": "carol"}, {"email": ["Enter a valid email address."]}),
        ({"timezone": "Mars"}, {"timezone": ["Enter an IANA time zone, such as Europe/Zurich."]}),
        ({"password2": ""}, {"password2": ["This field is required."]}),
        (
            {"password1": "horse 7", "password2": "horse 7"},
            {"password2": ["This password is too short. It must contain at least 8 characters."]},
        ),
    ],
)
def test_a_user_is_added_by_the_same_rules_as_by_the_api(desk, alice, change, expected):
    form = {**ADD, "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD, **change}

    response = desk.post(f"{USERS}add/", form)

    assert errors(response) == expected
    assert User.objects.count() == 2


def form_of(user: User) -> dict:
    return {"email": user.email, "name": user.name, "timezone": user.timezone, "is_active": "on"}


def test_a_changed_address_is_kept_in_lower_case(desk, alice):
    response = desk.post(f"{USERS}{alice.pk}/change/", {**form_of(alice), "email": "Alice.L@Example.COM"})

    assert response.status_code == 302
    assert User.objects.filter(email="alice.l@example.com").exists()


def test_an_address_can_not_be_changed_to_anothers(desk, alice, bob):
    response = desk.post(f"{USERS}{alice.pk}/change/", {**form_of(alice), "email": "BOB@example.com"})

    assert errors(response) == {"email": ["An account with this email address already exists."]}


@pytest.mark.parametrize(
    "form",
    [
        {"usable_password": "true", "password1": NEW, "password2": NEW, "set-password": "x"},
        {"usable_password": "false", "unset-password": "x"},
    ],
    ids=["another", "none"],
)
def test_another_password_ends_the_users_tokens_and_sessions(desk, api, bobs_api, alice, form):
    browser = Browser()
    browser.force_login(alice)

    assert desk.post(f"{USERS}{alice.pk}/password/", form).status_code == 302

    assert api.get("/me/").status_code == 401
    assert browser.get("/api/v1/me/").status_code == 401
    assert not User.objects.get(pk=alice.pk).check_password(PASSWORD)
    assert bobs_api.get("/me/").status_code == 200


def test_a_password_that_was_set_meanwhile_stays(desk, alice, monkeypatch):
    stale = desk.get(f"{USERS}{alice.pk}/change/").context["original"]
    alice.set_password(NEW)
    alice.save()
    monkeypatch.setattr(UserAdmin, "get_object", lambda *args: stale)

    form = {"email": alice.email, "name": "Renamed", "timezone": "UTC", "is_active": "on", "is_confirmed": "on"}
    response = desk.post(f"{USERS}{alice.pk}/change/", form)

    alice.refresh_from_db()
    assert (response.status_code, alice.name, alice.check_password(NEW)) == (302, "Renamed", True)


def test_what_the_user_changed_since_the_page_was_opened_stays(desk, api, alice):
    url = f"{USERS}{alice.pk}/change/"
    opened = as_sent(desk.get(url))
    api.patch("/me/", {"timezone": "America/New_York", "reminders_by_email": False})

    response = desk.post(url, {**opened, "name": "Alice A.", "is_staff": "on"})

    alice.refresh_from_db()
    assert response.status_code == 302
    assert (alice.name, alice.is_staff) == ("Alice A.", True)
    assert (alice.timezone, alice.reminders_by_email) == ("America/New_York", False)


def test_deleting_a_user_erases_all_data(desk, api, bobs_api, alice, bob, task, bobs_task):
    assert desk.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 302

    assert not User.objects.filter(pk=alice.pk).exists()
    assert list(Task.objects.all()) == [bobs_task]
    assert list(ApiToken.objects.all()) == [bobs_api.token]


def test_the_page_of_a_user_shows_no_hash(desk, alice):
    page = desk.get(f"{USERS}{alice.pk}/change/").content.decode()

    assert alice.email in page
    assert alice.password.split("$")[-1] not in page


def test_the_tokens_are_listed_the_newest_first(desk, api, bobs_api):
    assert shown(desk.get(TOKENS)) == [str(bobs_api.token), str(api.token)]


@pytest.mark.parametrize("q", ["ALICE@", "phone", "prefix"])
def test_tokens_are_found_by_owner_name_and_prefix(desk, alice, bobs_api, q):
    token, secret = ApiToken.issue(alice, "phone")

    assert shown(desk.get(TOKENS, {"q": secret[:12] if q == "prefix" else q})) == [str(token)]


def test_tokens_are_filtered(desk, api, alice):
    expiring = Client(alice, expires_at="2100-01-01T00:00:00Z").token

    offered = {"kind__exact", "created_at__gte", "expires_at__gte", "expires_at__isnull"}
    assert offered_filters(desk.get(TOKENS)) == offered
    assert shown(desk.get(TOKENS, {"expires_at__isnull": "False"})) == [str(expiring)]
    assert shown(desk.get(TOKENS, {"expires_at__isnull": "True"})) == [str(api.token)]


@pytest.mark.parametrize("page", ["", "{pk}/change/", "{pk}/delete/", "{pk}/history/"])
def test_no_page_shows_what_a_token_is_signed_in_with(desk, api, page):
    response = desk.get(TOKENS + page.format(pk=api.token.pk))

    text = response.content.decode()
    assert response.status_code == 200
    assert api.token.prefix in text
    assert api.secret not in text
    assert api.token.digest not in text


def test_tokens_are_not_made_here(desk, alice):
    form = {"name": "mine", "owner": alice.pk}

    assert desk.get(f"{TOKENS}add/").status_code == 403
    assert desk.post(f"{TOKENS}add/", form).status_code == 403
    assert not ApiToken.objects.exists()


def test_tokens_are_not_changed_here(desk, api):
    response = desk.post(f"{TOKENS}{api.token.pk}/change/", {"name": "mine", "scopes": '["read"]'})

    assert response.status_code == 403
    api.token.refresh_from_db()
    assert (api.token.name, api.token.scopes) == ("test", ["read", "write"])


@pytest.mark.parametrize("by", ["page", "action"])
def test_deleting_a_token_revokes_it(desk, api, bobs_api, by):
    pk = api.token.pk
    url = TOKENS if by == "action" else f"{TOKENS}{pk}/delete/"

    response = desk.post(url, {"post": "yes", "action": "delete_selected", "_selected_action": [pk]})

    assert response.status_code == 302
    assert api.get("/me/").status_code == 401
    assert bobs_api.get("/me/").status_code == 200


PAGES = [
    USERS,
    f"{USERS}add/",
    f"{USERS}{{user}}/change/",
    f"{USERS}{{user}}/password/",
    TOKENS,
    f"{TOKENS}{{token}}/change/",
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_no_staff_is_sent_to_the_sign_in(api, alice, page, method):
    browser = Browser()
    browser.force_login(alice)
    url = page.format(user=alice.pk, token=api.token.pk)

    response = getattr(browser, method)(url)

    assert response.status_code == 302
    assert response["Location"] == f"/admin/login/?next={url}"


@pytest.mark.parametrize("page", PAGES)
def test_staff_without_permission_is_refused(api, alice, page):
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    browser = Browser()
    browser.force_login(alice)

    response = browser.get(page.format(user=alice.pk, token=api.token.pk))

    assert response.status_code == 403


def test_staff_that_may_only_look_changes_nothing(api, alice, bob):
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "view_apitoken"]))
    browser = Browser()
    browser.force_login(alice)

    assert browser.get(f"{USERS}{bob.pk}/change/").status_code == 200
    assert browser.post(f"{USERS}{bob.pk}/change/", form_of(bob)).status_code == 403
    assert browser.post(f"{USERS}{bob.pk}/password/", {"password1": NEW, "password2": NEW}).status_code == 403
    assert browser.post(f"{TOKENS}{api.token.pk}/delete/", {"post": "yes"}).status_code == 403

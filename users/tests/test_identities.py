"""The accounts of users who sign in at an identity provider."""

from contextlib import suppress

import pytest
from django.db import IntegrityError

from testing.client import PASSWORD, Client
from testing.issuers import NAME
from testing.races import in_parallel
from testing.responses import instant
from users.models import Identity, IdentityQuerySet, User

ALICES = {"email": "alice@example.com", "email_verified": True}


def email_of(client: Client) -> str:
    return client.get("/me/").json()["email"]


def test_the_first_sight_makes_an_account(sign_in):
    client = sign_in(sub="user-1", **ALICES)

    response = client.get("/me/")

    identity = Identity.objects.get()
    assert (identity.issuer, identity.subject) == (NAME, "user-1")
    assert response.json() == {
        "id": str(identity.owner_id),
        "email": "alice@example.com",
        "name": "",
        "timezone": "UTC",
        "reminders_by_email": True,
        "created_at": instant(identity.owner.created_at),
        "revision": 0,
    }
    assert not identity.owner.has_usable_password()
    assert not identity.owner.is_staff


def test_the_next_finds_it_again(sign_in):
    first = sign_in("ed", **ALICES).get("/me/").json()

    second = sign_in("rsa", email="new@example.com", email_verified=True).get("/me/").json()

    assert second == first
    assert User.objects.count() == 1


@pytest.mark.parametrize("subject", ["user-2", "USER-1", "user-1 ", "user"])
def test_another_subject_is_another_person(sign_in, subject):
    mine = sign_in(sub="user-1").post("/tasks/", {"title": "canary"}).json()["id"]

    other = sign_in(sub=subject)

    assert other.get(f"/tasks/{mine}/").status_code == 404
    assert other.get("/tasks/").json()["results"] == []


def test_the_same_subject_of_another_issuer_is_another_person(issuer, sign_in, settings):
    first = sign_in().get("/me/").json()["id"]
    settings.JWT_ISSUER = "https://another.example"

    second = sign_in(iss="https://another.example").get("/me/").json()["id"]

    assert second != first


@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@Example.com"])
@pytest.mark.parametrize("verified", [True, False, None, "true", 1])
def test_the_account_that_has_the_address_already_is_not_theirs(sign_in, alice, task, email, verified):
    client = sign_in(email=email, email_verified=verified)

    response = client.get("/me/").json()

    assert response["id"] != str(alice.id)
    assert response["email"].endswith("@identity.invalid")
    assert client.get("/tasks/").json()["results"] == []
    assert not Identity.objects.filter(owner=alice).exists()


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": "eve@example.com"},
        {"email": "eve@example.com", "email_verified": False},
        {"email": "eve@example.com", "email_verified": "true"},
        {"email": "eve@example.com", "email_verified": 1},
        {"email": "eve@example.com", "email_verified": False, "emailVerified": True},
        {"email": "", "email_verified": True},
        {"email": 5, "email_verified": True},
        {"email": ["eve@example.com"], "email_verified": True},
        {"email": "eve", "email_verified": True},
        {"email": "eve\0@example.com", "email_verified": True},
        {"email": "eve@example.com\n", "email_verified": True},
        {"email": "\ud800@example.com", "email_verified": True},
        {"email": "eve@İstanbul.example", "email_verified": True},
        {"email": f"eve@{'x' * 60}.{'x' * 60}.{'x' * 60}.{'x' * 60}.{'x' * 60}.com", "email_verified": True},
    ],
    ids=ascii,
)
def test_without_a_verified_address_it_gets_one_that_no_mail_reaches(sign_in, claims):
    client = sign_in(**claims)

    assert email_of(client) == f"{email_of(client).split('@')[0]}@identity.invalid"
    assert User.objects.count() == 1


def test_better_auth_says_it_in_its_own_way(sign_in):
    assert email_of(sign_in(email="eve@example.com", emailVerified=True)) == "eve@example.com"
    assert email_of(sign_in(sub="user-2", email="bob@example.com", emailVerified=False)) != "bob@example.com"


def test_an_address_is_kept_in_lower_case(sign_in):
    assert email_of(sign_in(email="Eve@Example.COM", email_verified=True)) == "eve@example.com"


def test_nobody_signs_in_to_it_with_a_password(sign_in, anonymous):
    sign_in(**ALICES).get("/me/")

    for password in ("", "!", PASSWORD, User.objects.get().password):
        response = anonymous.post("/auth/login/", {"email": "alice@example.com", "password": password})
        assert response.status_code in (400, 401)


def test_nobody_registers_its_address_again(sign_in, anonymous):
    sign_in(**ALICES).get("/me/")

    response = anonymous.post("/auth/register/", {"email": "alice@example.com", "password": PASSWORD})

    assert response.status_code == 400
    assert User.objects.count() == 1


def test_whom_the_issuer_lets_in_may_come_when_sign_up_is_closed(sign_in, settings):
    settings.ALLOW_SIGN_UP = False

    assert sign_in().get("/me/").status_code == 200


def test_what_is_written_is_theirs(sign_in):
    sign_in().post("/tasks/", {"title": "Buy milk"})

    assert [task["title"] for task in sign_in().get("/tasks/").json()["results"]] == ["Buy milk"]
    assert sign_in().get("/me/").json()["revision"] == 1


@pytest.mark.parametrize("claims", [{}, ALICES])
def test_a_race_at_first_sight_that_is_lost_finds_the_winners_account(sign_in, monkeypatch, claims):
    find = IdentityQuerySet.find
    winner = sign_in(**claims)
    finds = []

    def find_and_lose_time(self, *args):
        found = find(self, *args)
        finds.append(found)
        if len(finds) == 1:
            winner.get("/me/")
        return found

    monkeypatch.setattr(IdentityQuerySet, "find", find_and_lose_time)

    response = sign_in(**claims).get("/me/")

    assert finds[0] is None
    assert response.status_code == 200
    assert response.json()["id"] == str(User.objects.get().id)
    assert Identity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("claims", [{}, ALICES])
def test_many_first_sights_at_once_make_one_account(sign_in, claims):
    client = sign_in(**claims)

    responses = in_parallel(8, lambda number: client.get("/me/"))

    assert {response.status_code for response in responses} == {200}
    assert {response.json()["id"] for response in responses} == {str(User.objects.get().id)}
    assert Identity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_with_one_address_at_once_are_two_accounts(sign_in):
    clients = [sign_in(sub=f"user-{number}", **ALICES) for number in range(4)]

    emails = in_parallel(4, lambda number: email_of(clients[number]))

    assert User.objects.count() == Identity.objects.count() == 4
    assert emails.count("alice@example.com") == 1


def test_a_subject_is_tied_to_one_account(alice, bob):
    Identity.objects.create(owner=alice, issuer=NAME, subject="user-1")

    with pytest.raises(IntegrityError):
        Identity.objects.create(owner=bob, issuer=NAME, subject="user-1")


def test_another_fault_of_the_database_is_no_second_try(monkeypatch, db):
    tries = []

    def fail(*args, **kwargs):
        tries.append(args)
        raise IntegrityError

    monkeypatch.setattr(User.objects, "create_user", fail)
    with suppress(IntegrityError):
        Identity.objects.find_or_make(NAME, "user-1", "eve@example.com")

    assert len(tries) == 2  # with the address, and without

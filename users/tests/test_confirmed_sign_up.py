"""Sign-up where the operator wants addresses to be confirmed (CONFIRM_SIGN_UP)."""

import pytest
from django.contrib.auth import authenticate
from django.test import Client as Browser

from testing.client import PASSWORD
from testing.emails import link_in, sent
from testing.problems import assert_problem, refused
from testing.responses import WRONG_SIGN_IN
from users.models import ApiToken, User

CAROL = {"email": "carol@example.com", "password": PASSWORD}
NEW = "another horse battery"


@pytest.fixture(autouse=True)
def _confirm_sign_up(settings):
    settings.CONFIRM_SIGN_UP = True


def register(client, **changes):
    return client.post("/auth/register/", {**CAROL, **changes}, HTTP_X_REQUEST_ID="same")


def use(client, mail):
    return client.post("/auth/password-reset/confirm/", {**link_in(mail).proof, "new_password": NEW})


def sign_in(client, password: str = NEW):
    return client.post("/auth/login/", {"email": CAROL["email"], "password": password})


def test_an_account_is_made_and_a_link_mailed(anonymous):
    response = register(anonymous, name="Carol", timezone="America/Lima")

    carol, (mail,) = User.objects.get(), sent()
    assert (response.status_code, response.content) == (202, b"")
    assert (carol.email, carol.name, carol.timezone) == ("carol@example.com", "Carol", "America/Lima")
    assert (mail.to, mail.subject) == (["carol@example.com"], "Your account at https://todo.example.com")
    assert link_in(mail).root == "https://todo.example.com"
    assert not ApiToken.objects.exists()


def test_until_the_link_is_used_no_sign_in_works(anonymous):
    register(anonymous)

    response = sign_in(anonymous, PASSWORD)

    assert response.status_code == 401
    assert_problem(response, *WRONG_SIGN_IN)
    assert not Browser().login(username=CAROL["email"], password=PASSWORD)


def test_an_operator_who_sets_a_password_does_not_confirm_the_address(anonymous):
    register(anonymous)
    carol = User.objects.get()
    carol.set_password(NEW)
    carol.save()

    assert sign_in(anonymous).status_code == 401


def test_the_link_sets_the_password_and_lets_in(anonymous):
    register(anonymous)

    assert use(anonymous, sent()[0]).status_code == 204

    assert sign_in(anonymous).status_code == 200
    assert refused(use(anonymous, sent()[0])) == [("token", "invalid")]


def test_whoever_registered_somebody_elses_address_gets_nowhere(anonymous):
    """The password is the one of whoever reads the mail."""
    register(anonymous, password="the password of eve")

    use(anonymous, sent()[0])

    assert sign_in(anonymous, "the password of eve").status_code == 401
    assert sign_in(anonymous).status_code == 200


def test_a_link_for_a_new_password_confirms_as_well(anonymous):
    register(anonymous)
    anonymous.post("/auth/password-reset/", {"email": CAROL["email"]})

    use(anonymous, sent()[1])

    assert sign_in(anonymous).status_code == 200


def test_to_register_once_more_mails_once_more(anonymous):
    register(anonymous)
    register(anonymous, email="CAROL@example.com", name="Eve")

    assert User.objects.get().name == ""
    assert [mail.to for mail in sent()] == [["carol@example.com"]] * 2
    assert use(anonymous, sent()[1]).status_code == 204


def test_an_address_that_is_taken_gets_the_same_response_and_stays_as_it_was(anonymous, api, alice):
    before = User.objects.filter(pk=alice.pk).values().get()
    new = register(anonymous)

    taken = register(anonymous, email="Alice@example.com", name="Eve", timezone="Asia/Tokyo")

    assert (taken.status_code, dict(taken.headers), taken.content) == (202, dict(new.headers), new.content)
    assert User.objects.filter(pk=alice.pk).values().get() == before
    assert authenticate(username=alice.email, password=PASSWORD) == alice
    assert [mail.to for mail in sent()] == [["carol@example.com"], ["alice@example.com"]]


def test_who_was_switched_off_gets_the_same_response_and_no_mail(anonymous, alice):
    alice.is_active = False
    alice.save()

    assert register(anonymous, email="alice@example.com").status_code == 202

    assert sent() == []


def test_bad_values_are_refused_as_ever(anonymous):
    assert refused(register(anonymous, email="carol", password="short")) == [("email", "invalid")]
    assert refused(register(anonymous, password="short")) == [("password", "password_too_short")]
    assert not User.objects.exists()


def test_sign_up_can_be_closed_all_the_same(anonymous, settings):
    settings.ALLOW_SIGN_UP = False

    assert register(anonymous).json()["code"] == "sign_up_closed"
    assert sent() == []


def test_accounts_from_before_are_confirmed(api, alice, anonymous):
    assert alice.is_confirmed
    assert api.get("/me/").status_code == 200

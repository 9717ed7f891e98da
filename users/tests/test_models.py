from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from testing.client import PASSWORD
from users import models
from users.models import ApiToken, User

MIXED = "Carol@Example.COM"


def create_user(email):
    User.objects.create_user(email, PASSWORD)


def create_superuser(email):
    User.objects.create_superuser(email, PASSWORD)


def save(email):
    User(email=email).save()


def bulk_create(email):
    User.objects.bulk_create([User(email=email)])


def update(email):
    user = User.objects.create_user("dora@example.com")
    User.objects.filter(pk=user.pk).update(email=email)


def save_a_change(email):
    user = User.objects.create_user("dora@example.com")
    user.email = email
    user.save()


def createsuperuser(email):
    call_command("createsuperuser", email=email, interactive=False, stdout=StringIO(), stderr=StringIO())


# The API and the admin are in their own files.
WRITERS = [create_user, create_superuser, save, bulk_create, update, save_a_change, createsuperuser]


@pytest.mark.django_db
@pytest.mark.parametrize("write", WRITERS)
def test_an_address_is_kept_in_lower_case_whoever_writes_it(write):
    write(MIXED)

    assert User.objects.values_list("email", flat=True).get() == "carol@example.com"


@pytest.mark.django_db
@pytest.mark.parametrize("write", WRITERS)
def test_an_address_is_unique_without_regard_to_case_whoever_writes_it(alice, write):
    with pytest.raises((IntegrityError, CommandError)), transaction.atomic():
        write("ALICE@Example.com")

    assert list(User.objects.all()) == [alice]


def test_the_database_itself_refuses_another_case(alice):
    with pytest.raises(IntegrityError, match="user_email_lowercase"), connection.cursor() as cursor:
        cursor.execute("UPDATE users_user SET email = 'Alice@example.com'")


@pytest.mark.parametrize("email", ["alice@example.com", "ALICE@Example.com"])
def test_a_user_is_found_without_regard_to_case(alice, email):
    assert User.objects.get(email=email) == alice
    assert User.objects.get_by_natural_key(email) == alice
    assert User.objects.get_or_create(email=email) == (alice, False)
    assert User.objects.filter(email__in=[email]).exists()


@pytest.mark.parametrize("name", ["UTC", "Europe/Zurich", "America/Argentina/Buenos_Aires", "Etc/GMT+12"])
def test_the_names_of_the_iana_are_time_zones(alice, name):
    alice.timezone = name

    alice.full_clean()


OTHER_NAMES = ["Mars/Olympus", "europe/zurich", "Europe", "Europe/", " UTC", "+02:00", "../UTC", "/UTC", "UTC\0"]


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_other_names_are_not(alice, name):
    alice.timezone = name

    with pytest.raises(ValidationError) as error:
        alice.full_clean()

    assert error.value.message_dict["timezone"][-1] == "Enter an IANA time zone, such as Europe/Zurich."


@pytest.fixture
def zones_of_the_machine(monkeypatch):
    monkeypatch.setattr(models, "available_timezones", lambda: {"UTC", "localtime"})
    models.known_timezones.cache_clear()
    yield
    models.known_timezones.cache_clear()


@pytest.mark.usefixtures("zones_of_the_machine")
def test_the_zone_of_the_machine_is_not():
    with pytest.raises(ValidationError):
        models.validate_timezone("localtime")


def test_a_user_without_password_can_not_sign_in(db, client):
    dora = User.objects.create_user("dora@example.com")

    assert not dora.has_usable_password()
    assert not client.login(username="dora@example.com", password="")


def test_what_is_owned_by_nobody_is_nothing(api, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert list(ApiToken.objects.owned_by(AnonymousUser())) == []


def test_an_id_tells_when_its_row_was_made(alice, bob):
    assert (alice.id.version, bob.id.version) == (7, 7)
    assert alice.id < bob.id


def test_the_name_of_a_token_is_not_its_secret(api):
    assert str(api.token) == f"test ({api.secret[:12]}…)"

"""That a database server elsewhere proves who it is, by an authority of this system's."""

import os
import subprocess
import sys

import psycopg2
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import values
from testing.tls import GREETING, NAME, Authority, TlsPostgres


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    """As on most machines: the variables that would hide where libpq looks aren't set."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "PGHOST", "PGHOSTADDR", "PGSERVICE", "PGSSLMODE", "PGSSLROOTCERT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def server(authority):
    with TlsPostgres(authority) as server:
        yield server


@pytest.fixture
def store(authority, monkeypatch):
    """The system's store has this authority."""
    monkeypatch.setattr(values, "BUNDLES", (str(authority.bundle),))


def refusal(url: str) -> str:
    """Why no connection comes about."""
    config = values.database(url, "DATABASE_URL")
    given = {"host": config["HOST"], "user": config["USER"], "dbname": config["NAME"], **config["OPTIONS"]}
    with pytest.raises(psycopg2.OperationalError) as error:
        psycopg2.connect(**{name: value for name, value in given.items() if value})
    return str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://u@{NAME}/db?",
        f"postgres://u@/db?host={NAME}&",
        f"postgres://u@{NAME}/db?sslmode=verify-full&",
        f"postgres://u@{NAME}/db?sslmode=verify-ca&",
        f"postgres://u@{NAME}/db?sslmode=verify-full&sslrootcert=system&",
    ],
)
def test_a_server_whose_authority_the_system_knows_is_believed(server, store, url):
    assert GREETING in refusal(url + server.where)


def test_a_server_of_another_authority_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(values, "BUNDLES", (str(Authority(tmp_path, "another").bundle),))

    assert "certificate verify failed" in refusal(f"postgres://u@{NAME}/db?{server.where}")


def test_the_systems_own_store_does_not_know_everybody(server):
    assert "certificate verify failed" in refusal(f"postgres://u@{NAME}/db?{server.where}")


def test_a_server_of_another_name_is_refused(server, store):
    said = refusal(f"postgres://u@other.example/db?{server.where}")

    assert f'server certificate for "{NAME}" does not match host name "other.example"' in said


def test_an_authority_of_ones_own_stands_in_the_url(server, authority):
    assert GREETING in refusal(f"postgres://u@{NAME}/db?sslrootcert={authority.bundle}&{server.where}")


def test_what_the_environment_names_wins(server, authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))

    assert GREETING in refusal(f"postgres://u@{NAME}/db?{server.where}")


def test_a_variable_that_names_nothing_hides_no_store(server, store, monkeypatch):
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")

    assert GREETING in refusal(f"postgres://u@{NAME}/db?{server.where}")


@pytest.mark.parametrize("url", ["postgres://u:canary@db.example/db", "postgres://u:canary@/db?host=db.example"])
def test_without_a_store_it_stops_by_name_with_the_remedy(monkeypatch, url):
    monkeypatch.setattr(values, "BUNDLES", ())
    monkeypatch.setattr(values.ssl, "get_default_verify_paths", lambda: values.ssl.DefaultVerifyPaths(*[None] * 6))
    monkeypatch.setitem(sys.modules, "certifi", None)

    with pytest.raises(ImproperlyConfigured) as error:
        values.database(url, "DATABASE_URL_UNPOOLED")

    assert str(error.value) == (
        "DATABASE_URL_UNPOOLED names a server on another machine, and this one has no certificate authorities to "
        "verify it with. Install the package ca-certificates, or name a file: …?sslrootcert=/path/to/authority.crt"
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u@/db?host=10.0.0.7",
        "postgres://u@localhost/db?hostaddr=10.0.0.7",
        "postgres://u@/db?hostaddr=10.0.0.7",
        "postgres://u@/db?host=localhost,10.0.0.7",
        "postgres://u@/db?service=production",
    ],
)
def test_a_server_elsewhere_is_one_however_it_is_named(url):
    assert values.database(url, "DATABASE_URL")["OPTIONS"]["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u@/db",
        "postgres://u@localhost/db",
        "postgres://u@[::1]/db",
        "postgres://u@/db?host=/run/postgresql",
        "postgres://u@/db?host=localhost&hostaddr=127.0.0.1",
    ],
)
def test_on_this_machine_no_certificate_is_asked_for(url):
    assert values.database(url, "DATABASE_URL")["OPTIONS"] == {**values.POSTGRES, **options_of(url)}


def options_of(url: str) -> dict:
    return dict(part.split("=") for part in url.partition("?")[2].split("&") if part)


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE"])
def test_a_host_from_libpqs_own_environment_is_one_too(monkeypatch, name):
    monkeypatch.setenv(name, "10.0.0.7")

    assert values.database("postgres://u@/db", "DATABASE_URL")["OPTIONS"]["sslmode"] == "verify-full"
    assert "sslmode" not in values.database("postgres://u@localhost/db", "DATABASE_URL")["OPTIONS"]


def test_manage_migrate_believes_it_with_neither_variable_set(server, authority):
    """The whole way, with the authority in the URL: no test can put it into the system's store."""
    url = f"postgres://u:canary@{NAME}/db?sslrootcert={authority.bundle}&{server.where}"
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "k" * 50, "ENV_FILE": os.devnull, "DATABASE_URL": url}

    command = [sys.executable, "manage.py", "migrate"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)

    assert GREETING in done.stderr
    assert "canary" not in done.stderr

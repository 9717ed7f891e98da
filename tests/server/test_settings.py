import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import run_checks

from testing.environments import refusal, settings_of

ROOT = settings.BASE_DIR
PRODUCTION = {"SECRET_KEY": "k" * 25 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ENV_FILE": os.devnull}


FLY = tomllib.loads((ROOT / "fly.toml").read_text())


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run manage.py with this environment only."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_lists_every_setting_and_no_other():
    example = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert sorted(example) == sorted([*settings.VARIABLES, *settings.SERVER_VARIABLES])


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"DEBUG": "ture"}, "DEBUG can't be read from the environment: it has to be true or false"),
        ({"ALLOW_SIGN_UP": ""}, "ALLOW_SIGN_UP"),
        ({"TOKEN_LIFETIME_DAYS": "a month"}, "TOKEN_LIFETIME_DAYS can't be read from the environment: it has to be a"),
        ({"TOKEN_LIFETIME_DAYS": "99999999"}, "TOKEN_LIFETIME_DAYS"),
        ({"TRASH_DAYS": "-1"}, "TRASH_DAYS can't be read from the environment: it has to be a whole number from 1"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"DATABASE_URL": "mysqll://x"}, "DATABASE_URL isn't"),
        ({"DATABASE_URL": "mysql://u:canary@x/d"}, "DATABASE_URL is neither for SQLite nor for Postgres"),
        ({"DATABASE_URL_UNPOOLED": "mysqll://x"}, "DATABASE_URL_UNPOOLED isn't"),
        ({"ROW_LEVEL_SECURITY": "maybe"}, "ROW_LEVEL_SECURITY"),
        ({"JWT_ISSUER": "https://i.example"}, "JWT_AUDIENCE, JWT_JWKS_URL: not set"),
        ({"JWT_ISSUER": "https://i.example", "JWT_JWKS_URL": "https://i.example/"}, "JWT_AUDIENCE: not set"),
        ({"JWT_AUDIENCE": "todo", "JWT_JWKS_URL": "https://i.example/"}, "JWT_ISSUER: not set"),
        ({"JWT_JWKS_URL": "http://i.example/jwks"}, "JWT_JWKS_URL can't be read from the environment: it has to be an"),
        ({"JWT_JWKS_URL": "http://localhost.evil.example/"}, "JWT_JWKS_URL"),
        ({"JWT_JWKS_URL": "file:///etc/passwd"}, "JWT_JWKS_URL"),
        ({"JWT_JWKS_URL": "https://"}, "JWT_JWKS_URL"),
        ({"JWT_JWKS_URL": "https://i.example:port/"}, "JWT_JWKS_URL"),
        ({"JWT_JWKS_URL": "https://i.example/a b"}, "JWT_JWKS_URL"),
        ({"CORS_ALLOWED_ORIGINS": "*"}, "CORS_ALLOWED_ORIGINS can't be read from the environment: '*' isn't an origin"),
        ({"CORS_ALLOWED_ORIGINS": "null"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "app.example.com"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.com/"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.com,https://*.com"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://*"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://app.*.com"}, "CORS_ALLOWED_ORIGINS"),
        ({"FORCE_SCRIPT_NAME": "todo"}, "FORCE_SCRIPT_NAME can't be read from the environment: it has to look like"),
        ({"FORCE_SCRIPT_NAME": "/todo/"}, "FORCE_SCRIPT_NAME"),
        ({"CORS_ALLOWED_ORIGINS": "https://app.example.com https://b.example"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://App.example.com"}, "CORS_ALLOWED_ORIGINS"),
        ({"CORS_ALLOWED_ORIGINS": "https://user@app.example.com"}, "CORS_ALLOWED_ORIGINS"),
        (
            {"ALLOWED_HOSTS": "a.example, https://b.example"},
            "ALLOWED_HOSTS can't be read from the environment: 'https:",
        ),
        ({"CSRF_TRUSTED_ORIGINS": "app.example.com"}, "CSRF_TRUSTED_ORIGINS can't be read from the environment: 'app."),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES can't be read from the environment: it has to be a whole number"),
        ({"THROTTLE_USER": "600"}, "THROTTLE_USER can't be read from the environment: it has to look like 600/min"),
        ({"CACHE_URL": "memory"}, "CACHE_URL isn't the URL of a supported cache"),
        ({"CACHE_URL": "dummycache://"}, "CACHE_URL isn't the URL of a supported cache"),
        ({"CACHE_URL": "filecache://cache"}, "CACHE_URL isn't the URL of a supported cache"),
        ({"CACHE_URL": "redis://:canary@["}, "CACHE_URL isn't the URL of a supported cache"),
        ({"EMAIL_URL": "smtp+tls://u:canary@mail"}, "PUBLIC_URL is not set, and EMAIL_URL needs it"),
        (
            {"EMAIL_URL": "smpt://u:canary@mail", "PUBLIC_URL": "https://a.example"},
            "EMAIL_URL isn't the URL of a supported mail server",
        ),
        ({"PUBLIC_URL": "todo.example.com"}, "PUBLIC_URL can't be read from the environment: it has to look like"),
        ({"DEFAULT_FROM_EMAIL": "todo"}, "DEFAULT_FROM_EMAIL can't be read from the environment: it has to look like"),
        ({"CONFIRM_SIGN_UP": "True"}, "EMAIL_URL is not set, and CONFIRM_SIGN_UP needs it"),
    ],
)
def test_a_bad_value_stops_the_process_by_name(environment, message):
    *_, last = refusal(**{**PRODUCTION, **environment}).splitlines()

    assert f"ImproperlyConfigured: {message}" in last
    assert "canary" not in last


def test_the_mail_server_is_one_url():
    url = "smtp+tls://todo%40example.com:p%2Fw@mail.example.com"

    found = settings_of(**PRODUCTION, EMAIL_URL=url, PUBLIC_URL="https://todo.example.com/")

    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == ("mail.example.com", 587, True)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("todo@example.com", "p/w")
    assert (found["DEFAULT_FROM_EMAIL"], found["SENDS_MAIL"]) == ("noreply@todo.example.com", True)


@pytest.mark.parametrize(("debug", "backend"), [("True", "console"), ("False", "dummy")])
def test_without_a_mail_server_mails_are_printed_in_development_only(debug, backend):
    """In production a mail in the log would be a way into the account."""
    found = settings_of(**PRODUCTION, DEBUG=debug)

    assert found["EMAIL_BACKEND"] == f"django.core.mail.backends.{backend}.EmailBackend"
    assert found["SENDS_MAIL"] is (debug == "True")


@pytest.mark.parametrize("address", ["https://i.example/jwks?v=1", "http://localhost:3000/jwks", "http://[::1]/"])
def test_the_keys_of_an_identity_provider_come_by_https_or_from_this_machine(address):
    provider = {"JWT_ISSUER": "i", "JWT_AUDIENCE": "todo", "JWT_JWKS_URL": address}

    assert settings_of(**PRODUCTION, **provider)["JWT_JWKS_URL"] == address


def test_a_missing_secret_key_stops_the_process_by_name():
    done = manage("check", ENV_FILE=os.devnull)

    assert done.returncode == 1
    assert "ImproperlyConfigured: SECRET_KEY is not set" in done.stderr


def test_a_misspelt_name_in_the_env_file_stops_the_process(tmp_path: Path):
    env_file = tmp_path / "env"
    env_file.write_text("ALOW_SIGN_UP=False\n")

    done = manage("check", **{**PRODUCTION, "ENV_FILE": str(env_file)})

    assert done.returncode == 1
    assert "ImproperlyConfigured: env sets ALOW_SIGN_UP: no such setting." in done.stderr


def test_a_secret_never_shows_in_the_message(tmp_path: Path):
    done = manage("check", **{**PRODUCTION, "DATABASE_URL": "nosuch://user:canary@host/db"})

    assert done.returncode == 1
    assert "canary" not in done.stderr


def test_production_settings_pass_djangos_own_checks():
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION, TRUSTED_PROXIES="1")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("proxies", "path", "prefix"),
    [("0", "", ""), ("1", "", "__Host-"), ("0", "/todo", ""), ("1", "/todo", "__Secure-")],
)
def test_behind_tls_no_other_host_can_set_our_cookies(proxies, path, prefix):
    found = settings_of(**PRODUCTION, TRUSTED_PROXIES=proxies, FORCE_SCRIPT_NAME=path)

    assert (found["SESSION_COOKIE_NAME"], found["CSRF_COOKIE_NAME"]) == (f"{prefix}sessionid", f"{prefix}csrftoken")
    assert found["CSRF_COOKIE_PATH"] == f"{path}/"


def test_the_production_server_says_at_start_that_its_static_files_are_missing(tmp_path):
    done = manage("shell", "--no-imports", "-c", "import config.wsgi", **PRODUCTION, STATIC_ROOT=str(tmp_path / "none"))

    assert done.returncode == 0
    assert f"STATIC_ROOT ({tmp_path / 'none'}) is empty. Run `manage.py collectstatic`." in done.stderr


def test_the_environment_wins_over_the_env_file(tmp_path: Path):
    env_file = tmp_path / "env"
    env_file.write_text("LOG_LEVEL=ERROR\nTOKEN_LIFETIME_DAYS=3\n")

    found = settings_of(**{**PRODUCTION, "ENV_FILE": str(env_file)}, LOG_LEVEL="INFO")

    assert (found["LOGGING"]["root"]["level"], found["TOKEN_LIFETIME_DAYS"]) == ("INFO", 3)


@pytest.mark.parametrize(
    ("url", "tls"),
    [
        ("postgres://u@ep-x-pooler.aws.neon.tech/db", "verify-full"),
        ("postgres://u@10.0.0.7/db", "verify-full"),
        ("postgres://u@db/db?sslmode=disable", "disable"),
        ("postgres://u@localhost/db", None),
        ("postgres://u@%2Frun%2Fpostgresql/db", None),
    ],
)
def test_a_server_elsewhere_has_to_prove_who_it_is(url, tls):
    found = settings_of(**PRODUCTION, DATABASE_URL=url)

    assert found["DATABASES"]["default"]["OPTIONS"].get("sslmode") == tls


@pytest.mark.parametrize(("sslmode", "warnings"), [("require", 1), ("verify-full", 0)])
def test_a_tls_that_checks_no_certificate_is_warned_of(monkeypatch, sslmode, warnings):
    found = settings_of(**PRODUCTION, DATABASE_URL=f"postgres://u@ep-x.aws.neon.tech/db?sslmode={sslmode}")
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", found["DATABASES"]["default"]["OPTIONS"])

    messages = run_checks(tags=["security"], include_deployment_checks=True)

    assert [each.id for each in messages].count("api.W001") == warnings


@pytest.mark.parametrize("folder", ["with a space", "C#", "100%25", "a?b", "é+&"])
def test_a_clone_may_be_in_any_folder(tmp_path, folder):
    project = tmp_path / folder
    for part in ("config", "api"):
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    show = "from config import settings as s; import sqlite3; sqlite3.connect(s.DATABASES['default']['NAME'])"

    subprocess.run([sys.executable, "-c", show], cwd=project, env={"SECRET_KEY": "k" * 50}, check=True)

    assert (project / "db.sqlite3").exists()


def test_the_platform_file_sets_what_there_is_and_passes_djangos_own_checks():
    done = manage("check", "--deploy", "--fail-level=WARNING", **PRODUCTION, **FLY["env"])

    assert FLY["env"].keys() <= {*settings.VARIABLES, *settings.SERVER_VARIABLES}
    assert done.returncode == 0, done.stderr


def test_the_platform_file_checks_health_without_the_database(client):
    [check] = FLY["http_service"]["checks"]

    assert client.get(check["path"]).status_code == 200
    assert f"PORT={FLY['http_service']['internal_port']}" in (ROOT / "Dockerfile").read_text()

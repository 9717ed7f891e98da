"""`.env` as people write it is read rightly, or refused by name; its values are never printed."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings

from testing.environments import refusal, settings_of

ROOT = settings.BASE_DIR
KEY = "canary" * 10


@pytest.fixture
def env_file(tmp_path) -> Path:
    return tmp_path / "env"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (f"SECRET_KEY={KEY}", KEY),
        (f"SECRET_KEY = {KEY}", KEY),
        (f"  SECRET_KEY={KEY}  ", KEY),
        (f"export SECRET_KEY={KEY}", KEY),
        (f"SECRET_KEY={KEY} # the key", KEY),
        (f"SECRET_KEY={KEY}#1", f"{KEY}#1"),
        (f"SECRET_KEY='{KEY} # 1'  # the key", f"{KEY} # 1"),
        (f'SECRET_KEY="{KEY}"', KEY),
        (f"SECRET_KEY=${KEY}", f"${KEY}"),
        (f"SECRET_KEY={KEY}${{HOME}}$PATH", f"{KEY}${{HOME}}$PATH"),
        (f"SECRET_KEY={KEY}=\\$1", f"{KEY}=\\$1"),
        (f"\ufeffSECRET_KEY={KEY}", KEY),
        (f"SECRET_KEY={KEY}\r", KEY),
    ],
    ids=ascii,
)
def test_a_line_is_read_as_it_is_meant(env_file, line, key):
    env_file.write_bytes(f"{line}\nDATABASE_URL = postgres://u@localhost/db # ours\n".encode())

    found = settings_of(ENV_FILE=str(env_file))

    assert (found["SECRET_KEY"], found["DATABASES"]["default"]["HOST"]) == (key, "localhost")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"\n# ours\nSECRET_KEY: {KEY}\n", "env, line 3: this isn't NAME=value."),
        (f"SECRET_KEY={KEY}\nDATABASE_URL\n", "env, line 2: this isn't NAME=value."),
        (f"SECRET_KEY='{KEY}\nDEBUG=False\n", "env, line 1: this isn't NAME=value."),
        (f'SECRET_KEY="{KEY}" or so\n', "env, line 1: this isn't NAME=value."),
        (f"SECRET KEY={KEY}\n", "env, line 1: this isn't NAME=value."),
        (f"SECRET_KEY={KEY}\nDATABASE_URI=x\n", "env sets DATABASE_URI: no such setting."),
        (f"SECRET_KEY={KEY}\n".encode("utf-16"), "env isn't text in UTF-8."),
        (f"SECRET_KEY={KEY}\n".encode("utf-16-le"), "env isn't text in UTF-8."),
        (f"SECRET_KEY={KEY}é\n".encode("latin-1"), "env isn't text in UTF-8."),
        (f"SECRET_KEY={KEY}\nDATABASE_URL=\n", "DATABASE_URL isn't the URL of a supported database"),
        (
            f"SECRET_KEY={KEY}\nDATABASE_URL=postgres://u:can#ary@h/d\n",
            "DATABASE_URL isn't the URL of a supported database",
        ),
    ],
    ids=ascii,
)
def test_what_can_not_be_meant_stops_by_name_without_the_value(env_file, content, message):
    env_file.write_bytes(content if isinstance(content, bytes) else content.encode())

    printed = refusal(ENV_FILE=str(env_file))

    assert f"ImproperlyConfigured: {message}" in printed
    assert "canary" not in printed.replace("\0", "")
    assert "can#ary" not in printed


@pytest.mark.parametrize(("make", "reason"), [(Path.mkdir, "Is a directory"), (Path, "No such file or directory")])
def test_a_file_that_can_not_be_read_is_not_passed_over(env_file, make, reason):
    make(env_file)

    assert f"ImproperlyConfigured: env can't be read: {reason}." in refusal(ENV_FILE=str(env_file), SECRET_KEY=KEY)


def test_without_a_file_the_environment_is_enough(tmp_path):
    project = tmp_path / "project"
    shutil.copytree(ROOT / "config", project / "config")
    script = "from config.environment import read_environment as r; print(r()['SECRET_KEY'])"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project, env={"SECRET_KEY": KEY}, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == KEY


def test_a_default_file_that_leads_nowhere_is_not_passed_over(tmp_path):
    project = tmp_path / "project"
    shutil.copytree(ROOT / "config", project / "config")
    (project / ".env").symlink_to("nowhere")
    script = "from config.environment import read_environment as r; r()"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project, env={}, capture_output=True, text=True, check=False
    )

    assert "ImproperlyConfigured: .env can't be read: No such file or directory." in done.stderr


def test_secrets_may_stand_in_files_of_their_own(tmp_path):
    key, url = tmp_path / "key", tmp_path / "url"
    key.write_text(f"{KEY}\n")
    url.write_text("postgres://u@localhost/db\n")

    found = settings_of(ENV_FILE=os.devnull, SECRET_KEY_FILE=str(key), DATABASE_URL_FILE=str(url))

    assert (found["SECRET_KEY"], found["DATABASES"]["default"]["HOST"]) == (KEY, "localhost")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"SECRET_KEY_FILE": "/canary"}, "The file that SECRET_KEY_FILE names can't be read: No such file"),
        (
            {"SECRET_KEY_FILE": f"{ROOT}/manage.py", "SECRET_KEY": KEY},
            "SECRET_KEY and SECRET_KEY_FILE are both set, and differ",
        ),
        ({"SECRET_KEY_FILE": os.devnull}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": KEY, "DATABASE_URL_FILE": os.devnull}, "DATABASE_URL isn't the URL of a supported database"),
        ({"SECRET_KEY": KEY, "DATABASE_URL_FILE": "/canary"}, "The file that DATABASE_URL_FILE names can't be read"),
        (
            {"SECRET_KEY": KEY, "DATABASE_URL": "sqlite:///canary", "NEON_DATABASE_URL": "postgres://u:canary@h/d"},
            "DATABASE_URL and NEON_DATABASE_URL are both set, and differ. Set one of them.",
        ),
    ],
)
def test_two_that_differ_or_a_file_that_is_not_there_stop_by_name(environment, message):
    printed = refusal(ENV_FILE=os.devnull, **environment)

    assert f"ImproperlyConfigured: {message}" in printed
    assert "canary" not in printed


def test_the_database_may_have_the_name_that_neon_gives_it():
    url = "postgres://u@localhost/db"

    for environment in ({}, {"DATABASE_URL": url}, {"DATABASE_URL": ""}):
        found = settings_of(ENV_FILE=os.devnull, SECRET_KEY=KEY, NEON_DATABASE_URL=url, **environment)
        assert found["DATABASES"]["default"]["HOST"] == "localhost"


def tell(env_file: Path, **environment: str) -> None:
    """Print what the Makefile's recipes are told by `python -m config.environment`."""
    with mock.patch.dict(os.environ, {"ENV_FILE": str(env_file), **environment}, clear=True):
        runpy.run_path(f"{ROOT}/config/environment.py", run_name="__main__")


@pytest.mark.parametrize(
    ("lines", "environment", "said"),
    [
        ("", {}, "BIND='127.0.0.1' PORT='8000' WEB_CONCURRENCY='2' ADDRESS='127.0.0.1:8000'"),
        ("PORT=8118 # x", {}, "BIND='127.0.0.1' PORT='8118' WEB_CONCURRENCY='2' ADDRESS='127.0.0.1:8118'"),
        ("export PORT = 8118", {"PORT": "9"}, "BIND='127.0.0.1' PORT='9' WEB_CONCURRENCY='2' ADDRESS='127.0.0.1:9'"),
        ("BIND=", {}, "BIND='127.0.0.1' PORT='8000' WEB_CONCURRENCY='2' ADDRESS='127.0.0.1:8000'"),
        ("BIND=::", {}, "BIND='::' PORT='8000' WEB_CONCURRENCY='2' ADDRESS='[::]:8000'"),
        ("BIND='[::1]'", {}, "BIND='[::1]' PORT='8000' WEB_CONCURRENCY='2' ADDRESS='[::1]:8000'"),
    ],
)
def test_the_makefile_reads_the_same_lines(env_file, capsys, lines, environment, said):
    env_file.write_text(f"{lines}\nSECRET_KEY={KEY}\n")

    tell(env_file, **environment)

    assert capsys.readouterr().out == f"export {said}\n"


@pytest.mark.parametrize(
    "line", ["PORT=80; env", "PORT=http", "BIND=$(env)", "BIND=a b", "WEB_CONCURRENCY='2 # canary'"]
)
def test_what_a_shell_could_take_for_more_stops_by_name(env_file, capsys, line):
    env_file.write_text(f"{line}\n")

    with pytest.raises(SystemExit) as stop:
        tell(env_file)

    assert capsys.readouterr().out == ""
    assert str(stop.value).startswith(f"{line.partition('=')[0]} can't be read from the environment: it has to look ")
    assert "canary" not in str(stop.value)


@pytest.mark.skipif(not shutil.which("make"), reason="There is no make.")
def test_make_prints_neither_the_environment_nor_a_value(env_file, tmp_path):
    """`PORT=8118 # x` was once the end of a command whose beginning prints the environment."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "config").symlink_to(ROOT / "config")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "requirements.txt").touch()
    (tmp_path / "constraints.txt").touch()
    for name in ("requirements.txt", "constraints.txt"):
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / "manage.py").write_text("import sys; print(*sys.argv[1:])")
    env_file.write_text("PORT=8118 # x\n")

    for command, code in (("seed", 0), ("run", 0)):
        environment = {"PATH": os.environ["PATH"], "ENV_FILE": str(env_file), "OTHER": "canary"}
        done = subprocess.run(
            ["make", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert "http://127.0.0.1:8118" in done.stdout
        assert "canary" not in done.stdout + done.stderr

    env_file.write_text("PORT=http\n")
    done = subprocess.run(["make", "seed"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "PORT can't be read from the environment: it has to look like 8000." in done.stderr
    assert "seed" not in done.stdout

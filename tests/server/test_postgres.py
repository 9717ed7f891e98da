import os
import subprocess
import sys

import pytest

from testing import postgres
from testing.servers import ROOT


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without Postgres. Calling it puts one into a directory."""

    def install(place):
        directory = tmp_path / place
        directory.mkdir(parents=True)
        for program in postgres.PROGRAMS:
            (directory / program).touch(mode=0o755)
        return directory

    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(postgres, "USUAL_PLACES", (str(tmp_path / "pg" / "*" / "bin"),))
    monkeypatch.setattr(postgres, "embedded", lambda: iter([(tmp_path / "wheel", "the wheel")]))
    return install


def test_pg_bin_comes_first(machine, monkeypatch):
    machine("path")
    own = machine("own")
    monkeypatch.setenv("PG_BIN", str(own))

    assert postgres.find_programs() == (own, "PG_BIN")


def test_pg_bin_can_ask_for_the_wheel(machine, monkeypatch):
    machine("path")
    wheel = machine("wheel")
    monkeypatch.setenv("PG_BIN", "embedded")

    assert postgres.find_programs() == (wheel, "the wheel")


def test_a_wrong_pg_bin_is_an_error_and_not_a_detour(machine, monkeypatch):
    machine("path")
    monkeypatch.setenv("PG_BIN", "/nowhere")

    with pytest.raises(postgres.PostgresError, match="PG_BIN=/nowhere has not all of initdb"):
        postgres.find_programs()


def test_the_path_comes_before_the_usual_places(machine):
    machine("pg/18/bin")
    path = machine("path")

    assert postgres.find_programs() == (path, "PATH")


def test_a_link_on_the_path_leads_to_the_programs_beside_its_target(machine, tmp_path):
    target = machine("pg/15/bin")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "initdb").symlink_to(target / "initdb")

    assert postgres.find_programs() == (target, "PATH")


def test_the_newest_of_the_usual_places_is_taken(machine):
    machine("pg/9/bin")
    newest = machine("pg/18/bin")
    machine("wheel")

    assert postgres.find_programs() == (newest, "its usual place")


def test_the_wheel_comes_last(machine):
    wheel = machine("wheel")

    assert postgres.find_programs() == (wheel, "the wheel")


@pytest.mark.usefixtures("machine")
def test_without_any_postgres_the_run_ends_and_says_what_to_do(monkeypatch):
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)

    with pytest.raises(pytest.UsageError) as error:
        postgres.use_postgres(postgres.ExitStack())

    assert str(error.value) == postgres.NOWHERE


def test_the_tests_run_on_the_database_that_was_asked_for(pytestconfig, settings):
    engines = {"sqlite": "django.db.backends.sqlite3", "postgres": "config.postgres"}

    assert settings.DATABASES["default"]["ENGINE"] == engines[pytestconfig.getoption("database")]


def test_the_env_file_of_the_developer_changes_nothing():
    assert os.environ["ENV_FILE"] == os.devnull


def test_a_command_runs_with_a_temporary_postgres_that_is_migrated():
    program = 'echo "$DATABASE_URL"; "$0" manage.py check --database default && exit 3'
    command = [sys.executable, "-m", "testing.postgres", "sh", "-c", program, sys.executable]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    url, said = done.stdout.splitlines()
    assert (done.returncode, url.split(":")[0]) == (3, "postgres"), done
    assert said == "System check identified no issues (0 silenced)."

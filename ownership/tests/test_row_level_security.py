"""Row-level security, seen from inside the database. That it holds over HTTP, tests/guards/test_ownership.py shows."""

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, migrations, transaction

from ownership import row_level_security
from ownership.models import IdempotentResponse
from ownership.row_level_security import checks
from todos.models import Project, Tag, Task
from users.models import ApiToken, User

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no row-level security")


@pytest.fixture
def tasks(transactional_db, alice, bob):
    return [Task.objects.create(owner=owner, title=owner.name, tags=["canary"]) for owner in (alice, bob)]


@pytest.fixture
def act_as(transactional_db):
    """Run each further statement as in a request of this user."""
    with row_level_security.request_scope():
        yield lambda user: row_level_security.act_as(user.pk)


def everything() -> dict:
    return {model: model.objects.count() for model in (User, ApiToken, Task, Project, Tag)}


def test_a_request_sees_nobody_elses_rows(act_as, tasks, alice, bob):
    for owner in (alice, bob):
        Project.objects.create(owner=owner, name="canary")
        ApiToken.issue(owner, "canary")

    act_as(alice)

    assert everything() == dict.fromkeys((User, ApiToken, Task, Project, Tag), 1)
    assert Task.objects.get().owner == alice


def test_without_an_owner_nothing_is_visible(tasks):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE todo_api")

        assert everything() == dict.fromkeys((User, ApiToken, Task, Project, Tag), 0)


def test_the_settings_end_with_the_statement(act_as, tasks, alice):
    act_as(alice)
    assert Task.objects.count() == 1

    row_level_security.current_owner.set(None)

    assert Task.objects.count() == 2


def test_it_applies_in_a_whole_transaction_and_its_savepoints(act_as, tasks, alice):
    act_as(alice)

    with transaction.atomic():
        with transaction.atomic():
            seen = [Task.objects.count()]
            transaction.set_rollback(True)
        seen.append(Task.objects.count())
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT no_such_thing")
        seen.append(Task.objects.count())

    assert seen == [1, 1, 1]


def test_nobody_elses_row_can_be_changed_or_deleted(act_as, tasks, alice, bob):
    act_as(alice)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE todos_task SET title = 'taken' WHERE owner_id = %s", [bob.pk])
        changed = cursor.rowcount
        cursor.execute("DELETE FROM todos_tasktag WHERE owner_id = %s", [bob.pk])

    assert (changed, cursor.rowcount) == (0, 0)


@pytest.mark.parametrize("command", ["INSERT INTO todos_tag SELECT * FROM made", "UPDATE todos_tag SET owner_id = %s"])
def test_no_row_can_be_given_to_another_user(act_as, tasks, alice, bob, command):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE made AS SELECT * FROM todos_tag WHERE owner_id = %s", [bob.pk])
        cursor.execute("GRANT ALL ON made TO todo_api")
        act_as(alice)

        with pytest.raises(ProgrammingError, match="row-level security"):
            cursor.execute(command, [bob.pk] if "%s" in command else None)

        row_level_security.current_owner.set(None)
        cursor.execute("DROP TABLE made")


def test_it_applies_to_executemany(act_as, tasks, alice, bob):
    act_as(alice)
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE todos_task SET priority = %s", [[1], [2]])
    row_level_security.current_owner.set(None)

    assert list(Task.objects.order_by("title").values_list("title", "priority")) == [("Alice", 2), ("Bob", 0)]


def test_it_applies_to_stored_responses(act_as, alice, bob):
    for owner in (alice, bob):
        IdempotentResponse.objects.create(
            owner=owner, key="k", fingerprint="", status=200, headers={}, body="", created_at=owner.created_at
        )

    act_as(alice)

    assert IdempotentResponse.objects.get().owner == alice


def test_all_tables_with_an_owner_are_found():
    assert row_level_security.protected_tables().keys() >= {
        "users_user",
        "users_apitoken",
        "ownership_idempotentresponse",
        "todos_task",
        "todos_project",
        "todos_tag",
        "todos_tasktag",
    }
    assert row_level_security.shared_tables() >= {"django_session", "django_admin_log", "users_user_groups"}


def test_the_check_passes(db):
    assert checks.check_row_level_security(databases=["default"]) == []


@pytest.fixture
def own_role(db, monkeypatch) -> str:
    """A role in place of `todo_api`, since other tests need that one. The rollback removes it."""
    monkeypatch.setattr(row_level_security, "ROLE", "todo_api_of_test")
    checks.prepare()
    return row_level_security.ROLE


def harm(sql: str) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except ProgrammingError:
        pytest.skip("Only a superuser can do this, and the owner of a database on Neon is not one")


NOT_READY = "The role of row-level security is not ready."


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("DROP POLICY owner_only ON todos_tag", "Tables without row-level security: todos_tag."),
        ("ALTER TABLE todos_task DISABLE ROW LEVEL SECURITY", "Tables without row-level security: todos_task."),
        ("REVOKE DELETE ON todos_task FROM {role}", NOT_READY),
        ("ALTER ROLE {role} BYPASSRLS", NOT_READY),
        ("DROP OWNED BY {role}; DROP ROLE {role}", NOT_READY),
    ],
)
def test_the_check_finds_what_is_missing(damage, message, own_role):
    harm(damage.format(role=own_role))

    found = checks.check_row_level_security(databases=["default"])

    assert [error.msg for error in found] == [message]
    assert str(found[0].hint).endswith("To run without row-level security, set ROW_LEVEL_SECURITY=False.")


@pytest.mark.parametrize(
    "damage",
    [
        "DROP POLICY owner_only ON todos_tag",
        "ALTER TABLE users_user DISABLE ROW LEVEL SECURITY; DROP POLICY owner_only ON users_user",
        "ALTER TABLE todos_task DISABLE ROW LEVEL SECURITY",
    ],
)
def test_the_hint_is_a_migration_that_works(damage, own_role):
    harm(damage)
    (error,) = checks.check_row_level_security(databases=["default"])
    names: dict = {"migrations": migrations}

    exec(str(error.hint).split("\n", 1)[1].removesuffix(checks.OPT_OUT), names)
    _, operation = names["Migration"].operations
    with connection.schema_editor(atomic=False) as editor:
        operation.code(None, editor)

    assert checks.check_row_level_security(databases=["default"]) == []


def test_the_hint_for_a_new_table_is_exact(own_role):
    harm("ALTER TABLE todos_tag DISABLE ROW LEVEL SECURITY; DROP POLICY owner_only ON todos_tag")

    assert checks.policy_statements() == {
        "todos_tag": [
            "ALTER TABLE todos_tag ENABLE ROW LEVEL SECURITY;",
            "CREATE POLICY owner_only ON todos_tag "
            "USING (owner_id = (SELECT NULLIF(current_setting('app.owner', true), '')::uuid));",
        ]
    }


def test_migrate_adds_what_is_missing_and_prints_it(own_role, capsys):
    harm(f"REVOKE DELETE ON todos_task FROM {own_role}; ALTER ROLE {own_role} BYPASSRLS")

    call_command("migrate")

    output = capsys.readouterr().out.splitlines()
    assert output[:2] == [
        f"ALTER ROLE {own_role} NOSUPERUSER NOBYPASSRLS",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON todos_task TO {own_role}",
    ]
    assert checks.missing_statements() == []


def test_the_setting_turns_it_off(own_role, settings):
    settings.ROW_LEVEL_SECURITY = False
    harm(f"ALTER ROLE {own_role} BYPASSRLS")

    assert checks.check_row_level_security(databases=["default"]) == []
    assert checks.prepare() == []

"""The owner rule once more, in Postgres itself: row-level security.

Each table of what users own has a policy that shows only the rows of the owner in `app.owner`. The role that connects
owns the tables, and on Neon it has BYPASSRLS: no policy binds it. So the statements of an API request run as the role
`todo_api`, which nobody can connect as, and both settings travel with each statement in one message:

    SELECT set_config('role', 'todo_api', true), set_config('app.owner', '<id>', true); SELECT … FROM todos_task …

Several statements in one message are one transaction, and the settings end with it. So they cost no round trip, work
through a pooler that gives each transaction another session, and leak to nobody. The admin, commands and migrations
run as the role that connects. Elsewhere than on Postgres, all of this does nothing.

The policies are not forced upon the tables' owner (FORCE ROW LEVEL SECURITY): that is who the admin is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, models

ROLE = "todo_api"
POLICY = "owner_only"
# These work on the transaction itself, also on one that failed, in which nothing else would.
OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK")

caller: ContextVar[UUID | None] = ContextVar("caller", default=None)
to_be_verified: Callable[[], None] | None = None  # set while nobody could look yet whether the wall stands


def is_wanted() -> bool:
    return settings.ROW_LEVEL_SECURITY and connection.vendor == "postgresql"


def act_as(owner_id: UUID) -> None:
    """From here to the end of the request, every statement sees the rows of this owner alone."""
    if to_be_verified:
        to_be_verified()
    caller.set(owner_id)


@contextmanager
def request_scope() -> Iterator[None]:
    """A request, which `act_as` may put behind the wall until this ends."""
    before = caller.set(None)
    try:
        with connection.execute_wrapper(as_caller):
            yield
    finally:
        caller.reset(before)


def as_caller(execute, sql: str, params, many: bool, context: dict) -> Any:
    """Django's hook around each statement (`connection.execute_wrapper`)."""
    owner_id = caller.get()
    if owner_id is not None and not sql.startswith(OF_TRANSACTIONS):
        sql = f"SELECT set_config('role','{ROLE}',true),set_config('app.owner','{owner_id}',true);{sql}"
    return execute(sql, params, many, context)


def guarded_tables() -> set[str]:
    """The tables of what users own, and of the users themselves."""
    User = get_user_model()
    owned = {model for model in apps.get_models() for key in keys_to_users(model) if key.name == "owner"}
    return {model._meta.db_table for model in {User, *owned}}


def reached_tables() -> set[str]:
    """Those that proving a password, ending a session or erasing an account reaches besides. What is in them says
    nothing of tasks."""
    models_of_users = {model for model in apps.get_models(include_auto_created=True) if keys_to_users(model)}
    others = {apps.get_model(name) for name in settings.ROW_LEVEL_SECURITY_SHARED}
    return {model._meta.db_table for model in others | models_of_users} - guarded_tables()


def keys_to_users(model: type[models.Model]) -> list[models.ForeignKey]:
    keys = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return [key for key in keys if key.related_model is get_user_model()]

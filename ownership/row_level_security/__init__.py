"""Row-level security: Postgres enforces the owner rule too.

Each table with an owner has a policy that shows only the rows of the user in `app.owner`. Policies don't apply to the
role that connects, because it owns the tables, and on Neon it has BYPASSRLS as well. So each statement of an API
request runs as the role `todo_api`, which can't log in. Both settings travel with the statement, in one message:

    SELECT set_config('role', 'todo_api', true), set_config('app.owner', '<id>', true); SELECT … FROM todos_task …

Several statements in one message are one transaction, and the settings end with it. They cost no extra round trip, work
behind a pooler that gives each transaction another session, and never leak into another request. The admin, commands
and migrations run as the role that connects. On other databases, none of this has an effect.

The policies don't use FORCE ROW LEVEL SECURITY: it would hide all rows from the admin, which runs as the tables' owner.
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
# These control the transaction itself. They must also work in one that failed, where any other statement is refused.
TRANSACTION_STATEMENTS = ("SAVEPOINT", "RELEASE", "ROLLBACK")

current_owner: ContextVar[UUID | None] = ContextVar("current_owner", default=None)
pending_verification: Callable[[], None] | None = None  # set while the database can't be reached to verify its setup


def is_enabled() -> bool:
    return settings.ROW_LEVEL_SECURITY and connection.vendor == "postgresql"


def act_as(owner_id: UUID) -> None:
    """Run each further statement of this request as this user: it sees no other user's rows."""
    if pending_verification:
        pending_verification()
    current_owner.set(owner_id)


@contextmanager
def request_scope() -> Iterator[None]:
    """The scope of one request: `act_as` takes effect until it ends."""
    token = current_owner.set(None)
    try:
        with connection.execute_wrapper(add_settings):
            yield
    finally:
        current_owner.reset(token)


@contextmanager
def acting_as(owner_id: UUID) -> Iterator[None]:
    """Run the block as this user, outside of requests."""
    if not is_enabled():
        yield
        return
    with request_scope():
        act_as(owner_id)
        yield


def add_settings(execute, sql: str, params, many: bool, context: dict) -> Any:
    """Put the role and the owner in front of a statement. A wrapper for `connection.execute_wrapper`."""
    owner_id = current_owner.get()
    if owner_id is not None and not sql.startswith(TRANSACTION_STATEMENTS):
        sql = f"SELECT set_config('role','{ROLE}',true),set_config('app.owner','{owner_id}',true);{sql}"
    return execute(sql, params, many, context)


def protected_tables() -> dict[str, str]:
    """The tables that need a policy, each with the column of the owner's id: those with an owner, and the users'."""
    User = get_user_model()
    owned = [(model, key.column) for model in apps.get_models() for key in user_keys(model) if key.name == "owner"]
    return {model._meta.db_table: str(column) for model, column in [*owned, (User, User._meta.pk.column)]}


def owned_keys() -> list[models.ForeignKey]:
    """The foreign keys by which one row with an owner refers to another."""
    owned = [model for model in apps.get_models() if any(key.name == "owner" for key in user_keys(model))]
    keys = [field for model in owned for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return [key for key in keys if key.related_model in owned]


def shared_tables() -> set[str]:
    """The other tables that requests use, for example to end a session or to erase an account. They hold no tasks."""
    models_of_users = {model for model in apps.get_models(include_auto_created=True) if user_keys(model)}
    others = {apps.get_model(name) for name in settings.ROW_LEVEL_SECURITY_SHARED}
    return {model._meta.db_table for model in others | models_of_users} - protected_tables().keys()


def user_keys(model: type[models.Model]) -> list[models.ForeignKey]:
    """The model's foreign keys to the user."""
    keys = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return [key for key in keys if key.related_model is get_user_model()]

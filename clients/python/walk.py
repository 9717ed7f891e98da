"""Walks through the API at the address given, with the client that openapi-python-client made of its OpenAPI document.

`make test-clients` has `mypy --strict` check it, and runs it against the production server.
"""

import datetime
import sys
from uuid import UUID, uuid4

from todo_client import AuthenticatedClient, Client
from todo_client.api.account import login, logout, me_retrieve, register
from todo_client.api.sync import sync
from todo_client.api.tasks import tasks_complete_create, tasks_create, tasks_destroy, tasks_list, tasks_partial_update
from todo_client.models import (
    LoginRequest,
    PaginatedTaskList,
    PatchedTaskRequest,
    Problem,
    RegistrationRequest,
    SignedIn,
    Sync,
    Task,
    TaskChange,
    TaskRequest,
    TasksListOrdering,
)
from todo_client.types import UNSET, Unset


def walk(address: str) -> str:
    api = sign_up(address)
    milk, bread, call = make_tasks(api)
    assert titles(list_tasks(api)) == "Bake bread, Call Bob"
    complete(api, milk)
    check_problem(api)

    replica: dict[UUID, Task] = {}
    token, pages = follow(api, replica, UNSET)
    assert pages > 1
    assert replica.keys() == {milk.id, bread.id, call.id}
    assert replica[milk.id].completed
    assert replica[call.id] == call  # field by field, as it was answered when it was made

    assert tasks_destroy.sync_detailed(milk.id, client=api).status_code == 204
    follow(api, replica, token)
    assert replica.keys() == {bread.id, call.id}

    assert logout.sync_detailed(client=api).status_code == 204
    refused = me_retrieve.sync(client=api)
    assert isinstance(refused, Problem)
    assert refused.status == 401
    return f"Python: registered, created, listed, completed, synced in {pages} pages"


def sign_up(address: str) -> AuthenticatedClient:
    stranger = Client(address)
    email, password = f"{uuid4()}@example.com", "correct horse battery"
    registered = register.sync(client=stranger, body=RegistrationRequest(email=email, password=password))
    assert isinstance(registered, SignedIn), registered
    signed_in = login.sync(client=stranger, body=LoginRequest(email=email, password=password))
    assert isinstance(signed_in, SignedIn), signed_in
    assert signed_in.user.id == registered.user.id
    return AuthenticatedClient(address, token=signed_in.token)


def make_tasks(api: AuthenticatedClient) -> tuple[Task, Task, Task]:
    """A title is enough; several tasks are made by a list."""
    milk = tasks_create.sync(client=api, body=TaskRequest(title="Buy milk"))
    assert isinstance(milk, Task), milk
    assert (milk.completed_at, milk.tags, milk.description) == (None, [], "")
    bread = TaskRequest(title="Bake bread", priority=3, tags=["kitchen"])
    call = TaskRequest(title="Call Bob", priority=1, due_date=datetime.date(2030, 1, 31), due_time="09:00")
    made = tasks_create.sync(client=api, body=[bread, call])
    assert isinstance(made, list), made
    return milk, made[0], made[1]


def list_tasks(api: AuthenticatedClient) -> list[Task]:
    """By several values of one parameter, and a word in place of an id."""
    page = tasks_list.sync(client=api, priority=[1, 3], project="none", ordering=TasksListOrdering.TITLE)
    assert isinstance(page, PaginatedTaskList), page
    assert page.next_ is None
    return page.results


def complete(api: AuthenticatedClient, task: Task) -> None:
    """PATCH changes only what it names."""
    changed = tasks_partial_update.sync(
        task.id, client=api, body=PatchedTaskRequest(priority=4, description="Two litres")
    )
    assert isinstance(changed, Task), changed
    done = tasks_complete_create.sync(task.id, client=api)
    assert isinstance(done, Task), done
    renamed = tasks_partial_update.sync(task.id, client=api, body=PatchedTaskRequest(title="Buy oat milk"))
    assert isinstance(renamed, Task), renamed
    assert (renamed.title, renamed.priority, renamed.description) == ("Buy oat milk", 4, "Two litres")
    assert renamed.completed
    assert renamed.completed_at == done.completed_at


def check_problem(api: AuthenticatedClient) -> None:
    problem = tasks_create.sync(client=api, body=TaskRequest(title=" "))
    assert isinstance(problem, Problem), problem
    assert problem.errors
    assert [(error.field, error.code) for error in problem.errors] == [("title", "blank")]


def follow(api: AuthenticatedClient, replica: dict[UUID, Task], since: str | Unset) -> tuple[str, int]:
    """Bring the replica up to date. Tags and projects are told apart from tasks by their class."""
    pages = 0
    while True:
        page = sync.sync(client=api, since=since, limit=2)
        assert isinstance(page, Sync), page
        for change in page.results:
            if isinstance(change, TaskChange) and change.object_:
                replica[change.id] = change.object_
            else:
                replica.pop(change.id, None)
        since, pages = page.token, pages + 1
        if not page.has_more:
            return page.token, pages


def titles(tasks: list[Task]) -> str:
    return ", ".join(task.title for task in tasks)


if __name__ == "__main__":
    print(walk(sys.argv[1]))

"""What must hold in the tree of tasks after anything that its owner does, in any order."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testing.client import PASSWORD, Client
from testing.proofs import size
from todos.models import Project, Task
from users.models import User

# Which of the tasks (and projects) there are is taken by number, counted from the oldest.
NUMBERS = st.integers(0, 7)
TASKS = st.lists(NUMBERS, min_size=2, max_size=4)
PROJECTS = st.none() | st.integers(0, 1)
PARENTS = st.none() | NUMBERS
FLAGS = st.booleans()

PLACE = {"parent": PARENTS, "project": PROJECTS}
VALUES = st.fixed_dictionaries({}, optional={**PLACE, "completed": FLAGS})
VERBS = ["complete", "reopen", "delete", "restore"]

OPERATIONS = st.one_of(
    st.tuples(st.just("create"), PARENTS, PROJECTS, FLAGS, FLAGS),
    st.tuples(st.just("list"), st.lists(PARENTS, min_size=1, max_size=3)),
    st.tuples(st.just("patch"), NUMBERS, VALUES),
    st.tuples(
        st.just("move"), NUMBERS, st.fixed_dictionaries({}, optional={**PLACE, "before": NUMBERS, "after": NUMBERS})
    ),
    *[st.tuples(st.just(verb), NUMBERS) for verb in [*VERBS, "toggle", "title"]],
    *[st.tuples(st.just(verb), TASKS) for verb in VERBS],
    st.tuples(st.just("update"), TASKS, VALUES),
    st.tuples(st.just("move"), TASKS, st.fixed_dictionaries({}, optional=PLACE)),
    st.tuples(st.sampled_from(["delete project", "restore project"]), st.integers(0, 1)),
)


class History:
    """Does the operations by the API, as one owner."""

    def __init__(self) -> None:
        self.owner = User.objects.create_user("history@example.com", PASSWORD)
        self.api = Client(self.owner)
        self.projects = [Project.objects.create(owner=self.owner, name=name) for name in ("Home", "Work")]
        for number in range(6):  # a chain of four, and two alone
            parent = Task.objects.order_by("id").last() if number in (1, 2, 3) else None
            Task.objects.create(owner=self.owner, title=f"{number}", parent=parent)

    def pick(self, number: int | None, action: str = "") -> str | None:
        """One that the action can be done with, if there is any."""
        tasks = Task.objects.in_trash() if action == "restore" else Task.objects.present()
        ids = list((tasks or Task.objects).order_by("id").values_list("pk", flat=True))
        return None if number is None else str(ids[number % len(ids)])

    def place(self, values: dict) -> dict:
        ids = {name: self.pick(values[name]) for name in values.keys() & {"parent", "before", "after"}}
        if "project" in values:
            ids["project"] = self.project(values["project"])
        return {**values, **ids}

    def project(self, number: int | None) -> str | None:
        return None if number is None else str(self.projects[number].pk)

    def do(self, operation: tuple) -> int:
        """Returns the status of the response."""
        match operation:
            case ["create", parent, project, completed, recurring]:
                body = self.place({"parent": parent, "project": project})
                when = {"due_date": "2027-01-01", "recurrence": "FREQ=DAILY"} if recurring else {}
                response = self.api.post("/tasks/", {"title": "new", "completed": completed, **body, **when})
            case ["list", parents]:
                response = self.api.post(
                    "/tasks/", [{"title": "new", "parent": self.pick(parent)} for parent in parents]
                )
            case ["delete project", number]:
                response = self.api.delete(f"/projects/{self.project(number)}/")
            case ["restore project", number]:
                response = self.api.post(f"/projects/{self.project(number)}/restore/")
            case [action, list(numbers), *values]:
                body = {"action": action, "ids": [self.pick(number, action) for number in numbers]}
                response = self.api.post("/tasks/bulk/", {**body, **({"set": self.place(values[0])} if values else {})})
            case ["patch", number, values]:
                response = self.api.patch(f"/tasks/{self.pick(number)}/", self.place(values))
            case ["title", number]:
                response = self.api.patch(f"/tasks/{self.pick(number)}/", {"title": "changed"})
            case ["move", number, values]:
                response = self.api.post(f"/tasks/{self.pick(number)}/move/", self.place(values))
            case ["delete", number]:
                response = self.api.delete(f"/tasks/{self.pick(number)}/")
            case [call, number]:
                response = self.api.post(f"/tasks/{self.pick(number, call)}/{call}/")
        return response.status_code


def rows() -> dict:
    return {row["id"]: row for row in Task.objects.values()}


def check_tree(tasks: dict) -> None:
    away = set(Project.objects.in_trash().values_list("pk", flat=True))
    for task in tasks.values():
        parent = tasks.get(task["parent_id"])
        assert 1 <= task["level"] <= 5
        assert task["level"] == (parent["level"] + 1 if parent else 1)  # nor is there a circle, then
        if parent:
            assert task["project_id"] == parent["project_id"]
        if task["deleted_at"] is None:
            assert task["project_id"] not in away
            if parent:
                assert parent["deleted_at"] is None
                assert task["completed_at"] or not parent["completed_at"]


def check_revisions(before: dict, after: dict, revision: int, next_revision: int) -> None:
    """Every changed row carries the new revision, and no other does; without a change there is no new revision."""
    stamps = {"revision", "updated_at"}
    changed = {
        pk
        for pk, row in after.items()
        if {name: value for name, value in row.items() if name not in stamps}
        != {name: value for name, value in before.get(pk, {}).items() if name not in stamps}
    }
    assert {pk for pk, row in after.items() if row != before.get(pk)} == changed
    assert all(after[pk]["revision"] == next_revision for pk in changed)
    assert next_revision == revision + 1 or (next_revision == revision and not changed)


@pytest.mark.django_db
@settings(max_examples=size(50, 6), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(operations=st.lists(OPERATIONS, min_size=4, max_size=12))
def test_the_tree_is_sound_after_any_operations(operations):
    with transaction.atomic():
        history = History()
        for operation in operations:
            before, revision = rows(), User.objects.get(pk=history.owner.pk).revision

            status = history.do(operation)

            after = rows()
            assert status in (200, 201, 204, 400, 404), (operation, status)
            assert status < 400 or after == before
            check_tree(after)
            check_revisions(before, after, revision, User.objects.get(pk=history.owner.pk).revision)
        transaction.set_rollback(True)

"""Whatever an assistant wrote, undo puts it back exactly; whatever others wrote in between, the tree stays sound."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistants.tests.conftest import Assistant
from assistants.tests.test_undo import state
from testing.proofs import size
from todos.tests.test_tree_invariants import (
    FLAGS,
    NUMBERS,
    OPERATIONS,
    PARENTS,
    PLACE,
    PROJECTS,
    History,
    check_tree,
    rows,
)
from users.models import User

RULES = st.sampled_from([{"recurrence": "FREQ=DAILY", "due_date": "2027-01-01"}, {"recurrence": ""}, {}])
VALUES = st.fixed_dictionaries({}, optional={**PLACE, "completed": FLAGS, "tags": st.lists(st.sampled_from("ab"))})
WRITES = st.one_of(
    st.tuples(st.just("add_tasks"), PARENTS, PROJECTS, FLAGS),
    st.tuples(st.just("update_task"), NUMBERS, VALUES, RULES),
    *[st.tuples(st.just(tool), NUMBERS) for tool in ("complete_task", "reopen_task", "delete_task")],
)
STEP = st.tuples(st.just("assistant"), WRITES) | st.tuples(st.just("somebody"), OPERATIONS)
QUICK: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


@dataclass
class Written:
    before: dict
    is_alone: bool = True  # whether nobody else has written since


class Conversation:
    def __init__(self) -> None:
        self.history = History()
        self.assistant = Assistant(self.history.owner)
        self.writes: list[Written] = []

    def arguments(self, write: tuple) -> dict:
        pick, place = self.history.pick, self.history.place
        match write:
            case ["add_tasks", parent, project, completed]:
                location = place({"parent": parent, "project": project})
                recurring = {"due_date": "2027-01-01", "recurrence": "FREQ=DAILY"}
                return {
                    "tasks": [{"title": "new", "completed": completed, **location}, {"title": "daily", **recurring}]
                }
            case [_, number, values, rule]:
                return {"id": pick(number), "title": "changed", **place(values), **rule}
            case [_, number]:
                return {"id": pick(number)}
        raise AssertionError(write)

    def revision(self) -> int:
        return User.objects.get(pk=self.history.owner.pk).revision

    def do(self, by: str, step: tuple) -> None:
        before, revision = state(self.history.api), self.revision()
        if by == "somebody":
            self.history.do(step)
            for write in self.writes if self.revision() > revision else []:
                write.is_alone = False
            return
        self.assistant.result(step[0], **self.arguments(step))
        if self.revision() > revision:
            self.writes.append(Written(before))

    def undo(self, write: Written) -> bool:
        """Whether it was taken back."""
        before = state(self.history.api)
        refused = self.assistant.result("undo").get("isError", False)
        after = state(self.history.api)
        check_tree(rows())
        assert not (refused and write.is_alone)
        assert not refused or after == before
        assert not write.is_alone or without_tags(after) == without_tags(write.before)
        return not refused


def without_tags(state: dict) -> dict:
    return {name: rows for name, rows in state.items() if name != "tags"}  # those of tasks in the trash stay


@pytest.mark.django_db
@settings(max_examples=size(300, 10), **QUICK)
@given(steps=st.lists(STEP, min_size=2, max_size=8))
def test_undo_is_exact_or_refused(steps):
    with transaction.atomic():
        conversation = Conversation()
        for by, step in steps:
            conversation.do(by, step)
        for write in reversed(conversation.writes):
            if not conversation.undo(write):
                break
        transaction.set_rollback(True)

"""The next occurrence of a recurring task: made when one is completed, taken back when it is reopened."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from todos.actions.bulk import trash
from todos.actions.series import next_occurrence, shifted
from todos.models.rules import MAX_LEVEL

if TYPE_CHECKING:
    from todos.models.task import Task

# The next occurrence gets its own values for these fields. All others are copied.
NOT_COPIED = frozenset(
    {
        "id",
        "parent",
        "level",
        "completed_at",
        "completed_in_revision",
        "deleted_at",
        "next_occurrence",
        "automatic_revision",
        "remind_at",
        "reminded_at",
        "created_at",
        "updated_at",
        "revision",
    }
)


class Closing:
    """Completes tasks with what is below them: makes next occurrences, and moves to them what goes on."""

    def __init__(self, completed: Sequence["Task"], below: Sequence["Task"], revision: int):
        self.revision = revision
        self.completed = {task.pk: task for task in completed}
        self.moment = max(task.completed_at for task in completed if task.completed_at)
        self.children: dict[UUID | None, list[Task]] = defaultdict(list)
        recurring = [task for task in (*completed, *below) if task.recurrence]
        for task in (*completed, *below) if recurring else ():
            task.owner = recurring[0].owner  # loaded once for all of them
        for task in (self.completed.get(task.pk, task) for task in below):
            self.children[task.parent_id].append(task)  # by the parent that it has now
        self.closed: set[UUID] = set()
        self.copies: list[tuple[Task, Task]] = []  # each with the task that it is a copy of
        self.others: list[Task] = []

    def close_all(self) -> None:
        """Close what was completed: first what isn't below another one of these, since that is closed with it."""
        inner = {child.pk for children in self.children.values() for child in children}
        for task in sorted(self.completed.values(), key=lambda task: task.pk in inner):
            if task.pk not in self.closed:
                self.close(task)

    def close(self, task: "Task", parent: "Task | None" = None) -> None:
        """Close a task. `parent`: where its next occurrence stands, below that of its parent; by default beside it."""
        self.closed.add(task.pk)
        goes_on = task.next_occurrence is None if parent else task.makes_next_occurrence
        values = next_occurrence(task, task.owner.now()) if goes_on else None
        if values is None:
            self.close_below(task)
            return
        fresh = copy(task, self.revision, **values)
        put_under(fresh, parent) if parent else put_beside(fresh, task)
        self.copies.append((task, fresh))
        task.next_occurrence = fresh.pk
        self.move_on(task, fresh, values["due_date"] - task.due_date)

    def close_below(self, task: "Task") -> None:
        for child in self.children[task.pk]:
            self.complete(child)
            self.close_below(child)

    def complete(self, task: "Task") -> None:
        self.closed.add(task.pk)
        if task.completed_at is None:
            task.completed_at = self.moment
            self.others.append(task)

    def move_on(self, task: "Task", fresh: "Task", shift: timedelta) -> None:
        """Give `fresh` open copies of the plain subtasks of `task`. What recurs there keeps its own rhythm."""
        for child in self.children[task.pk]:
            if not child.recurrence:
                twin = copy(child, self.revision, **shifted(child, shift))
                put_under(twin, fresh)
                self.copies.append((child, twin))
                self.complete(child)
                self.move_on(child, twin, shift)
            elif child.pk in self.completed:
                self.close(child, fresh)
            elif child.completed_at is None:
                carry(child, fresh, carried_from=task.pk)
                self.others.append(child)
                self.look_below(child)

    def look_below(self, task: "Task") -> None:
        """Close what was completed below a task that stays open."""
        for child in self.children[task.pk]:
            if child.pk in self.completed:
                self.close(child)
            else:
                self.look_below(child)


def copy(task: "Task", revision: int, **differing) -> "Task":
    copied = [field.attname for field in task._meta.concrete_fields if field.name not in NOT_COPIED]
    content = {name: getattr(task, name) for name in copied}
    fresh = type(task)(**{**content, **differing}, automatic_revision=revision, tags=task.tags)  # type: ignore[misc]
    fresh.owner = task.owner  # saves a query for each
    return fresh


def put_under(task: "Task", parent: "Task") -> None:
    task.parent_id, task.level, task.project_id = parent.pk, parent.level + 1, parent.project_id
    task.carried_from = None


def put_beside(task: "Task", other: "Task") -> None:
    task.parent_id, task.level = other.parent_id, other.level


def carry(task: "Task", parent: "Task | None", carried_from: UUID | None = None) -> None:
    """Move a subtask that keeps its own rhythm, with what is below it; to the top level without a parent."""
    task.parent, task.carried_from = parent, carried_from
    task.is_carried = task.position_is_set = True
    if parent:
        task.set_parent(parent)
    else:
        task.level = 1


def take_back_next_occurrences(
    reopened: Sequence["Task"], others: Sequence["Task"], changing: Sequence["Task"]
) -> None:
    """Move the next occurrences of these reopened tasks to the trash, where nobody touched them.

    What recurs below them goes back to where it was, with its own next occurrences. `others`: the tasks that are
    reopened along with them. `changing`: all tasks that the same write changes.
    """
    model, own = type(reopened[0]), {task.pk: task for task in changing}
    known = {task.pk: task for task in (*reopened, *others)}
    made = model.objects.present().with_family().in_bulk([task.next_occurrence for task in known.values()])
    made |= {pk: own[pk] for pk in made.keys() & own.keys()}
    children = defaultdict(list)
    for task in model.objects.below(made.values()).order_by("level"):  # what is in the trash was touched too
        task = own.get(task.pk) or made.get(task.pk) or task
        children[task.parent_id].append(task)
    taken, returning = [], []
    for task in known.values():
        following = made.get(task.next_occurrence)
        carried: list[Task] = []
        if following and not is_touched(following, children, carried):
            returning += [(child, task) for child in carried]
            taken.append(following)
        if following is None or following in taken:
            task.next_occurrence = None  # completing makes another one
    go_back(returning, known, children)
    trash(taken)


def is_touched(task: "Task", children: dict, carried: list["Task"]) -> bool:
    """Whether somebody changed this occurrence, or a copy below it; `carried` gets what was moved there."""
    for child in children[task.pk]:
        if child.carried_from:
            carried.append(child)
        elif is_touched(child, children, carried):
            return True
    return task.is_touched or bool(task.changed_fields())


def go_back(returning: Sequence[tuple["Task", "Task"]], known: dict, children: dict) -> None:
    """Move these back to the parents that they came from; what has none any more, to the reopened task beside it.

    The parent may be deeper by now: what has no room below it moves to the top level.
    """
    if not returning:
        return
    model = type(returning[0][0])
    found = model.objects.present().in_bulk([child.carried_from for child, _ in returning])
    for child, task in returning:
        parent = known.get(child.carried_from) or found.get(child.carried_from)
        if parent is None or parent.completed:
            parent = task
        carry(child, parent if parent.level + height(child, children) <= MAX_LEVEL else None)
    model.objects.save_all(child for child, _ in returning)


def height(task: "Task", children: dict) -> int:
    """How many levels the task and what is below it take."""
    return 1 + max((height(child, children) for child in children[task.pk] if child.deleted_at is None), default=0)

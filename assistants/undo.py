"""Undo: takes back what a token wrote last, if nobody has touched it since."""

from typing import Any

from rest_framework.exceptions import ValidationError

from assistants.models import ToolCall
from ownership.transactions import RevisionTransaction
from todos.models import Task
from todos.serializers.task import TaskSerializer

SERIES = {"recurrence", "restart_series", "repeat_from", "due_date", "due_time", "completed", "completed_at"}


def note(view: Any, tool: str, current: RevisionTransaction) -> None:
    """Note a write of this token, in its own transaction."""
    ids = {pk for change, found in current.changes.items() if change.startswith("task.") for pk in found}
    call = ToolCall(
        owner=view.request.user,
        token=view.request.auth.pk,
        tool=tool,
        revision=current.revision,
        revisions={str(pk): current.revision for pk in ids},
        before=view.before,
    )
    ToolCall.objects.bulk_create([call])
    calls = ToolCall.objects.of_token(view.request.user, view.request.auth)
    calls.filter(pk__in=list(calls.values_list("pk", flat=True)[ToolCall.KEPT :])).delete()


def undo_last(view: Any) -> tuple[ToolCall, list[Task]]:
    """Take back this token's last write. Returns it, and the tasks as they are now. Raises ValidationError."""
    user = view.request.user
    calls = ToolCall.objects.of_token(user, view.request.auth)
    call = calls.first()
    if call is None:
        raise refusal("There is nothing to undo: this token has changed nothing, or all of it was taken back.")
    own = Task.objects.with_family().owned_by(user)
    tasks = list(own.filter(pk__in=call.revisions))
    if {str(task.pk): task.revision for task in tasks} != call.revisions:
        raise refusal("A task was changed since. Undo this change by hand.")
    TAKE_BACK[call.tool](view, call, tasks)
    tasks = list(own.filter(pk__in=call.revisions))
    follow(calls.exclude(pk=call.pk), call, tasks)
    call.delete()
    return call, tasks


def follow(earlier: Any, call: ToolCall, tasks: list[Task]) -> None:
    """What the calls before left is there again, with other revisions."""
    now = {str(task.pk): task.revision for task in tasks}
    pk, before = call.before.get("id"), call.before.get("revision")
    for each in earlier:
        if pk in now and each.revisions.get(pk) == before:
            each.revisions[pk] = now[pk]
            each.save(update_fields=["revisions"])


def refusal(message: str) -> ValidationError:
    return ValidationError({"undo": [message]})


def undo_add(view: Any, call: ToolCall, tasks: list[Task]) -> None:
    Task.objects.filter(pk__in=call.before["created"]).delete()


def undo_update(view: Any, call: ToolCall, tasks: list[Task]) -> None:
    values = {name: value for name, value in call.before.items() if name not in ("id", "revision")}
    [task] = [task for task in tasks if str(task.pk) == call.before["id"]]
    if values.keys() & SERIES and (task.recurrence or task.series):
        raise refusal("This change was about a series of tasks. Undo it by hand.")
    if "completed" in values or "completed_at" in values:
        raise refusal("This change completed or reopened a task. Use complete_task or reopen_task.")
    context = view.get_serializer_context()
    serializer = TaskSerializer(task, data=values, partial=True, context=context)
    serializer.is_valid(raise_exception=True)
    serializer.save()


def undo_complete(view: Any, call: ToolCall, tasks: list[Task]) -> None:
    main(call, tasks).reopen()


def undo_reopen(view: Any, call: ToolCall, tasks: list[Task]) -> None:
    if len(tasks) > 1:
        raise refusal("Other tasks were reopened along with it. Complete them by hand.")
    task = main(call, tasks)
    if task.recurrence:
        raise refusal("This task is one of a series. Complete it by hand.")
    completion = TaskSerializer(
        task,
        data={"completed": True, "completed_at": call.before["completed_at"]},
        partial=True,
        context=view.get_serializer_context(),
    )
    completion.is_valid(raise_exception=True)
    completion.save()


def undo_delete(view: Any, call: ToolCall, tasks: list[Task]) -> None:
    main(call, tasks).restore()


def main(call: ToolCall, tasks: list[Task]) -> Task:
    """The task that the call was about."""
    return next(task for task in tasks if str(task.pk) == call.before["id"])


TAKE_BACK = {
    "add_tasks": undo_add,
    "update_task": undo_update,
    "complete_task": undo_complete,
    "reopen_task": undo_reopen,
    "delete_task": undo_delete,
}

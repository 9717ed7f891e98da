"""Undo: puts back exactly what a token's last write changed, or raises ValidationError with the reason."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import orjson
from django.db.models import Q
from rest_framework.exceptions import ValidationError

from api.renderers import dumps
from api.text import FoldedField
from assistants.models import ToolCall
from ownership.transactions import RevisionTransaction
from todos.models import Project, Tag, Task
from todos.models.tag import TagNames
from users.models import ApiToken

Rows = dict[str, dict[str, Any]]

# What can be put back. The others are the same for good, stamped by every write, or follow from these.
COLUMNS = [
    field.attname
    for field in Task._meta.concrete_fields
    if field.name not in ("id", "owner", "created_at", "updated_at") and not isinstance(field, FoldedField)
]
TAGS = "tag_names"
ALWAYS = ("revision", "automatic_revision")  # tell whether somebody had touched it before


def rows_of(tasks: Any) -> Rows:
    rows = tasks.annotate(**{TAGS: TagNames()}).values("id", *COLUMNS, TAGS)
    return {row.pop("id"): row for row in orjson.loads(dumps(list(rows)))}


def affected_by(task: Task) -> Rows:
    """What a write of this task may change: those above and below it, and their next occurrences."""
    own = Task.objects.filter(owner=task.owner_id)
    rows = rows_of(own.family_of([task.pk]))
    following = {row["next_occurrence"] for row in rows.values()} - {None, *rows}
    return {**rows, **rows_of(own.family_of(following))} if following else rows


def note(token: ApiToken, tool: str, before: Rows, current: RevisionTransaction) -> None:
    """Note a write of this token. `before`: its tasks as they were, without those that it created."""
    changes = {name: [str(pk) for pk in ids] for name, ids in current.changes.items()}
    ids = {pk for name, found in changes.items() if name.startswith("task.") for pk in found}
    changed = ids - set(changes.get("task.created", ()))
    can_undo = len(ids) <= ToolCall.MAX_TASKS and changed <= before.keys()
    after = rows_of(Task.objects.filter(pk__in=ids)) if can_undo else {}
    ToolCall.objects.create(
        owner_id=token.owner_id,
        token=token,
        tool=tool,
        revision=current.revision,
        revisions={pk: row["revision"] for pk, row in after.items()},
        before=differences({pk: before[pk] for pk in changed} if can_undo else {}, after),
        new_tags=changes.get("tag.created", []),
    )
    calls = ToolCall.objects.of_token(token)
    calls.filter(pk__in=list(calls.values_list("pk", flat=True)[ToolCall.KEPT :])).delete()


def differences(before: Rows, after: Rows) -> Rows:
    return {
        pk: {name: old for name, old in row.items() if name in ALWAYS or old != after[pk][name]}
        for pk, row in before.items()
    }


def undo_last(token: Any, current: RevisionTransaction) -> ToolCall:
    """Take back this token's last write, and return it."""
    if not isinstance(token, ApiToken):
        raise refusal("Only the changes of API tokens can be undone.")
    calls = ToolCall.objects.of_token(token)
    call = calls.first()
    if call is None:
        raise refusal("There is nothing to undo: this token has changed nothing, or all of it was taken back.")
    check(call)
    put_back(call, current)
    check_neighbors(call, current)
    follow(calls.exclude(pk=call.pk), call, current.revision)
    call.delete()
    return call


def refusal(message: str) -> ValidationError:
    return ValidationError({"undo": [message]})


def check(call: ToolCall) -> None:
    """Raise ValidationError if what it changed isn't as it left it, or can't go back to where it was."""
    if not call.revisions:
        raise refusal(f"This change was about more than {ToolCall.MAX_TASKS} tasks. Undo it by hand.")
    tasks = Task.objects.filter(owner=call.owner_id, pk__in=call.revisions)
    if {str(pk): revision for pk, revision in tasks.values_list("pk", "revision")} != call.revisions:
        raise refusal("A task was changed since. Undo this change by hand.")
    for model, name in ((Project, "project_id"), (Task, "parent_id")):
        ids = {values[name] for values in call.before.values() if values.get(name)} - call.revisions.keys()
        if model.objects.present().filter(owner=call.owner_id, pk__in=ids).count() < len(ids):
            raise refusal("The project or the parent that a task was in was deleted since. Undo this change by hand.")


def put_back(call: ToolCall, current: RevisionTransaction) -> None:
    Task.restore_dependents([pk for pk, values in call.before.items() if values.get("deleted_at", "") is None])
    for ids, values in groups(call.before, current.revision):
        Task.objects.filter(pk__in=ids).update(**values)
    for pk, values in call.before.items():
        if TAGS in values:
            task = Task.objects.get(pk=pk)
            task.tags = values[TAGS]
            task.save()
    Task.objects.filter(pk__in=call.created).delete()
    Tag.objects.filter(pk__in=call.new_tags, revision=call.revision, task_links=None).delete()


def groups(before: Rows, revision: int) -> Iterator[tuple[list[str], dict]]:
    """The values to put back, each with the ids of the tasks that had them."""
    found = defaultdict(list)
    for pk, values in before.items():
        found[dumps(columns_of(values, revision))].append(pk)
    fields: dict[str, Any] = {name: Task._meta.get_field(name) for name in COLUMNS}
    for key, ids in found.items():
        yield ids, {name: fields[name].to_python(value) for name, value in orjson.loads(key).items()}


def columns_of(values: dict, revision: int) -> dict:
    """The columns among these values. What nobody had touched stays untouched, at its new revision."""
    was_touched = values["automatic_revision"] != values["revision"]
    automatic = values["automatic_revision"] if was_touched else revision
    return {name: value for name, value in values.items() if name not in (TAGS, *ALWAYS)} | {
        "automatic_revision": automatic
    }


def check_neighbors(call: ToolCall, current: RevisionTransaction) -> None:
    """Raise ValidationError if other tasks changed along with these, or no longer fit them."""
    ids = {str(pk) for name, found in current.changes.items() if name.startswith("task.") for pk in found}
    around = Task.objects.filter(Q(pk__in=call.revisions) | Q(parent__in=call.revisions), owner=call.owner_id)
    if not ids <= call.revisions.keys() or around.misplaced().exists():
        raise refusal("Tasks above or below were changed since. Undo this change by hand.")


def follow(earlier: Any, call: ToolCall, revision: int) -> None:
    """What the calls before left is there again, at another revision."""
    for each in earlier:
        again = [pk for pk, values in call.before.items() if each.revisions.get(pk) == values["revision"]]
        if again:
            each.revisions |= dict.fromkeys(again, revision)
            each.save(update_fields=["revisions"])

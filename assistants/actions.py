"""What the tools do. Rules and formats are those of the API's serializers.

Each function takes the view, which has the request and for a write its revision transaction, and the arguments. It
returns the structured result.
"""

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import QueryDict
from rest_framework.exceptions import NotFound, ValidationError

from api import fields
from api.pagination import KeysetPagination
from api.serializers import EmptySerializer, Serializer, row_of
from assistants.schemas import DEFAULT_RESULTS, HIDDEN, MAX_RESULTS, MAX_WHOLE
from assistants.undo import affected_by, undo_last
from todos.filters import TaskFilters
from todos.models import Project, Task
from todos.serializers.project import ProjectSerializer
from todos.serializers.task import TaskSerializer

MAX_LENGTH = 300  # of a description in a list
NO_SUCH_TASK = "There is no such task. Find its id with find_tasks."


def shown(task: Task, whole: bool = False) -> dict:
    """The task as a model reads it: without what is empty, and a long description cut."""
    row = row_of(TaskSerializer, task)
    found = {name: value for name, value in row.items() if name not in HIDDEN and value not in (None, "", [])}
    if not whole and len(text := found.get("description", "")) > MAX_LENGTH:
        found |= {"description": text[:MAX_LENGTH], "description_cut": True}
    return found


def own_tasks(view: Any) -> Any:
    return Task.objects.present().with_family().owned_by(view.request.user)


class IdSerializer(Serializer):
    id = fields.UUIDField()


def checked(serializer_class: type[Serializer], view: Any, *args: Any, **kwargs: Any) -> Any:
    serializer = serializer_class(*args, context=view.get_serializer_context(), **kwargs)
    serializer.is_valid(raise_exception=True)
    return serializer


def task_of(view: Any, arguments: dict) -> Task:
    task = own_tasks(view).filter(pk=checked(IdSerializer, view, data=arguments).validated_data["id"]).first()
    if task is None:
        raise NotFound(NO_SUCH_TASK)
    view.before = affected_by(task)
    return task


def as_query(arguments: dict) -> QueryDict:
    """Arguments as the query parameters that TaskFilters reads."""
    query = QueryDict(mutable=True)
    for name, value in arguments.items():
        values = value if isinstance(value, list) else [value]
        if not values or any(isinstance(each, dict | list) or each is None for each in values):
            raise ValidationError({name: ["Enter a text, a number or a boolean."]})
        query.setlist(name, [str(each).lower() if isinstance(each, bool) else str(each) for each in values])
    return query


def find_tasks(view: Any, arguments: dict) -> dict:
    filters = dict(arguments)
    whole = filters.pop("whole", False)
    if not isinstance(whole, bool):
        raise ValidationError({"whole": ["Must be a valid boolean."]})
    maximum = MAX_WHOLE if whole else MAX_RESULTS
    values = TaskFilters.read(as_query({"limit": min(maximum, DEFAULT_RESULTS), **filters}))
    if values["limit"] > maximum or "format" in values:
        raise ValidationError({"limit": [f"Ask for at most {maximum}."]})
    found, cursor = page_of_tasks(view, values)
    return {"tasks": [shown(task, whole) for task in found], **({"next_cursor": cursor} if cursor else {})}


def page_of_tasks(view: Any, values: dict) -> tuple[list[Task], str | None]:
    """The page of tasks that these filters lead to, and the cursor of the next one."""
    tasks = TaskFilters.apply(own_tasks(view), values, view.request.user)
    paginator = KeysetPagination()
    page_of = SimpleNamespace(
        request=view.request,
        parameters=values,
        filterset_class=TaskFilters,
        basename="task",
        action="find_tasks",
        queryset=tasks,
    )
    found = paginator.paginate_queryset(tasks, view.request, page_of)
    link = urlsplit(paginator.next or "").query
    return found, parse_qs(link).get("cursor", [None])[0]


def add_tasks(view: Any, arguments: dict) -> dict:
    tasks = arguments.get("tasks")
    if arguments.keys() - {"tasks"} or not isinstance(tasks, list) or not 0 < len(tasks) <= MAX_RESULTS:
        raise ValidationError({"tasks": [f"Give a list of 1 to {MAX_RESULTS} tasks, and nothing else."]})
    saved: Any = checked(TaskSerializer, view, data=tasks, many=True).save(owner=view.request.user)
    return {"tasks": [shown(task) for task in saved]}


def update_task(view: Any, arguments: dict) -> dict:
    values = dict(arguments)
    task = task_of(view, {name: values.pop(name) for name in ("id",) if name in values})
    if not values:
        raise ValidationError({"id": ["Name what to change."]})
    return changed(view, checked(TaskSerializer, view, task, data=values, partial=True).save())


def complete_task(view: Any, arguments: dict) -> dict:
    return changed(view, task_of(view, arguments).complete())


def reopen_task(view: Any, arguments: dict) -> dict:
    return changed(view, task_of(view, arguments).reopen())


def changed(view: Any, task: Task) -> dict:
    """The task, and its next occurrence if completing it has just created one."""
    old = view.before[str(task.pk)]["next_occurrence"]
    new = task.next_occurrence if str(task.next_occurrence) != old else None
    following = own_tasks(view).filter(pk=new).first() if new else None
    return {"task": shown(task), **({"next_occurrence": shown(following)} if following else {})}


def delete_task(view: Any, arguments: dict) -> dict:
    task = task_of(view, arguments)
    task.delete()
    return {"task": shown(task)}


def plan_day(view: Any, arguments: dict) -> dict:
    checked(EmptySerializer, view, data=arguments)
    now = view.request.user.now()
    tasks = own_tasks(view).open()
    started = tasks.filter(start_date__lte=now.date()).exclude(due_date__lte=now.date())
    parts = {
        "overdue": tasks.overdue(now).order_by("due_date", "due_time", "id"),
        "due_today": tasks.due("today", now).order_by("due_time", "-priority", "id"),
        "started": started.order_by("start_date", "id"),
        "important": tasks.filter(due_date=None, start_date=None, priority__gte=3).order_by("-priority", "id"),
    }
    return {"date": now.date(), **{name: first_of(part) for name, part in parts.items()}}


def first_of(tasks: Any) -> dict:
    return {"total": tasks.count(), "tasks": [shown(task) for task in tasks[:DEFAULT_RESULTS]]}


def list_projects(view: Any, arguments: dict) -> dict:
    checked(EmptySerializer, view, data=arguments)
    own = Project.objects.present().owned_by(view.request.user)
    rows = ProjectSerializer.rows(own.order_by("position", "id"))[:100]
    return {
        "projects": [{name: row[name] for name in ("id", "name", "open_tasks")} for row in rows],
        "total": own.count(),
    }


def undo(view: Any, arguments: dict) -> dict:
    checked(EmptySerializer, view, data=arguments)
    call = undo_last(view.request.auth, view.current)
    tasks = first_of(own_tasks(view).filter(pk__in=call.revisions).order_by("level", "id"))
    return {"undone": call.tool, **tasks, "moved_to_trash": len(call.created)}

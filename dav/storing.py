"""What becomes of a task when a client stores the text of a VTODO."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from rest_framework.exceptions import NotFound

from dav.document import Block, read_document
from dav.errors import BadCalendar, Forbidden
from dav.lists import TaskList
from dav.models import MAX_NAME, Removal, Resource
from dav.naming import note_removed
from dav.objects import Found, find, tasks_in
from dav.paths import Path
from dav.queries import name_of, waiting_for, with_names, with_uid
from dav.rendering import Meaning, master_of, read
from dav.xml import href
from todos.icalendar.moments import wall_clock
from todos.icalendar.reading import Todo
from todos.models import Task

APPLE_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
A_WHILE = timedelta(minutes=1)  # a clock that is behind by less isn't an older date of creation


class Incoming:
    """The text of a VTODO that a client stores. Raises BadCalendar or Forbidden for one that can't be kept."""

    def __init__(self, text: str, calendar: Block, zone: ZoneInfo):
        self.text, self.calendar, self.zone = text, calendar, zone
        self.master = master_of(calendar)
        self.todo: Todo = read(self.master, zone)
        self.uid = self.master.value("UID").strip()

    @property
    def exceptions(self) -> list[Block]:
        """The single dates of a series that the client has written beside it."""
        return [each for each in self.calendar.blocks if each.name == "VTODO" and each is not self.master]

    def closes(self, row: dict[str, Any]) -> Todo | None:
        """The exception that says that the occurrence of this row is done."""
        for block in self.exceptions:
            line, todo = block.first("RECURRENCE-ID"), read(block, self.zone)
            if line and todo.completed and day_of(line, self.zone) in (row["occurrence_date"], row["due_date"]):
                return todo
        return None


def day_of(line, zone: ZoneInfo):
    try:
        return wall_clock(line, zone)[0]
    except ValueError:
        return None


def kind_of(calendar: Block) -> str:
    """VTODO, VEVENT and so on. Raises BadCalendar."""
    kinds = {each.name for each in calendar.blocks} - {"VTIMEZONE"}
    if len(kinds) != 1:
        raise BadCalendar("A calendar object is one task with its exceptions.", "c:valid-calendar-object-resource")
    return kinds.pop()


def uid_of(calendar: Block, component: str) -> str:
    """The UID that all components of this kind have. Raises BadCalendar."""
    uids = {each.value("UID").strip() for each in calendar.blocks if each.name == component}
    if len(uids) != 1 or not (uid := uids.pop()):
        raise BadCalendar("All components need one and the same UID.", "c:valid-calendar-object-resource")
    if len(uid) > MAX_NAME:
        raise BadCalendar(f"A UID has at most {MAX_NAME} characters.", "c:valid-calendar-object-resource")
    return uid


def check_uid(task_list: TaskList, name: str, uid: str) -> None:
    """Raise Forbidden if another object of the list has this UID, and NotFound for a stale copy of one that left it."""
    owner_id = task_list.user.pk
    if other := with_names(with_uid(tasks_in(task_list), owner_id, uid)).first():
        where = href(str(Path.of(owner_id, task_list.name, name_of(other))))
        raise Forbidden("Another object of this list has this UID.", "c:no-uid-conflict", where)
    left = Removal.objects.filter(owner_id=owner_id, project=task_list.project, name=name)
    tasks = Task.objects.present().filter(owner_id=owner_id, pk__in=left.values("task"))
    if with_uid(tasks, owner_id, uid).exists():
        raise NotFound


def create(task_list: TaskList, name: str, incoming: Incoming) -> Task:
    """A new task in the list, of this text."""
    check_uid(task_list, name, incoming.uid)
    task = Task(owner=task_list.user, project=task_list.project)
    resource = Resource(owner=task_list.user, task=task, name=name, uid=incoming.uid, body=incoming.text)
    apply(task, resource, incoming.todo, set(Meaning._fields) - {"completed"}, task_list)
    save(task, resource)
    resource.save(force_insert=True)
    if incoming.todo.completed:  # afterwards: the next occurrence gets a copy of the text
        task.complete(incoming.todo.completed_at)
    made = incoming.todo.created_at
    if made and made < task.created_at - A_WHILE:
        Task.objects.filter(pk=task.pk).update(created_at=made)
    adopt(task_list, task, incoming.uid)
    sort(task, resource, incoming.todo)
    return task


def change(task_list: TaskList, found: Found, incoming: Incoming) -> None:
    """Change of the task what the client changed in the text, and keep the text. Repeating it changes nothing."""
    row: Any = found.task
    resource = Resource.objects.filter(task=row["id"]).first()
    if incoming.text == found.text or (resource and is_repeated(resource, row, incoming)):
        return
    if incoming.uid != row["uid"]:
        raise Forbidden("The UID of an object can't be changed.", "c:no-uid-conflict")
    shown = read(master_of(read_document(str(found.text))), incoming.zone)
    changed = Meaning.of(incoming.todo).differences(Meaning.of(shown))
    task = Task.objects.with_family().select_related("project", "parent").get(pk=row["id"])
    if resource is None:
        resource = Resource(owner=task_list.user, task=task, name=found.name, uid=row["uid"])
    resource.body = incoming.text
    resource.save()  # first, since the next occurrence gets a copy of it
    done = incoming.closes(row)
    if done and task.completed:
        changed -= {"completed", "recurrence", "dates"}  # it is closed already: these are the series'
    if done and task.makes_next_occurrence and not task.completed:
        close(task, done, incoming.todo, changed - {"completed"}, task_list)
    else:
        apply(task, resource, incoming.todo, changed, task_list)
        if not save(task, resource):
            Task.objects.filter(pk=task.pk).update()  # the text alone changed: that is a write, too
    sort(task, resource, incoming.todo)


def is_repeated(resource: Resource, row: dict[str, Any], incoming: Incoming) -> bool:
    """Whether this text was stored last, and nothing changed since; clients get another one for it."""
    is_stored = resource.exact_revision == row["revision"] and not resource.exact_zone
    return is_stored and resource.body == incoming.text


def close(task: Task, done: Todo, todo: Todo, changed: set[str], task_list: TaskList) -> None:
    """Complete an occurrence. What the client wrote about the series is the next one's."""
    task.complete(done.completed_at)
    following = Task.objects.with_family().filter(pk=task.next_occurrence).first()
    resource = Resource.objects.filter(task=task.next_occurrence).first()
    if following and resource and not todo.completed:
        apply(following, resource, todo, changed, task_list)
        save(following, resource)


def apply(task: Task, resource: Resource, todo: Todo, changed: set[str], task_list: TaskList) -> None:
    """Set these fields of the task as the VTODO has them."""
    for name in ("title", "description", "priority", "recurrence", "reminders", "tags"):
        if name in changed:
            setattr(task, name, getattr(todo, name))
    if "dates" in changed:
        task.start_date, task.start_time = todo.start_date, todo.start_time
        task.due_date, task.due_time = todo.due_date, todo.due_time
    if "completed" in changed:
        task.completed = (todo.completed_at or True) if todo.completed else False
    if "parent" in changed:
        parents = with_uid(tasks_in(task_list), task_list.user.pk, todo.parent).exclude(pk=task.pk)
        task.parent = parents.select_related("project").first() if todo.parent else None
        resource.parent_uid = "" if task.parent else todo.parent[:MAX_NAME]
        if not resource._state.adding:
            resource.save()


def save(task: Task, resource: Resource) -> bool:
    """Save the task, on top where it can't be below its parent, which its text still names.

    Returns whether anything changed.
    """
    is_changed = task.is_changed()
    try:
        with transaction.atomic():
            task.save()
    except ValidationError:
        if task.parent is None:
            raise
        resource.parent_uid = uid_of_task(task.parent)
        if not resource._state.adding:
            resource.save()
        task.parent, task.level = None, 1
        task.save()
    return is_changed


def uid_of_task(task: Task) -> str:
    return Resource.objects.filter(task=task).values_list("uid", flat=True).first() or str(task.pk)


def sort(task: Task, resource: Resource, todo: Todo) -> None:
    """Move the task to where X-APPLE-SORT-ORDER has it among its siblings, if the client changed that.

    What has none is sorted by the seconds from 2001 to its creation.
    """
    if todo.sort_order is None or todo.sort_order == resource.sort_order:
        return
    resource.sort_order = todo.sort_order
    resource.save()
    siblings = task.siblings().exclude(pk=task.pk).order_by("position", "id")
    rows = siblings.values_list("pk", "created_at", "resource__sort_order")
    later = (pk for pk, made, order in rows if number_of(made, order) > todo.sort_order)
    following = siblings.filter(pk=next(later, None)).first()
    task.refresh_from_db()
    task.move(**({"before": following} if following else {}))


def number_of(made: datetime, order: int | None) -> float:
    return (made - APPLE_EPOCH).total_seconds() if order is None else order


def adopt(task_list: TaskList, parent: Task, uid: str) -> None:
    """Put the tasks below it that came before their parent."""
    for resource in waiting_for(task_list.user.pk, uid).filter(task__project_id=task_list.project_id):
        child = Task.objects.with_family().get(pk=resource.task_id)
        child.parent = parent
        save(child, resource)
        if child.parent:
            Resource.objects.filter(pk=resource.pk).update(parent_uid="")


def note_stored(task_list: TaskList, name: str, text: str) -> Found:
    """The object as it is now. If the text was stored, notes for which revision, and whether clients get it so."""
    found = find(task_list, name)
    if found is None:  # it was completed and trashed along, say
        raise NotFound
    if found.task and found.task["body"] == text:
        zone = task_list.user.timezone if found.text == text else ""
        noted = {"exact_revision": found.revision, "exact_zone": zone}
        Resource.objects.filter(task=found.task["id"]).exclude(**noted).update(**noted)
    return found


def move(source: TaskList, target: TaskList, name: str, found: Found) -> None:
    """Move a task to another list, or give it another name."""
    row: Any = found.task
    if source.project_id != target.project_id:
        check_uid(target, name, row["uid"])
    task = Task.objects.with_family().select_related("project", "parent").get(pk=row["id"])
    resource = Resource.objects.filter(task=task).first()
    if resource is None:
        where = {"owner": source.user, "task": task, "name": found.name, "uid": row["uid"]}
        resource = Resource.objects.create(**where, body=str(found.text))
    if source.project_id == target.project_id:
        Task.objects.filter(pk=task.pk).update()  # a new revision: clients that sync have to hear of the new name
        note_removed(task.owner_id, source.project_id, {task.pk: found.name})
    elif task.parent:
        resource.parent_uid = row["parent"]
        task.parent = None
    task.project = target.project
    save(task, resource)
    resource.name = name
    resource.save()


def is_below(found: Found, other: Found) -> bool:
    """Whether a task is below another one, at any depth."""
    if found.task is None or other.task is None:
        return False
    return Task.objects.filter(pk=other.task["id"]).above(Task.objects.filter(pk=found.task["id"])).exists()

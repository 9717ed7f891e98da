"""The lists of a user: one for each project, and the inbox."""

import re
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from api.ids import uuid7
from dav.models import MAX_COLOR, Collection
from dav.paths import MAX_NAME, Path, id_in
from ownership.transactions import revision_transaction
from todos.fitting import MAX_PROJECT, UNTITLED, one_line
from todos.models import Project

INBOX, HOME = "inbox", ""  # the names of what is no project
COLOR = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")
MAX_PROPERTIES = 100_000  # characters of XML that a list keeps


class TaskList:
    """`project` is None for the inbox, `collection` where no client has set anything."""

    def __init__(self, user, project: Project | None, collection: Collection | None):
        self.user, self.project, self.collection = user, project, collection

    @property
    def project_id(self) -> UUID | None:
        return self.project.pk if self.project else None

    @property
    def name(self) -> str:
        if self.project is None:
            return INBOX
        return self.collection.name if self.collection else str(self.project.pk)

    @property
    def path(self) -> Path:
        return Path.of(self.user.pk, self.name)

    @property
    def display_name(self) -> str:
        plain = self.project.name if self.project else "Inbox"
        row = self.collection
        return row.display_name if row and row.display_name and row.named_as in (plain, "") else plain

    @property
    def color(self) -> str:
        """As the client set it, or with two digits for how opaque it is, as Apple has it; empty without one."""
        plain = self.project.color if self.project else ""
        stored = self.collection.color if self.collection else ""
        if self.project is None or hexadecimal(stored) == plain:
            return stored
        return f"{plain}FF" if plain else ""

    @property
    def components(self) -> list[str]:
        """The components that it takes: of those that are allowed, the ones that the client asked for."""
        allowed = ["VTODO", *(["VEVENT", "VJOURNAL"] if settings.DAV_OTHER_COMPONENTS else [])]
        asked = self.collection.components if self.collection else []
        return [each for each in allowed if each in asked] or allowed

    @property
    def properties(self) -> dict[str, str]:
        return self.collection.properties if self.collection else {}


def find_lists(user) -> list[TaskList]:
    projects = projects_of(user).order_by("position", "id")
    return [TaskList(user, None, stored_row(user, INBOX)), *(list_of(user, project) for project in projects)]


def find_list(user, name: str) -> TaskList | None:
    if name == INBOX:
        return TaskList(user, None, stored_row(user, INBOX))
    project = projects_of(user).filter(is_named(name)).first()
    return list_of(user, project) if project else None


def is_named(name: str) -> Q:
    """The projects whose lists have this name."""
    by_id = Q(collection=None, pk=pk) if (pk := id_in(name)) else Q()
    return Q(collection__name=name) | by_id


def projects_of(user) -> QuerySet:
    return Project.objects.present().owned_by(user).select_related("collection")


def stored_row(user, name: str) -> Collection | None:
    """What clients set on the inbox or the home, if they set anything."""
    row: Collection | None = Collection.objects.owned_by(user).filter(name=name).first()
    return row


def list_of(user, project: Project) -> TaskList:
    return TaskList(user, project, getattr(project, "collection", None))


def create_list(user, name: str) -> TaskList:
    """A new, empty list with this name in its URL. A list in the trash gives its name up."""
    for other in Project.objects.in_trash().owned_by(user).filter(is_named(name)).select_related("collection"):
        row = getattr(other, "collection", None) or Collection(owner=user, project=other)
        row.name = own_name(user, other, name)
        row.save()
    project = Project.objects.create(owner=user, name=free_name(user, name))
    return TaskList(user, project, Collection.objects.create(owner=user, project=project, name=name))


def own_name(user, project: Project, taken: str) -> str:
    """A name that no other list has: the id of the project, if it isn't taken."""
    name = str(project.pk)
    is_taken = name == taken or Collection.objects.owned_by(user).filter(name=name).exists()
    return str(uuid7()) if is_taken else name


def free_name(user, wish: str, project: Project | None = None) -> str:
    """The wish as the name of a project, with a number where another one has it already."""
    others = Project.objects.present().owned_by(user).exclude(pk=project and project.pk)
    number, name = 1, one_line(wish)[:MAX_PROJECT].strip() or UNTITLED
    candidate = Project(owner=user, name=name)
    while True:
        candidate.clean()
        if not others.filter(name_folded=candidate.name_folded).exists():
            return candidate.name
        number += 1
        candidate.name = f"{name[: MAX_PROJECT - 8]} ({number})"


def row_for(task_list: TaskList) -> Collection:
    """The row of a list, which is made where there is none."""
    if task_list.collection is None:
        task_list.collection = Collection(owner=task_list.user, project=task_list.project, name=task_list.name)
    return task_list.collection


def set_display_name(task_list: TaskList, wish: str) -> None:
    row = row_for(task_list)
    row.display_name = wish[:MAX_NAME]
    if task_list.project:
        task_list.project.name = row.named_as = free_name(task_list.user, wish, task_list.project)


def set_color(task_list: TaskList, text: str) -> None:
    row = row_for(task_list)
    row.color = text.strip()[:MAX_COLOR]
    if task_list.project:
        task_list.project.color = hexadecimal(row.color)


def hexadecimal(color: str) -> str:
    """The color as projects have it; empty for a name, which only the list keeps."""
    return color[:7].lower() if COLOR.fullmatch(color) else ""


def save(task_list: TaskList) -> None:
    """Save what was set on a list, as one revision, so that clients see it."""
    with revision_transaction(task_list.user.pk) as current:
        row = row_for(task_list)
        row.save()
        if task_list.project:
            task_list.project.save()
        current.record(Collection, "updated", [row.pk])


def stored_size(properties: Iterable[str]) -> int:
    return sum(map(len, properties))

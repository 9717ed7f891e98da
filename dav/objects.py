"""The objects in a list: tasks as VTODOs and, with DAV_OTHER_COMPONENTS, what else clients store."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.conf import settings

from dav.lists import TaskList
from dav.models import OtherObject
from dav.paths import Path
from dav.properties import ObjectNode
from dav.queries import complete, listed, name_of, named, with_names, with_texts
from dav.rendering import render
from dav.tokens import etag_of
from todos.models import Task

PAGE = 100  # objects that are read at once
PAGE_OF_NAMES = 1_000  # a query has several parameters for each, and SQLite takes 32,766


class Found(NamedTuple):
    """An object as a client gets it."""

    name: str
    revision: int
    text: str | None = None
    task: dict[str, Any] | None = None  # the row of a task
    component: str = "VTODO"

    def node(self, task_list: TaskList, token) -> ObjectNode:
        path = Path.of(task_list.user.pk, task_list.name, self.name)
        etag = etag_of(task_list.user, self.revision)
        return ObjectNode(task_list.user, token, path, etag, self.text, self.component.lower())


def others_in(task_list: TaskList):
    if not settings.DAV_OTHER_COMPONENTS:
        return OtherObject.objects.none()
    return OtherObject.objects.present().owned_by(task_list.user).filter(project_id=task_list.project_id)


def tasks_in(task_list: TaskList):
    return listed(task_list.user.pk, task_list.project_id)


def as_found(row: dict[str, Any], zone: str) -> Found:
    row = complete(row)
    return Found(name_of(row), row["revision"], render(row, zone), row)


def other_found(each: OtherObject) -> Found:
    return Found(each.name, each.revision, each.body, None, each.component)


def read_names(task_list: TaskList) -> Iterator[Found]:
    """All objects of a list, without their texts: one query."""
    for row in with_names(tasks_in(task_list)):
        yield Found(name_of(row), row["revision"])
    for each in others_in(task_list).values("name", "revision", "component"):
        yield Found(each["name"], each["revision"], component=each["component"])


def names_here(task_list: TaskList, names: list[str]) -> set[str]:
    """Those of the names that something in the list has."""
    here = set[str]()
    for start in range(0, len(names), PAGE_OF_NAMES):
        part = names[start : start + PAGE_OF_NAMES]
        here.update(map(name_of, with_names(named(tasks_in(task_list), task_list.user.pk, part))))
        here.update(others_in(task_list).filter(name__in=part).values_list("name", flat=True))
    return here


def read_texts(task_list: TaskList, names: list[str]) -> Iterator[Found]:
    """The objects with these names."""
    for start in range(0, len(names), PAGE):
        part = names[start : start + PAGE]
        for row in with_texts(named(tasks_in(task_list), task_list.user.pk, part)):
            yield as_found(row, task_list.user.timezone)
        yield from map(other_found, others_in(task_list).filter(name__in=part))


def read_all(task_list: TaskList, tasks) -> Iterator[Found]:
    """These tasks of a list with their texts, a page at a time, and all other objects."""
    ids = list(tasks.order_by().values_list("pk", flat=True))
    for start in range(0, len(ids), PAGE):
        for row in with_texts(Task.objects.filter(pk__in=ids[start : start + PAGE])):
            yield as_found(row, task_list.user.timezone)
    yield from map(other_found, others_in(task_list))


def find(task_list: TaskList, name: str) -> Found | None:
    return next(read_texts(task_list, [name]), None)


def by_name(found: Iterable[Found]) -> dict[str, Found]:
    return {each.name: each for each in found}

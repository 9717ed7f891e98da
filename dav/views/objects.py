from zoneinfo import ZoneInfo

from django.http import HttpResponse
from rest_framework.exceptions import NotFound

from api.conditional import names_tag
from dav import storing, xml
from dav.changes import property_changes
from dav.document import Block, decode, read_document
from dav.errors import Conflict, DavError, Failed, Forbidden
from dav.lists import TaskList, find_list
from dav.models import OtherObject
from dav.objects import Found, find, others_in
from dav.paths import Path
from dav.properties import Node
from dav.tokens import etag_of
from dav.views import principals
from dav.views.base import DavView, check_match, check_name, multistatus
from dav.views.places import list_or_404
from todos.models import Task


class ObjectView(DavView):
    """An object in a list."""

    def found(self) -> tuple[TaskList, Found]:
        task_list = list_or_404(self.request, self.kwargs["list"])
        found = find(task_list, self.kwargs["name"])
        if found is None:
            raise NotFound
        return task_list, found

    def node(self) -> Node:
        task_list, found = self.found()
        return found.node(task_list, self.request.auth)

    def get(self, request, **kwargs):
        task_list, found = self.found()
        etag = etag_of(task_list.user, found.revision)
        if names_tag(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        return HttpResponse(found.text, content_type="text/calendar; charset=utf-8", headers={"ETag": etag})

    def put(self, request, list: str, name: str, **kwargs):
        check_name(name)
        task_list = find_list(request.user, list)
        if task_list is None:
            raise Conflict
        check_type(request)
        text = decode(request.body)
        calendar = read_document(text)
        found = find(task_list, name)
        check_match(request, found and etag_of(request.user, found.revision))
        kind = storing.kind_of(calendar)
        if kind not in task_list.components:
            raise Forbidden(f"This list takes {', '.join(task_list.components)}.", "c:supported-calendar-component")
        if kind != "VTODO":
            return put_other(task_list, found, name, kind, calendar, text)
        if found and found.task is None:
            raise Forbidden("An event can't become a task.", "c:supported-calendar-component")
        storing.uid_of(calendar, "VTODO")
        incoming = storing.Incoming(text, calendar, ZoneInfo(request.user.timezone))
        if found:
            storing.change(task_list, found, incoming)
        else:
            storing.create(task_list, name, incoming)
        return stored(request, storing.note_stored(task_list, name, text), text, found is None)

    def delete(self, request, **kwargs):
        task_list, found = self.found()
        check_match(request, etag_of(request.user, found.revision))
        delete(task_list, found)
        return HttpResponse(status=204)

    def proppatch(self, request, **kwargs):
        task_list, found = self.found()
        changes = property_changes(xml.parse(request.body), "propertyupdate")
        path = str(Path.of(request.user.pk, task_list.name, found.name))
        return multistatus([xml.response(path, xml.propstat((), [name for name, _ in changes], "403 Forbidden"))])

    def report(self, request, **kwargs):
        return principals.report(request, self.node())

    def mkcalendar(self, request, **kwargs):
        raise Forbidden("Lists can't be nested.", "c:calendar-collection-location-ok")

    mkcol = mkcalendar

    def copy(self, request, **kwargs):
        task_list, found = self.found()
        target, name, replaced = self.destination(task_list, found)
        if replaced:
            delete(target, replaced)
        copy_to(target, name, found)
        return HttpResponse(status=204 if replaced else 201)

    def move(self, request, **kwargs):
        task_list, found = self.found()
        check_match(request, etag_of(request.user, found.revision))
        target, name, replaced = self.destination(task_list, found)
        if replaced:
            delete(target, replaced)
        move_to(task_list, target, name, found)
        return HttpResponse(status=204 if replaced else 201)

    def destination(self, task_list: TaskList, found: Found) -> tuple[TaskList, str, Found | None]:
        """Where a COPY or MOVE leads: the list, the name in it, and what is there already."""
        path = Path.read(self.request.headers.get("Destination", ""))
        if path is None or path.owner != str(self.request.user.pk) or not path.name:
            raise DavError("Destination must be an address in one of your lists.", status=403)
        check_name(path.name)
        target = find_list(self.request.user, path.list)
        if target is None:
            raise Conflict
        if (target.name, path.name) == (task_list.name, found.name):
            raise Forbidden("It is there already.")
        replaced = find(target, path.name)
        if replaced and self.request.headers.get("Overwrite", "T").strip().upper() == "F":
            raise Failed("There is something at this address already.")
        if replaced and storing.is_below(found, replaced):
            raise Forbidden("A subtask can't replace a task that it is below.")
        return target, path.name, replaced


def check_type(request) -> None:
    if request.content_type.partition(";")[0].strip().lower() not in ("", "text/calendar", "application/octet-stream"):
        raise Forbidden("Send text/calendar.", "c:supported-calendar-data")


def put_other(task_list: TaskList, found: Found | None, name: str, kind: str, calendar: Block, text: str):
    """Keep an event or a journal entry as it came."""
    uid = storing.uid_of(calendar, kind)
    others = others_in(task_list)
    if (found and found.task) or others.filter(uid=uid).exclude(name=name).exists():
        raise Forbidden("Another object of this list has this UID.", "c:no-uid-conflict")
    row = others.filter(name=name).first() or OtherObject(owner=task_list.user, project=task_list.project, name=name)
    row.uid, row.component, row.body = uid, kind, text
    row.save()
    etag = etag_of(task_list.user, row.revision)
    return HttpResponse(status=204 if found else 201, headers={"ETag": etag})


def stored(request, found: Found, text: str, is_new: bool) -> HttpResponse:
    """With the entity tag exactly if what is kept is what was sent (RFC 4791, section 5.3.4)."""
    response = HttpResponse(status=201 if is_new else 204)
    if found.text == text:
        response["ETag"] = etag_of(request.user, found.revision)
    return response


def delete(task_list: TaskList, found: Found) -> None:
    if found.task:
        Task.objects.with_family().get(pk=found.task["id"]).delete()
    else:
        others_in(task_list).get(name=found.name).delete()


def copy_to(target: TaskList, name: str, found: Found) -> None:
    text = str(found.text)
    calendar = read_document(text)
    if found.task is None:
        put_other(target, None, name, found.component, calendar, text)
    else:
        storing.create(target, name, storing.Incoming(text, calendar, ZoneInfo(target.user.timezone)))


def move_to(source: TaskList, target: TaskList, name: str, found: Found) -> None:
    if found.task is None:
        row = others_in(source).get(name=found.name)
        put_other(target, None, name, found.component, read_document(row.body), row.body)
        row.delete()
        return
    storing.move(source, target, name, found)

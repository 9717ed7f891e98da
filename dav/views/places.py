"""Where clients begin: the root, and the home of a user's lists, which is their principal, too."""

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import NotFound

from dav import xml
from dav.changes import apply_properties, check_kind, kinds_asked, property_changes, proppatch_response
from dav.errors import Exists, Forbidden
from dav.lists import HOME, TaskList, create_list, find_list, find_lists, row_for, stored_row
from dav.models import Collection
from dav.paths import Path
from dav.properties import ListNode, Node, RootNode
from dav.views import principals
from dav.views.base import DavView, check_name
from dav.views.principals import home_of


@csrf_exempt
def well_known(request) -> HttpResponse:
    """Service discovery (RFC 6764, section 5), for every method."""
    return HttpResponsePermanentRedirect(reverse("dav"))


class RootView(DavView):
    http_method_names = ["options", "propfind", "report"]

    def node(self) -> Node:
        return RootNode(self.request.user, self.request.auth, Path())

    def children(self, node):
        return [home_of(self.request)]

    def report(self, request, **kwargs):
        return principals.report(request, self.node())


class HomeView(DavView):
    http_method_names = ["options", "propfind", "proppatch", "report"]

    def node(self) -> Node:
        return home_of(self.request)

    def children(self, node):
        return [ListNode(each, self.request.auth) for each in find_lists(self.request.user)]

    def proppatch(self, request, **kwargs):
        changes = property_changes(xml.parse(request.body), "propertyupdate")
        row = stored_row(request.user, HOME) or Collection(owner=request.user, name=HOME)
        home = TaskList(request.user, None, row)
        return proppatch_response(str(Path.of(request.user.pk)), changes, lambda: apply_properties(home, changes))

    def report(self, request, **kwargs):
        return principals.report(request, self.node())


def list_or_404(request, name: str) -> TaskList:
    found = find_list(request.user, name)
    if found is None:
        raise NotFound
    return found


def make_list(request, name: str) -> HttpResponse:
    """MKCALENDAR (RFC 4791, section 5.3.1) and extended MKCOL (RFC 5689)."""
    check_name(name)
    root = xml.parse(request.body)
    changes = property_changes(root, "mkcalendar" if request.method == "MKCALENDAR" else "mkcol")
    if find_list(request.user, name):
        raise Exists
    check_kind(changes)
    task_list = create_list(request.user, name)
    row_for(task_list).components = kinds_asked(changes)[:10]
    apply_properties(task_list, changes)
    return HttpResponse(status=201, headers={"Cache-Control": "no-cache"})


def delete_list(task_list: TaskList) -> HttpResponse:
    if task_list.project is None:
        raise Forbidden("The inbox can't be deleted.")
    task_list.project.delete()
    return HttpResponse(status=204)

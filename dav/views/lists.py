from django.http import HttpResponse

from dav import xml
from dav.changes import apply_properties, property_changes, proppatch_response
from dav.errors import Forbidden
from dav.objects import read_names
from dav.properties import ListNode, Node
from dav.views import reports
from dav.views.base import DavView
from dav.views.places import delete_list, list_or_404, make_list


class ListView(DavView):
    """A list: a project, or the inbox."""

    http_method_names = ["options", "delete", "propfind", "proppatch", "report", "mkcalendar", "mkcol", "copy", "move"]

    def node(self) -> Node:
        return ListNode(list_or_404(self.request, self.kwargs["list"]), self.request.auth)

    def children(self, node):
        return [each.node(node.list, self.request.auth) for each in read_names(node.list)]

    def report(self, request, list: str, **kwargs):
        return reports.run(request, list_or_404(request, list))

    def proppatch(self, request, list: str, **kwargs):
        task_list = list_or_404(request, list)
        changes = property_changes(xml.parse(request.body), "propertyupdate")
        return proppatch_response(str(task_list.path), changes, lambda: apply_properties(task_list, changes))

    def mkcalendar(self, request, list: str, **kwargs) -> HttpResponse:
        return make_list(request, list)

    mkcol = mkcalendar

    def delete(self, request, list: str, **kwargs) -> HttpResponse:
        return delete_list(list_or_404(request, list))

    def copy(self, request, **kwargs):
        raise Forbidden("A list can't be copied, and its address doesn't change.")

    move = copy

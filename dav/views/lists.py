from django.http import HttpResponse

from dav import xml
from dav.changes import apply_properties, check_kind, kinds_asked, property_changes, proppatch_response
from dav.errors import Exists, Forbidden
from dav.lists import create_list, find_list, row_for
from dav.objects import read_names
from dav.properties import ListNode, Node
from dav.views import reports
from dav.views.base import DavView, check_name
from dav.views.places import list_or_404


class ListView(DavView):
    """A list: a project, or the inbox."""

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
        """MKCALENDAR (RFC 4791, section 5.3.1) and extended MKCOL (RFC 5689)."""
        check_name(list)
        root = xml.parse(request.body)
        changes = property_changes(root, "mkcalendar" if request.method == "MKCALENDAR" else "mkcol")
        if find_list(request.user, list):
            raise Exists
        check_kind(changes)
        task_list = create_list(request.user, list)
        row_for(task_list).components = kinds_asked(changes)[:10]
        apply_properties(task_list, changes)
        return HttpResponse(status=201, headers={"Cache-Control": "no-cache"})

    mkcol = mkcalendar

    def delete(self, request, list: str, **kwargs) -> HttpResponse:
        task_list = list_or_404(request, list)
        if task_list.project is None:
            raise Forbidden("The inbox can't be deleted.")
        task_list.project.delete()
        return HttpResponse(status=204)

    def copy(self, request, **kwargs):
        raise Forbidden("A list can't be copied, and its address doesn't change.")

    move = copy

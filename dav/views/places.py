"""Where clients begin: the root, and the home of a user's lists, which is their principal, too."""

from django.http import HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import NotFound

from dav import xml
from dav.changes import apply_properties, property_changes, proppatch_response
from dav.lists import HOME, TaskList, find_list, find_lists, stored_row
from dav.models import Collection
from dav.paths import Path
from dav.properties import ListNode, Node, RootNode
from dav.views import principals
from dav.views.base import DavView
from dav.views.principals import home_of


@csrf_exempt
def well_known(request) -> HttpResponse:
    """Service discovery (RFC 6764, section 5), for every method."""
    return HttpResponsePermanentRedirect(reverse("dav"))


class RootView(DavView):
    def node(self) -> Node:
        return RootNode(self.request.user, self.request.auth, Path())

    def children(self, node):
        return [home_of(self.request)]

    def report(self, request, **kwargs):
        return principals.report(request, self.node())


class HomeView(DavView):
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

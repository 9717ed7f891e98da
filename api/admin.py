"""What every list of the admin does, so that it costs the same with a hundred rows and with millions."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MAX_COUNT = 10_000
MAX_AT_ONCE = 500  # as in the API


class BoundedPaginator(Paginator):
    """Counts as far as anybody would turn pages, and no further: filters and the search lead to what is beyond."""

    object_list: QuerySet

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by().values("pk")[:MAX_COUNT].count()


class BoundedAdmin(admin.ModelAdmin):
    """A list in pages of 50 that never counts or shows a whole table."""

    ordering = ["-id"]  # the newest first, by the index that is there: ids are made in order
    paginator = BoundedPaginator
    list_per_page = list_max_show_all = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count for each choice of each filter

    def response_action(self, request, queryset, *args):
        if queryset[MAX_AT_ONCE:].exists() and request.POST.get("select_across") == "1":
            text = f"These are more than {MAX_AT_ONCE}, which is too many for one action. Nothing was changed."
            self.message_user(request, text, "error")
            return None
        return super().response_action(request, queryset, *args)

    def history_view(self, request, object_id, extra_context=None):
        # Django's looks for the object first, and so tells those who may not see it whether it is there.
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_deleted_objects(self, objs, request):
        # Django loads all that hangs on them, and names it one by one.
        refused = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [str(each) for each in objs], {self.opts.verbose_name_plural: len(objs)}, refused, []

"""A base class for the admin, whose lists cost the same with a hundred rows as with millions."""

from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MAX_COUNT = 10_000
MAX_AT_ONCE = 500  # as in the API


class BoundedPaginator(Paginator):
    """Counts at most MAX_COUNT rows. Use the filters and the search to reach the others."""

    object_list: QuerySet

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by().values("pk")[:MAX_COUNT].count()


class BoundedAdmin(admin.ModelAdmin):
    """A list with 50 rows per page, which never counts or loads a whole table."""

    ordering = ["-id"]  # the newest first, by the primary key: ids are in the order of creation
    paginator = BoundedPaginator
    list_per_page = list_max_show_all = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count for each choice of each filter

    def response_action(self, request, queryset, *args):
        if queryset[MAX_AT_ONCE:].exists() and request.POST.get("select_across") == "1":
            text = f"Nothing was changed. Select at most {MAX_AT_ONCE} rows for one action."
            self.message_user(request, text, "error")
            return None
        return super().response_action(request, queryset, *args)

    def history_view(self, request, object_id, extra_context=None):
        # Django looks up the object first, and so reveals to users without permission whether it exists.
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_deleted_objects(self, objs, request):
        # Django loads and lists every related object.
        refused = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return [str(each) for each in objs], {self.opts.verbose_name_plural: len(objs)}, refused, []


class ReadOnlyAdmin(BoundedAdmin):
    """For objects that operators see, and may delete for good."""

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def log_deletions(self, request, queryset):
        # Without their names, which nothing would connect with the owner any more when the account is erased.
        entry = {"user_id": request.user.pk, "content_type": get_content_type_for_model(self.model)}
        return LogEntry.objects.bulk_create(
            LogEntry(**entry, action_flag=DELETION, object_id=obj.pk, object_repr=f"{self.opts.verbose_name} {obj.pk}")
            for obj in queryset
        )

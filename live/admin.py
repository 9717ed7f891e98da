from django.contrib import admin

from api.admin import ReadOnlyAdmin
from live.models import Delivery, Hook


@admin.register(Hook)
class HookAdmin(ReadOnlyAdmin):
    """Shows and deletes webhooks. Only users can make them, since the secret is shown just once."""

    list_select_related = ["owner"]
    list_display = ["url", "owner", "events", "enabled", "failing_since", "next_attempt_at", "created_at"]
    list_filter = ["enabled", "failing_since", "created_at"]
    search_fields = ["url", "owner__email"]
    fields = ["id", "owner", "url", "events", "enabled", "failing_since", "next_attempt_at", "created_at", "rotated_at"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Shows what was sent to webhooks, and what waits."""

    list_display = ["type", "hook", "revision", "occurred_at", "attempts", "status", "error", "delivered_at"]
    list_select_related = ["hook"]
    list_filter = ["occurred_at", "delivered_at", "error"]
    search_fields = ["key", "hook__url"]
    fields = [
        *("owner", "hook", "key", "type", "object_id", "revision", "occurred_at"),
        *("attempts", "attempted_at", "status", "error", "delivered_at"),
    ]

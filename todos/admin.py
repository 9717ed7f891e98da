from django.contrib import admin

from todos.models import Task


class InTrashFilter(admin.SimpleListFilter):
    title = "trash"
    parameter_name = "trash"

    def lookups(self, request, model_admin):
        return [("yes", "In the trash"), ("no", "Not in the trash")]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() == "no")


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):
    list_display = ["title", "owner", "is_completed", "is_in_trash", "created_at", "updated_at"]
    list_filter = [("completed_at", admin.EmptyFieldListFilter), InTrashFilter, "created_at"]
    list_select_related = ["owner"]
    search_fields = ["title", "owner__email"]
    autocomplete_fields = ["owner"]
    show_full_result_count = False
    actions = ["complete"]
    fields = [
        "owner",
        "title",
        "description",
        "completed_at",
        "deleted_at",
        "id",
        "revision",
        "created_at",
        "updated_at",
    ]
    readonly_fields = ["completed_at", "deleted_at", "id", "revision", "created_at", "updated_at"]

    def get_readonly_fields(self, request, obj=None):
        # A task doesn't change hands: both owners' clients would have to learn of it.
        return [*self.readonly_fields, "owner"] if obj else self.readonly_fields

    @admin.display(boolean=True, description="completed")
    def is_completed(self, task: Task) -> bool:
        return task.completed

    @admin.display(boolean=True, description="in the trash")
    def is_in_trash(self, task: Task) -> bool:
        return task.deleted_at is not None

    @admin.action(description="Complete selected tasks")
    def complete(self, request, queryset):
        done = sum(task.complete().completed for task in queryset.present().open())
        self.message_user(request, f"{done} tasks completed.")

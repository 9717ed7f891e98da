from django import forms
from django.contrib import admin

from todos.models import Project, Tag, Task

STAMPS = ["deleted_at", "id", "revision", "created_at", "updated_at"]


class InTrashFilter(admin.SimpleListFilter):
    title = "trash"
    parameter_name = "trash"

    def lookups(self, request, model_admin):
        return [("yes", "In the trash"), ("no", "Not in the trash")]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() == "no")


class OwnedAdmin(admin.ModelAdmin):
    """Shows who owns what. Deleting moves to the trash; what is in the trash can be restored."""

    list_select_related = ["owner"]
    autocomplete_fields = ["owner"]
    show_full_result_count = False
    readonly_fields = STAMPS

    def get_readonly_fields(self, request, obj=None):
        # Nothing changes hands: both owners' clients would have to learn of it.
        return [*self.readonly_fields, "owner"] if obj else self.readonly_fields

    @admin.display(boolean=True, description="in the trash")
    def is_in_trash(self, thing) -> bool:
        return thing.deleted_at is not None

    @admin.action(description="Restore from the trash")
    def restore(self, request, queryset):
        restored = [thing.restore() for thing in queryset.in_trash()]
        self.message_user(request, f"{len(restored)} restored.")


@admin.register(Project)
class ProjectAdmin(OwnedAdmin):
    list_display = ["name", "owner", "color", "is_in_trash", "created_at", "updated_at"]
    list_filter = [InTrashFilter, "created_at"]
    search_fields = ["name", "owner__email"]
    actions = ["restore"]
    fields = ["owner", "name", "color", *STAMPS]


@admin.register(Tag)
class TagAdmin(OwnedAdmin):
    list_display = ["name", "owner", "is_in_trash", "created_at"]
    list_filter = [InTrashFilter]
    search_fields = ["name", "owner__email"]
    fields = ["owner", "name", *STAMPS]


class TaskForm(forms.ModelForm):
    tags = forms.CharField(required=False, help_text="Separated by commas.")

    class Meta:
        model = Task
        fields = "__all__"  # noqa: DJ007 (which of them, the admin says)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "tags" in self.fields and self.instance.loaded:
            self.fields["tags"].initial = ", ".join(self.instance.tags)

    def clean_tags(self) -> list[str]:
        names = [name.strip() for name in self.cleaned_data["tags"].split(",") if name.strip()]
        if len(names) > Task.MAX_TAGS or any(len(name) > 50 for name in names):
            raise forms.ValidationError(f"At most {Task.MAX_TAGS} tags of 50 characters.")
        return names


@admin.register(Task)
class TaskAdmin(OwnedAdmin):
    form = TaskForm
    list_display = ["title", "owner", "project", "priority", "due_date", "is_completed", "is_in_trash", "updated_at"]
    list_filter = [("completed_at", admin.EmptyFieldListFilter), InTrashFilter, "priority", "due_date", "created_at"]
    list_select_related = ["owner", "project"]
    search_fields = ["title", "owner__email"]
    autocomplete_fields = ["owner", "project", "parent"]
    actions = ["complete", "reopen", "restore"]
    readonly_fields = ["completed_at", "series", "next_occurrence", *STAMPS]
    fieldsets = [
        (None, {"fields": ["owner", "title", "description", "tags", "priority"]}),
        ("When", {"fields": ["due_date", "due_time", "recurrence", "series", "next_occurrence", "completed_at"]}),
        ("Where", {"fields": ["project", "parent"]}),
        ("Facts", {"fields": [*STAMPS]}),
    ]

    def save_model(self, request, obj, form, change):
        obj.tags = form.cleaned_data["tags"]
        super().save_model(request, obj, form, change)

    @admin.display(boolean=True, description="completed")
    def is_completed(self, task: Task) -> bool:
        return task.completed

    @admin.action(description="Complete selected tasks")
    def complete(self, request, queryset):
        self.message_user(request, f"{queryset.present().open().do_each('complete')} completed.")

    @admin.action(description="Reopen selected tasks")
    def reopen(self, request, queryset):
        self.message_user(request, f"{queryset.present().completed().do_each('reopen')} reopened.")

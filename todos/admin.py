from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import DateTimeField, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from api.admin import BoundedAdmin
from api.text import is_blank
from ownership.transactions import revision_transaction
from ownership.validation import RefusedError
from todos.models import Project, Tag, Task
from todos.models.counts import count_of
from todos.models.task import validate_recurrence
from todos.serializers.task import MAX_TAG
from users.admin import UserAdmin
from users.models import ApiToken, User

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


class CompletedFilter(admin.SimpleListFilter):
    title = "completion"
    parameter_name = "completed"

    def lookups(self, request, model_admin):
        return [("no", "Open"), ("yes", "Completed")]

    def queryset(self, request, queryset):
        match self.value():
            case "yes":
                return queryset.completed()
            case "no":
                return queryset.open()
        return queryset


class OwnedAdmin(BoundedAdmin):
    """Shows the owner. Deleting moves objects to the trash, from where they can be restored."""

    list_select_related = ["owner"]
    autocomplete_fields = ["owner"]
    readonly_fields = STAMPS

    def get_readonly_fields(self, request, obj=None):
        # The owner can't change: sync has no way to tell the clients of both owners.
        return [*self.readonly_fields, "owner"] if obj else self.readonly_fields

    @admin.display(boolean=True, description="in the trash")
    def is_in_trash(self, obj) -> bool:
        return obj.deleted_at is not None

    @admin.action(description="Restore selected %(verbose_name_plural)s from the trash")
    def restore(self, request, queryset):
        self.message_user(request, f"{queryset.restore()} restored.")

    def response_action(self, request, queryset, *args):
        try:
            return super().response_action(request, queryset, *args)
        except RefusedError as error:
            reasons = [f"{obj}: {' '.join(why.messages)}" for obj, why in error.refusals]
            self.message_user(request, f"Nothing was changed. {' '.join(reasons)}", "error")
            return None


@admin.register(Project)
class ProjectAdmin(OwnedAdmin):
    list_display = ["name", "owner", "color", "is_in_trash", "created_at", "updated_at"]
    list_filter = [InTrashFilter, "created_at"]
    search_fields = ["name_folded__matches", "owner__email"]
    actions = ["restore"]


@admin.register(Tag)
class TagAdmin(OwnedAdmin):
    list_display = ["name", "owner", "is_in_trash", "created_at"]
    list_filter = [InTrashFilter]
    search_fields = ["name_folded__matches", "owner__email"]


class TaskForm(forms.ModelForm):
    tags = forms.CharField(required=False, help_text="Separate tags with commas.")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "repeat_from" in self.fields:
            self.fields["repeat_from"].required = False  # left out, it keeps its default
        if "recurrence" in self.fields:  # here already, since the rules of the model read it
            self.fields["recurrence"].validators.append(validate_recurrence)
        if "tags" in self.fields and self.instance.loaded_values:
            self.fields["tags"].initial = ", ".join(self.instance.tags)

    def add_error(self, field, error):
        """Errors of a field that the form only shows, such as `reminders`, are errors of the whole form."""
        for name in getattr(error, "error_dict", {}).keys() - self.fields.keys() - {NON_FIELD_ERRORS}:
            super().add_error(None, error.error_dict.pop(name))
        super().add_error(field, error)

    def clean_tags(self) -> list[str]:
        names = [name.strip() for name in self.cleaned_data["tags"].split(",") if name.strip()]
        if len(names) > Task.MAX_TAGS or any(len(name) > MAX_TAG or is_blank(name) for name in names):
            message = f"Enter at most {Task.MAX_TAGS} tags of 1 to {MAX_TAG} characters, at least one of them visible."
            raise forms.ValidationError(message)
        return names


@admin.register(Task)
class TaskAdmin(OwnedAdmin):
    form = TaskForm
    list_display = ["title", "owner", "is_completed", "is_in_trash", "due_date", "priority", "project", "updated_at"]
    list_filter = [CompletedFilter, InTrashFilter, "priority", "due_date", "created_at"]
    list_select_related = ["owner", "project"]
    search_fields = ["search_text__matches", "owner__email"]
    autocomplete_fields = ["owner", "project", "parent"]
    actions = ["complete", "reopen", "restore"]
    readonly_fields = ["completed_at", "reminders", "occurrence_date", "series", "next_occurrence", *STAMPS]
    fieldsets = [
        (None, {"fields": ["owner", "title", "description", "tags", "priority"]}),
        ("When", {"fields": ["start_date", "start_time", "due_date", "due_time", "reminders", "completed_at"]}),
        ("Series", {"fields": ["recurrence", "repeat_from", "occurrence_date", "series", "next_occurrence"]}),
        ("Where", {"fields": ["project", "parent"]}),
        ("Metadata", {"fields": [*STAMPS]}),
    ]

    def get_fieldsets(self, request, obj=None):
        """With the fields that aren't named above, such as new ones."""
        named = flatten_fieldsets(self.fieldsets)
        others = [name for name in self.get_fields(request, obj) if name not in named]
        return [*self.fieldsets, ("Other", {"fields": others})] if others else self.fieldsets

    def save_model(self, request, obj, form, change):
        with revision_transaction(obj.owner_id):
            obj._state.fields_cache.clear()  # so that the rules read the parent and the project again, under the lock
            obj.tags = form.cleaned_data["tags"]
            super().save_model(request, obj, form, change)

    @admin.display(boolean=True, description="completed")
    def is_completed(self, task: Task) -> bool:
        return task.completed

    @admin.action(description="Complete selected tasks")
    def complete(self, request, queryset):
        self.message_user(request, f"{queryset.present().open().complete()} completed.")

    @admin.action(description="Reopen selected tasks")
    def reopen(self, request, queryset):
        self.message_user(request, f"{queryset.present().completed().reopen()} reopened.")


def owned(model):
    return model.objects.filter(owner=OuterRef("pk"))


def latest(rows: QuerySet, moment: str) -> Coalesce:
    newest = rows.exclude(**{moment: None}).order_by(f"-{moment}").values(moment)[:1]
    return Coalesce(Subquery(newest), "created_at", output_field=DateTimeField())


# Replaces the user admin of users/admin.py with one that counts tasks: that app doesn't know them.
admin.site.unregister(User)


@admin.register(User)
class OwnerAdmin(UserAdmin):
    list_display = ["email", "open_tasks", "completed_tasks", "trashed_tasks", "projects", "tokens", "last_active"]

    def get_queryset(self, request):
        tasks = owned(Task)
        return (
            super()
            .get_queryset(request)
            .annotate(
                open_tasks=count_of(tasks.present().open(), "owner"),
                completed_tasks=count_of(tasks.present().completed(), "owner"),
                trashed_tasks=count_of(tasks.in_trash(), "owner"),
                projects=count_of(owned(Project).present(), "owner"),
                tokens=count_of(owned(ApiToken), "owner"),
                last_active=Greatest(
                    Coalesce("last_login", F("created_at")),
                    latest(owned(ApiToken), "last_used_at"),
                    latest(tasks, "updated_at"),
                ),
            )
        )

    @admin.display(description="open", ordering="open_tasks")
    def open_tasks(self, user) -> int:
        return user.open_tasks

    @admin.display(description="completed", ordering="completed_tasks")
    def completed_tasks(self, user) -> int:
        return user.completed_tasks

    @admin.display(description="in the trash", ordering="trashed_tasks")
    def trashed_tasks(self, user) -> int:
        return user.trashed_tasks

    @admin.display(ordering="projects")
    def projects(self, user) -> int:
        return user.projects

    @admin.display(ordering="tokens")
    def tokens(self, user) -> int:
        return user.tokens

    @admin.display(description="last active", ordering="last_active")
    def last_active(self, user):
        return user.last_active

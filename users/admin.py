from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group

from api.admin import BoundedAdmin, ReadOnlyAdmin
from users.models import ApiToken, User

admin.site.unregister(Group)


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name", "timezone"]


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"  # the admin's fieldsets choose

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in {"name", "timezone", "reminders_by_email"} & self.fields.keys():  # what users change themselves
            self.fields[name].show_hidden_initial = True  # changed is what differs from the page, not from the row


@admin.register(User)
class UserAdmin(BoundedAdmin, BaseUserAdmin):
    form = UserForm
    add_form = NewUserForm
    list_display = ["email", "name", "timezone", "is_active", "is_staff", "created_at", "last_login"]
    list_filter = ["is_active", "is_staff", "created_at"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["id", "revision", "created_at", "last_login"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "timezone", "reminders_by_email"]}),
        (
            "Permissions",
            {"fields": ["is_active", "is_confirmed", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("Metadata", {"fields": ["id", "revision", "created_at", "last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "timezone", "usable_password", "password1", "password2"]})]

    def save_model(self, request, obj, form, change):
        # Save only what the operator changed: the user may have changed the rest in the meantime, such as the password.
        columns = {field.name for field in obj._meta.concrete_fields}
        obj.save(update_fields=columns.intersection(form.changed_data) if change else None)


@admin.register(Group)
class GroupAdmin(BoundedAdmin, BaseGroupAdmin):
    pass


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Shows and revokes tokens. Only users can create them, since the secret is shown just once."""

    list_display = ["name", "owner", "kind", "prefix", "scopes", "created_at", "expires_at", "last_used_at"]
    list_filter = ["kind", "created_at", "expires_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "prefix", "owner__email"]
    readonly_fields = ["id", "owner", "name", "kind", "prefix", "scopes", "created_at", "expires_at", "last_used_at"]

    def get_actions(self, request):
        actions = super().get_actions(request)
        if delete := actions.get("delete_selected"):
            actions["delete_selected"] = (*delete[:2], "Revoke selected API tokens")
        return actions

from django import forms
from django.db import transaction

from users.models import ApiToken, User


class AppPasswordForm(forms.ModelForm):
    read_only = forms.BooleanField(
        required=False, label="Read-only", help_text="The app shows your tasks, and can't change them."
    )

    class Meta:
        model = ApiToken
        fields = ["name"]
        labels = {"name": "Name of the device or app"}
        help_texts = {"name": "Such as iPhone. By this name you revoke the app password later."}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}

    def issue(self) -> tuple[ApiToken, str]:
        """Make the app password. Return it with its secret. Raises User.DoesNotExist as `User.objects.lock` does."""
        scopes = [ApiToken.READ] if self.cleaned_data["read_only"] else [ApiToken.READ, ApiToken.WRITE]
        owner = self.instance.owner
        with transaction.atomic():
            User.objects.lock(owner)
            return ApiToken.issue(owner, self.cleaned_data["name"], ApiToken.APP_PASSWORD, scopes=scopes)

"""The page of an emailed link, and the forms to sign in."""

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm, UsernameField
from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.forms import EmailInput
from django.urls import reverse_lazy
from django.views.generic import TemplateView

from users.models import User

# Without scripts: the URL of this page contains a secret.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class SignInForm(AuthenticationForm):
    username = UsernameField(widget=EmailInput(attrs={"autofocus": True}))
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "Please enter a correct %(username)s and password. Note that the password is case-sensitive.",
    }


class SignInPageView(LoginView):
    template_name = "rest_framework/login.html"
    authentication_form = SignInForm

    def get_context_data(self, **kwargs):
        allowed = {"may_sign_up": settings.ALLOW_SIGN_UP, "may_reset": settings.SENDS_MAIL}
        return super().get_context_data(**allowed, **kwargs)


class OperatorSignInForm(AdminAuthenticationForm):
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": (
            "Please enter the correct %(username)s and password for a staff account. "
            "Note that the password is case-sensitive."
        ),
    }


class NewPasswordForm(SetPasswordForm):
    def save(self, commit=True):
        self.user.set_password_by_email(self.cleaned_data["new_password1"])
        return self.user


class SetPasswordView(PasswordResetConfirmView):
    form_class = NewPasswordForm
    template_name = "set_password.html"
    success_url = reverse_lazy("password-is-set")

    def get_user(self, uidb64):
        return User.objects.of_link(uidb64)

    def form_valid(self, form):
        try:
            return super().form_valid(form)
        except User.DoesNotExist:  # the link was used twice at the same moment
            self.validlink = False
            return self.render_to_response(self.get_context_data())

    def render_to_response(self, context, **kwargs):
        status = 200 if self.validlink else 404
        return super().render_to_response(context, status=status, headers={"Content-Security-Policy": POLICY}, **kwargs)


class PasswordIsSetView(TemplateView):
    template_name = "set_password.html"
    extra_context = {"done": True}

    def render_to_response(self, context, **kwargs):
        return super().render_to_response(context, headers={"Content-Security-Policy": POLICY}, **kwargs)

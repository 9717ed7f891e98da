"""The page "Connect a calendar app": where apps sign in, the app passwords for it, and a profile for Apple devices."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.generic import DeleteView, FormView
from rest_framework.exceptions import Throttled

from api.throttles import UserRateThrottle
from dav.forms import AppPasswordForm
from dav.profiles import MEDIA_TYPE, Address, write_profile
from dav.views.base import is_private
from ownership.row_level_security import act_as
from users.models import ApiToken, User

SHOWN = 100  # app passwords


class OwnPageMixin(LoginRequiredMixin):
    """A page about the user who is signed in. It acts as this user and counts the calls, as the views of the API do."""

    @method_decorator(never_cache)
    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated:
            throttle = UserRateThrottle()
            if not throttle.allow_request(request, self):
                raise Throttled(throttle.wait())
            act_as(request.user.pk)
        return super().dispatch(request, *args, **kwargs)


class ConnectView(OwnPageMixin, FormView):
    queryset: Any = ApiToken.objects.app_passwords()
    form_class = AppPasswordForm
    template_name = "calendars/connect.html"

    def get_form_kwargs(self):
        owner: Any = self.request.user
        return {**super().get_form_kwargs(), "instance": ApiToken(owner=owner)}

    def get_context_data(self, **kwargs):
        found = self.queryset.owned_by(self.request.user)[: SHOWN + 1]
        return super().get_context_data(
            address=Address.of(self.request),
            is_private=is_private(self.request),
            app_passwords=found[:SHOWN],
            has_more=len(found) > SHOWN,
            **kwargs,
        )

    def form_valid(self, form):
        try:
            token, secret = form.issue()
        except User.DoesNotExist:  # another request has erased the account or changed its password
            return redirect_to_login(self.request.get_full_path())
        if "profile" in self.request.POST:
            return profile_response(self.request, secret)
        return self.render_to_response(self.get_context_data(form=AppPasswordForm(), made=token, secret=secret))


class ProfileView(OwnPageMixin, View):
    """The profile without a password, which the device asks for."""

    def get(self, request):
        return profile_response(request)


class RevokeView(OwnPageMixin, SuccessMessageMixin, DeleteView):
    queryset: Any = ApiToken.objects.app_passwords()
    template_name = "calendars/revoke.html"
    success_url = reverse_lazy("calendars")
    success_message = "The app password is revoked."

    def get_queryset(self):
        return self.queryset.owned_by(self.request.user)


def profile_response(request, secret: str = "") -> HttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="todo.mobileconfig"'}
    return HttpResponse(write_profile(Address.of(request), request.user, secret), MEDIA_TYPE, headers=headers)

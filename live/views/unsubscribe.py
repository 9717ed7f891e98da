from django.core import signing
from django.db import transaction
from django.http import Http404
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from live.mails import SIGNER
from users.models import User


@method_decorator(csrf_exempt, name="dispatch")  # mail programs post without a cookie; the link is the proof
class UnsubscribeView(View):
    """Ends the reminders by email: at once where a mail program posts (RFC 8058), for people after a question."""

    def get(self, request, token: str):
        self.owner_of(token)
        return render(request, "live/unsubscribe.html", {"is_done": False})

    def post(self, request, token: str):
        with transaction.atomic():
            owner = self.owner_of(token)
            if owner.reminders_by_email:
                owner.reminders_by_email = False
                owner.save(update_fields=["reminders_by_email"])
        return render(request, "live/unsubscribe.html", {"is_done": True})

    def owner_of(self, token: str) -> User:
        try:
            return User.objects.get(pk=SIGNER.unsign(token), is_active=True)
        except (signing.BadSignature, User.DoesNotExist):
            raise Http404 from None

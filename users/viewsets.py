"""The owner rule over HTTP: viewsets of what belongs to the caller."""

from django.contrib.auth import get_user_model
from django.http import Http404
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from api.parameters import PageParameters
from api.serializers import EmptySerializer, ModelSerializer
from api.views import ApiView
from users.revisions import write


class CallerView(ApiView):
    """A call of somebody who is signed in."""

    def handle_exception(self, exc):
        # Who is calling was read without a lock: the account may be erased while its call is under way.
        if isinstance(exc, get_user_model().DoesNotExist):
            exc = AuthenticationFailed("This account is gone, or its password was changed just now.")
        return super().handle_exception(exc)


class OwnedViewSet(CallerView, viewsets.GenericViewSet):
    """The caller's own rows of a model. What is read is read as rows; what is written goes through the serializer."""

    lookup_value_converter = "uuid"
    serializer_class: type[ModelSerializer]
    parameters_class: type[PageParameters]

    def get_queryset(self):
        return super().get_queryset().owned_by(self.request.user)  # type: ignore[attr-defined]

    def filter_queryset(self, queryset):
        return self.parameters_class.apply(queryset, self.parameters, self.request.user)

    def list(self, request):
        rows = self.serializer_class.rows(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.paginate_queryset(rows))

    def retrieve(self, request, pk):
        if request.accepted_renderer.format != "json":  # the page's form wants the object
            return self.respond(self.get_object())
        row = self.serializer_class.rows(self.get_queryset()).filter(pk=pk).first()
        if row is None:
            raise Http404
        return Response(row)


def verb(method=None, **kwargs):
    """An action on one object that takes no fields: `POST …/{id}/verb/`."""
    decorate = action(detail=True, methods=["post"], serializer_class=EmptySerializer, **kwargs)
    return decorate(method) if method else decorate


class RevisedViewSet(OwnedViewSet):
    """The caller's own rows of a RevisedModel. Each unsafe call is one write, and reads under its lock."""

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        method = request.method.lower()
        if request.method not in SAFE_METHODS and method in self.http_method_names and hasattr(self, method):
            request.data  # noqa: B018 (read and parsed before the lock: a slow client must not hold it)
            if self.get_serializer_class() is EmptySerializer:
                self.read_body()
            setattr(self, method, self.as_one_write(getattr(self, method)))

    def as_one_write(self, handler):
        def handle(request, *args, **kwargs):
            with write(request.user.pk):
                return handler(request, *args, **kwargs)

        return handle

    def create(self, request):
        saved = self.read_body(many=isinstance(request.data, list)).save(owner=request.user)
        if isinstance(saved, list):
            return Response([self.represent(each) for each in saved], status=201)
        return self.respond(saved, status=201, headers={"Location": self.url_of(saved)})

    def url_of(self, instance) -> str:
        return self.reverse_action("detail", args=[instance.pk])

    def update(self, request, pk, partial: bool = False):
        return self.respond(self.read_body(self.get_object(), partial=partial).save())

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        self.get_object().delete()
        return Response(status=204)

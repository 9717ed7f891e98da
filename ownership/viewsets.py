"""The owner rule over HTTP: viewsets of what belongs to the caller."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from api.compiled import Param, Prepared, prepared
from api.conditional import check_preconditions, is_unchanged, make_etag
from api.pagination import KeysetPagination
from api.parameters import PageParameters
from api.serializers import EmptySerializer, ModelSerializer
from api.views import ApiView
from ownership.idempotency import read_key, respond_once
from ownership.revised import revision_transaction
from ownership.row_level_security import act_as


class CallerView(ApiView):
    """A call of somebody who is signed in: from here on, the database shows nobody else's rows."""

    def perform_authentication(self, request):
        try:
            super().perform_authentication(request)
        finally:  # before anything is refused: the page of a refusal has forms with things to choose from
            if request.user.is_authenticated:
                act_as(request.user.pk)

    def handle_exception(self, exc):
        # Who is calling was read without a lock: the account may be erased while its call is under way.
        if isinstance(exc, get_user_model().DoesNotExist):
            exc = AuthenticationFailed("This account is gone, or its password was changed just now.")
        return super().handle_exception(exc)


class CurrentUser:
    """Stands for the caller in a query that is prepared for all of them."""

    is_authenticated = True
    pk = Param(lambda view: view.request.user.pk, models.UUIDField())

    @staticmethod
    def now() -> "CurrentTime":
        return CurrentTime()


class CurrentTime:
    """The moment of the call, on the caller's clock."""

    @staticmethod
    def date() -> Param:
        return Param(lambda view: view.request.user.today(), models.DateField())

    @staticmethod
    def time() -> Param:
        return Param(lambda view: view.request.user.now().time(), models.TimeField())


class OwnedViewSet(CallerView, viewsets.GenericViewSet):
    """The caller's own rows of a model. What is read is read as rows; what is written goes through the serializer."""

    lookup_value_converter = "id"
    serializer_class: type[ModelSerializer]
    parameters_class: type[PageParameters]
    paginator: KeysetPagination

    def get_queryset(self, user=None):
        return super().get_queryset().owned_by(user or self.request.user)  # type: ignore[attr-defined]

    def prepared(self, kind: str, build: Callable[[QuerySet], QuerySet]) -> Prepared:
        """The query that `build` makes of what the caller owns."""
        return prepared((type(self), self.action, kind), lambda: build(self.get_queryset(CurrentUser)))

    def get_object(self):
        for thing in self.prepared("object", lambda owned: owned.filter(pk=PK)).objects(self):
            return thing
        raise Http404

    def list(self, request):
        """List {things}, a page at a time.

        `next` and `previous` are the addresses of the pages beside this one, or null.
        """
        shape, filters = self.parameters_class.prepare(self.parameters)

        def build() -> QuerySet:
            filtered = self.parameters_class.apply(self.get_queryset(CurrentUser), filters, CurrentUser)
            return self.serializer_class.rows(filtered)

        page = self.paginator.page(self, (type(self), self.action, shape), build)
        return self.get_paginated_response(page)

    def retrieve(self, request, pk):
        """Get one {thing}."""
        if request.accepted_renderer.format != "json":  # the page's form wants the object
            return self.respond(self.get_object())
        query = self.prepared("row", lambda owned: self.serializer_class.rows(owned.filter(pk=PK)))
        for row in query.rows(self):
            return Response(row)
        raise Http404


PK = Param(lambda view: view.kwargs["pk"], models.UUIDField())


def verb(method=None, **kwargs):
    """An action on one object that takes no fields: `POST …/{id}/verb/`."""
    decorate = action(detail=True, methods=["post"], serializer_class=EmptySerializer, **kwargs)
    return decorate(method) if method else decorate


class RevisedViewSet(OwnedViewSet):
    """The caller's own rows of a RevisedModel. Each unsafe call is one revision_transaction, and reads under its lock."""

    is_revised = True
    takes_lists = False  # whether several can be made by one call: then their serializer says how many
    shows_counts = False  # whether there is something in a representation that doesn't change its revision

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        method = request.method.lower()
        if request.method not in SAFE_METHODS and method in self.http_method_names and hasattr(self, method):
            request.data  # noqa: B018 (parsed before the lock: what is no JSON must not take it)
            if self.get_serializer_class() is EmptySerializer:
                self.read_body()
            setattr(self, method, self.as_one_write(getattr(self, method)))

    def as_one_write(self, handler):
        def handle(request, *args, **kwargs):
            key = read_key(request)
            with revision_transaction(request.user.pk):
                if key:
                    return respond_once(request, key, lambda: handler(request, *args, **kwargs))
                return handler(request, *args, **kwargs)

        return handle

    def etag_of(self, revision: int) -> str:
        """The entity tag of one of these things that has this revision."""
        owner: Any = self.request.user
        # A write of this very request is later than the owner that was read for it.
        others = [max(revision, owner.revision)] if self.shows_counts else []
        return make_etag(owner.pk, revision, *others)

    def get_object(self):
        thing = super().get_object()
        if self.request.method not in SAFE_METHODS:
            check_preconditions(self.request, self.etag_of(thing.revision))
        return thing

    def list(self, request):
        """List {things}, a page at a time.

        Where there are several filters, all of them have to hold. `next` and `previous` are the addresses of the pages
        beside this one, or null. `If-None-Match` with the `ETag` of an earlier answer: 304 while nothing has changed.
        """
        if request.accepted_renderer.format != "json" or self.parameters_class.depends_on_clock(self.parameters):
            return super().list(request)
        return self.unless_unchanged(make_etag(request.user.pk, request.user.revision), super().list)

    def retrieve(self, request, pk):
        response = super().retrieve(request, pk)
        if request.accepted_renderer.format != "json":
            return response
        return self.unless_unchanged(self.etag_of(response.data["revision"]), lambda request: response)

    def unless_unchanged(self, etag: str, answer) -> Response:
        """The answer with its entity tag, or 304 when the client has it already: then it isn't even asked for."""
        response = Response(status=304) if is_unchanged(self.request, etag) else answer(self.request)
        response["ETag"] = etag
        return response

    def respond(self, instance, status: int = 200, headers: dict | None = None) -> Response:
        # A page is made for people, of more than the thing: it has no tag.
        is_page = self.request.accepted_renderer.format != "json"
        etag = {} if is_page else {"ETag": self.etag_of(instance.revision)}
        return super().respond(instance, status, {**etag, **(headers or {})})

    def create(self, request):
        """Make a {thing}.

        Its address is in `Location`.
        """
        many = self.takes_lists and isinstance(request.data, list)
        saved = self.read_body(many=many).save(owner=request.user)
        if isinstance(saved, list):
            return Response([self.represent(each) for each in saved], status=201)
        return self.respond(saved, status=201, headers={"Location": self.url_of(saved)})

    def url_of(self, instance) -> str:
        """Where something that was made here is: below the list."""
        return self.request.build_absolute_uri(f"{self.request.path}{instance.pk}/")

    def update(self, request, pk, partial: bool = False):
        """Replace the {thing}: what is left out gets its default.

        Required fields have to be there. Read-only ones may be, and stay as they are. PATCH changes single fields.
        """
        return self.respond(self.read_body(self.get_object(), partial=partial).save())

    def partial_update(self, request, pk):
        """Change the {thing}: what is left out stays as it is."""
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        self.get_object().delete()
        return Response(status=204)

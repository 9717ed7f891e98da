"""Viewsets that apply the owner rule."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseNotModified
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission
from rest_framework.request import ForcedAuthentication
from rest_framework.response import Response
from rest_framework.settings import api_settings

from api.compiled import CompiledQuery, CurrentUser, Param, compiled
from api.conditional import check_preconditions, is_unchanged, make_etag, with_content
from api.filters import FilterSet, FilterSetBackend, ordering_field
from api.pagination import KeysetPagination, Order
from api.parameters import QueryParameters
from api.serializers import EmptySerializer, ModelSerializer, has_rows
from api.views import ApiView
from ownership.idempotency import read_key, respond_once
from ownership.row_level_security import act_as
from ownership.transactions import revision_transaction

PK = Param(lambda view: view.kwargs["pk"], models.UUIDField())
# A viewset that overrides one of these uses REST framework's code; the others run compiled queries.
QUERY_HOOKS = (
    "get_queryset",
    "filter_queryset",
    "filter_backends",
    "get_serializer",
    "paginate_queryset",
    "pagination_class",
)
OBJECT_HOOKS = ("get_queryset", "filter_queryset", "filter_backends", "lookup_field", "lookup_url_kwarg")
ROW_HOOKS = (*OBJECT_HOOKS, "get_object", "get_serializer", "check_object_permissions")
OURS = ("ownership.viewsets", "api.views")


@cache
def is_plain(view: type, names: tuple[str, ...]) -> bool:
    owners = (next(base for base in view.__mro__ if name in vars(base)).__module__ for name in names)
    return all(owner in OURS or owner.startswith("rest_framework.") for owner in owners)


def check_filters(view: Any) -> None:
    """Raise ImproperlyConfigured where a filter or an order of this viewset would do nothing, and say so nowhere."""
    ours = any(issubclass(backend, FilterSetBackend) for backend in view.filter_backends)
    if not ours and view.filterset_class and view.filterset_class.filters():
        raise ImproperlyConfigured(f"{view.__name__}.filter_backends needs FilterSetBackend for its filterset_class.")
    if not view.pagination_class or not issubclass(view.pagination_class, KeysetPagination):
        return
    if not hasattr(view.filterset_class, "default_ordering"):
        name = view.filterset_class.__name__ if view.filterset_class else "filterset_class = None"
        raise ImproperlyConfigured(
            f"{name} has no order for the pages of {view.__name__}. Inherit from OwnedFilters,"
            " or declare `orderings` and `default_ordering`."
        )
    for order in view.filterset_class.orderings.values() if view.queryset is not None else ():
        if column := order.nullable_column(view.queryset.model):
            raise ImproperlyConfigured(
                f"{view.filterset_class.__name__}.orderings: {column} can be null, and the pages would leave out such"
                f' rows. Put it first, and those rows last: Order("{column}", nulls_last=1).'
            )
    has_filter = any(issubclass(backend, OrderingFilter) for backend in view.filter_backends)
    if has_filter or hasattr(view, "ordering") or (view.queryset is not None and view.queryset.query.order_by):
        raise ImproperlyConfigured(
            f"{view.__name__}: KeysetPagination orders by the `orderings` of the filterset_class. Declare the order"
            " there, or set another pagination_class for OrderingFilter, `ordering` or order_by()."
        )


class CallerView(ApiView):
    """A view that acts as its user: from authentication on, Postgres shows only the user's rows."""

    def check_permissions(self, request):
        """Those of the view, after the default ones: its user is signed in, within the scope, unless it allows any."""
        own = {type(each) for each in self.get_permissions()}
        default: Any = () if AllowAny in own else api_settings.DEFAULT_PERMISSION_CLASSES
        for permission in (each() for each in default if each not in own):
            if not permission.has_permission(request, self):
                self.permission_denied(request, getattr(permission, "message", None), getattr(permission, "code", None))
        super().check_permissions(request)

    def perform_authentication(self, request):
        try:
            super().perform_authentication(request)
        finally:  # also if the request is refused: the browsable error page has forms with choices
            if request.user.is_authenticated:
                if isinstance(request.successful_authenticator, ForcedAuthentication):
                    # A test forces one object for several requests: its revision would stay as it is.
                    request.user = get_user_model().objects.get(pk=request.user.pk)
                act_as(request.user.pk)

    def handle_exception(self, exc):
        # The user was read without a lock: another request may erase the account in the meantime.
        if isinstance(exc, get_user_model().DoesNotExist):
            exc = AuthenticationFailed("This account was deleted, or its password was changed. Sign in again.")
        return super().handle_exception(exc)


class OwnedFilters(FilterSet):
    orderings = {"created_at": Order("created_at")}
    default_ordering = "-created_at"

    ordering = ordering_field(orderings)


class OwnedViewSet(CallerView, mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """The user's own rows of a model."""

    queryset: Any
    lookup_value_converter = "id"
    serializer_class: type[ModelSerializer]
    filterset_class: type[FilterSet] = OwnedFilters  # None for an action that isn't a list
    paginator: KeysetPagination

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        check_filters(cls)

    def get_queryset(self):
        queryset: Any = super().get_queryset()
        return queryset.owned_by(self.request.user)

    def keeps(self, names: tuple[str, ...]) -> bool:
        """Whether the viewset overrides none of these hooks of REST framework."""
        return is_plain(type(self), names) and vars(self).keys().isdisjoint(names)

    @property
    def is_list(self) -> bool:
        """Whether this may be a list. One below an object names its filters in @action."""
        return not self.detail or "filterset_class" in vars(self)

    def get_parameters_class(self):
        is_filtered = self.is_list and self.request.method in SAFE_METHODS and self.filterset_class
        return self.filterset_class if is_filtered else super().get_parameters_class()

    def paginate_queryset(self, queryset):
        if self.paginator and not self.is_list:
            raise ImproperlyConfigured(
                f"{type(self).__name__}.{self.action} can't read the parameters of its next page. Name their filters:"
                " @action(…, filterset_class=OwnedFilters)."
            )
        return super().paginate_queryset(queryset)

    def read_parameters(self) -> dict:
        foreign = self.foreign_parameters()
        if not foreign:
            return super().read_parameters()
        query = self.request.query_params.copy()
        for name in foreign:
            query.pop(name, None)
        if not isinstance(self.paginator, KeysetPagination) and (unread := query.keys() & FilterSet.PAGES):
            raise ValidationError({name: [QueryParameters.unknown] for name in unread})
        return self.get_parameters_class().read(query)

    def foreign_parameters(self) -> set[str]:
        """The query parameters that REST framework's own filters and pages read, each for itself."""
        if not self.is_list or self.keeps(("filter_backends", "pagination_class")):
            return set()
        readers = [*(backend() for backend in self.filter_backends), self.paginator]
        described = [each for each in readers if hasattr(each, "get_schema_operation_parameters")]
        return {parameter["name"] for each in described for parameter in each.get_schema_operation_parameters(self)}

    def compiled(self, kind: str, build: Callable[[QuerySet], QuerySet]) -> CompiledQuery:
        """The compiled query that `build` makes of the current user's rows."""
        # By action, too: an action can have its own queryset.
        return compiled((type(self), self.action, kind), lambda: build(self.queryset.owned_by(CurrentUser)))

    def get_object(self):
        if not self.keeps(OBJECT_HOOKS):
            return super().get_object()
        for instance in self.compiled("object", lambda owned: owned.filter(pk=PK)).objects(self):
            self.check_object_permissions(self.request, instance)
            return instance
        raise Http404

    def list(self, request, *args, **kwargs):
        """List {things}, one page at a time.

        `next` and `previous` are the URLs of the next and the previous page, or null.
        """
        return self.list_rows() if self.lists_rows() else super().list(request, *args, **kwargs)

    def list_rows(self) -> Response:
        serializer_class: Any = self.get_serializer_class()
        key, filters = self.filterset_class.as_params(self.parameters)

        def build() -> QuerySet:
            owned = self.queryset.owned_by(CurrentUser)
            return serializer_class.rows(self.filterset_class.apply(owned, filters, CurrentUser))

        rows = self.paginator.paginate_rows(self, (type(self), self.action, serializer_class, key), build)
        return self.get_paginated_response(rows)

    def lists_rows(self) -> bool:
        """Whether a list is rows straight from the database: no hook and no filter asks for more."""
        can_compile = bool(self.filterset_class) and self.filterset_class.can_compile(self.parameters)
        serializer_class: Any = self.get_serializer_class()
        return can_compile and self.keeps(QUERY_HOOKS) and has_rows(serializer_class)

    def retrieve(self, request, *args, **kwargs):
        """Get one {thing}."""
        return Response(self.row() or self.represent(self.get_object(), self.get_serializer_class()))

    def row(self) -> dict | None:
        """The object as a row straight from the database; None if the view needs an object."""
        serializer_class: Any = self.get_serializer_class()
        permissions = (type(permission).has_object_permission for permission in self.get_permissions())
        is_about_rows = all(each is BasePermission.has_object_permission for each in permissions)
        if not (is_about_rows and self.keeps(ROW_HOOKS) and has_rows(serializer_class)):
            return None
        kind = f"row of {serializer_class.__name__}"
        for row in self.compiled(kind, lambda owned: serializer_class.rows(owned.filter(pk=PK))).rows(self):
            return row
        raise Http404


def verb(method=None, **kwargs):
    """An action on one object that takes no fields: `POST …/{id}/<name>/`."""
    decorate = action(detail=True, methods=["post"], serializer_class=EmptySerializer, **kwargs)
    return decorate(method) if method else decorate


class NotModified(HttpResponseNotModified):
    data = None  # as that of a Response(status=304)


class RevisedViewSet(mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, OwnedViewSet):
    """The user's own rows of a RevisedModel. Each unsafe request is one revision transaction."""

    is_revised = True
    takes_lists = False  # whether a POST can create several objects; the serializer limits how many
    sync_serializer_class: type[ModelSerializer] | None = None  # of the objects in sync, if not `serializer_class`
    has_checked_preconditions = False  # in this request
    shows_counts = False  # whether the representation contains counts, which change without its revision

    def call(self, handler: Callable[..., Response], request, *args, **kwargs) -> Response:
        """Run an unsafe request in one revision transaction; with an Idempotency-Key, only once."""
        if request.method in SAFE_METHODS or self.action is None:
            return handler(request, *args, **kwargs)
        request.data  # noqa: B018 (parse it before taking the lock)
        if self.get_serializer_class() is EmptySerializer:
            self.read_body()
        key = read_key(request)

        def respond() -> Response:
            response = handler(request, *args, **kwargs)
            if self.detail and "HTTP_IF_MATCH" in request.META and not self.has_checked_preconditions:
                raise ImproperlyConfigured(f"{type(self).__name__}.get_object() ignores If-Match. Call super() in it.")
            if response.status_code >= 400:  # returned, not raised: it changes nothing, either
                transaction.set_rollback(True)
            return response

        with revision_transaction(request.user.pk):
            return respond() if key is None else respond_once(request, key, respond)

    def etag_of(self, revision: int) -> str:
        """The entity tag of an object with this revision."""
        owner: Any = self.request.user
        # The owner was read before this request wrote: its own revision may be higher.
        others = [max(revision, owner.revision)] if self.shows_counts else []
        return make_etag(owner.pk, revision, *others)

    def get_object(self):
        instance = super().get_object()
        if self.request.method not in SAFE_METHODS:
            check_preconditions(self.request, self.etag_of(instance.revision))
            self.has_checked_preconditions = True
        return instance

    def list(self, request, *args, **kwargs):
        """List {things}, one page at a time.

        Several filters are combined with AND. `next` and `previous` are the URLs of the next and the previous page, or
        null. Send the `ETag` of an earlier response in `If-None-Match` to get 304 if nothing has changed.
        """
        if self.filterset_class and self.filterset_class.depends_on_clock(self.parameters):
            return super().list(request, *args, **kwargs)
        etag = make_etag(request.user.pk, request.user.revision)
        if self.lists_rows():
            return self.unless_unchanged(etag, self.list_rows)
        response = super().list(request, *args, **kwargs)
        return self.unless_unchanged(with_content(etag, response.data), lambda: response)

    def retrieve(self, request, *args, **kwargs):
        if (row := self.row()) and "revision" in row:
            return self.unless_unchanged(self.etag_of(row["revision"]), lambda: Response(row))
        instance = self.get_object()
        response = Response(self.represent(instance, self.get_serializer_class()))
        etag = with_content(self.etag_of(instance.revision), response.data)
        return self.unless_unchanged(etag, lambda: response)

    def unless_unchanged(self, etag: str, respond: Callable[[], Response]) -> HttpResponse:
        """The response with its entity tag; 304 if the client has it already, without calling `respond`."""
        response = NotModified() if is_unchanged(self.request, etag) else respond()
        response["ETag"] = etag
        return response

    def respond(self, instance, status: int = 200, serializer_class=None) -> Response:
        response = super().respond(instance, status, serializer_class)
        response["ETag"] = self.etag_of(instance.revision)
        return response

    def create(self, request, *args, **kwargs):
        """Create a {thing}.

        `Location` has its URL.
        """
        serializer = self.read_body(many=self.takes_lists and isinstance(request.data, list))
        self.perform_create(serializer)
        saved: Any = serializer.instance
        serializer_class: Any = self.get_serializer_class()
        if isinstance(saved, list):
            return Response([self.represent(each, serializer_class) for each in saved], status=201)
        response = self.respond(saved, 201, serializer_class=serializer_class)
        for name, value in self.get_success_headers(response.data).items():
            response[name] = value
        return response

    def get_success_headers(self, data) -> dict[str, str]:
        """`Location`: the URL of the new object, unless its representation is without the field of the lookup."""
        name = "id" if self.lookup_field == "pk" else self.lookup_field
        if name not in data:
            return {}
        if self.action == "create":  # without `reverse()`, which takes longer
            return {"Location": self.request.build_absolute_uri(f"{self.request.path}{data[name]}/")}
        url_name = self.lookup_url_kwarg or self.lookup_field
        return {"Location": self.reverse_action("detail", kwargs={**self.kwargs, url_name: data[name]})}

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)

    def update(self, request, *args, **kwargs):
        """Replace the {thing}.

        Fields that are left out get their default. Required fields must be present. Read-only fields are ignored. To
        change single fields, use PATCH.
        """
        serializer = self.read_body(self.get_object(), partial=kwargs.get("partial", False))
        self.perform_update(serializer)
        if getattr(serializer.instance, "_prefetched_objects_cache", None):
            serializer.instance._prefetched_objects_cache = {}  # as REST framework does: it may have been changed
        return self.respond(serializer.instance, serializer_class=self.get_serializer_class())

    def partial_update(self, request, *args, **kwargs):
        """Change the {thing}.

        Fields that are left out keep their value.
        """
        return super().partial_update(request, *args, **kwargs)

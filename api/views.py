from typing import Any, ClassVar

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.routers import APIRootView

from api.conditional import check_match, keep_private
from api.errors import returned_problem
from api.methods import READING_METHODS
from api.parameters import QueryParameters
from api.serializers import Serializer, has_rows, row_of


class ApiView(GenericAPIView):
    """The base of every view of the API. Refuses unknown query parameters, and keeps responses out of shared caches."""

    serializer_class: type[Serializer]
    parameters_class: type[QueryParameters] = QueryParameters
    detail = True
    deletes_with_body = False
    has_no_etag = False  # whether `If-Match` with an entity tag fails, since nothing here has one
    problems: tuple[str, ...] = ()  # further error statuses for the OpenAPI document

    def perform_authentication(self, request):
        try:
            super().perform_authentication(request)
        except (OperationalError, InterfaceError):
            # As REST framework does for refused credentials: rendering the 503 must not authenticate again.
            request._not_authenticated()
            raise

    def initial(self, request, *args, **kwargs):
        try:
            super().initial(request, *args, **kwargs)
        except (AuthenticationFailed, NotAuthenticated, PermissionDenied):
            self.check_throttles(request)  # count refused requests too
            raise
        # A method that isn't allowed is a 405, whatever the parameters.
        is_read = request.query_params and request.method in self.allowed_methods
        self.parameters = self.read_parameters() if is_read else {}

    def read_parameters(self) -> dict:
        return self.get_parameters_class().read(self.request.query_params)

    def get_parameters_class(self) -> type[QueryParameters]:
        return self.parameters_class

    def dispatch(self, request, *args, **kwargs):
        """REST framework's method, except that `call` runs the handler, and that a returned error is a problem, too."""
        self.args, self.kwargs = args, kwargs
        self.request = request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(request, *args, **kwargs)
            method = request.method.lower()
            handler = getattr(self, method, None) if method in self.http_method_names else None
            response = self.call(handler or self.http_method_not_allowed, request, *args, **kwargs)
            if response.status_code >= 400 and isinstance(response, Response):
                # For the form of the browsable page.
                response.serializer = getattr(response.data, "serializer", None)  # type: ignore[attr-defined]
                response.data = returned_problem(response)
        except Exception as exc:  # as in REST framework, whose handler raises defects again
            response = self.handle_exception(exc)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        return self.response

    def call(self, handler, request, *args, **kwargs) -> Response:
        """Run the handler of this request. A hook for subclasses."""
        if self.has_no_etag and request.method not in READING_METHODS and handler != self.http_method_not_allowed:
            check_match(request, None)
        return handler(request, *args, **kwargs)

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.user and request.user.is_authenticated:
            keep_private(response)
        return response

    def read_body(self, *args, **kwargs):
        """The action's serializer with the validated body of the request."""
        serializer = self.get_serializer(*args, data=self.request.data, **kwargs)
        serializer.is_valid(raise_exception=True)
        return serializer

    def represent(self, instance, serializer_class: Any = None) -> dict:
        """The representation of `instance`: that of the view, whatever the serializer of the action's body is."""
        serializer_class = serializer_class or type(self).serializer_class or self.get_serializer_class()
        is_plain = type(self).get_serializer is GenericAPIView.get_serializer
        if is_plain and has_rows(serializer_class):
            return row_of(serializer_class, instance)
        if serializer_class is self.get_serializer_class():
            return self.get_serializer(instance).data
        return serializer_class(instance, context=self.get_serializer_context()).data

    def respond(self, instance, status: int = 200, serializer_class=None) -> Response:
        return Response(self.represent(instance, serializer_class), status=status)


class RootView(ApiView, APIRootView):
    """The entry point of the API. `docs/` describes every call and lets you try it."""

    permission_classes = [AllowAny]

    def get_view_name(self) -> str:
        return "Todo API"


class SchemaView(ApiView, SpectacularAPIView):
    """The OpenAPI document. (drf-spectacular's view copies the parameter `version` into a header.)"""

    # Generated once per media type: it takes half a second, and everybody may request it.
    documents: ClassVar[dict[str, tuple[bytes, str]]] = {}

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        renderer = request.accepted_renderer
        if renderer.media_type not in self.documents:
            response = super().get(request, *args, **kwargs)
            context = {**self.get_renderer_context(), "indent": 1}  # not 4, which makes it twice as long
            document = renderer.render(response.data, renderer.media_type, context)
            self.documents[renderer.media_type] = document, response["Content-Disposition"]
        document, disposition = self.documents[renderer.media_type]
        content_type = f"{renderer.media_type}; charset={renderer.charset}" if renderer.charset else renderer.media_type
        return HttpResponse(document, content_type=content_type, headers={"Content-Disposition": disposition})


class DocsParameters(QueryParameters):
    script = serializers.CharField(required=False, allow_blank=True)


class DocsView(ApiView, SpectacularSwaggerSplitView):
    parameters_class = DocsParameters

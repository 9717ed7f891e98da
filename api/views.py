from typing import ClassVar

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.routers import APIRootView

from api.conditional import keep_private
from api.parameters import QueryParameters
from api.serializers import Serializer, row_of


class ApiView(GenericAPIView):
    """What every view of the API does: refuses unknown query parameters, keeps answers out of shared caches."""

    serializer_class: type[Serializer]
    parameters_class: type[QueryParameters] = QueryParameters
    detail = True
    deletes_with_body = False
    problems: tuple[str, ...] = ()  # the statuses that the document names besides those of every call

    def perform_authentication(self, request):
        try:
            super().perform_authentication(request)
        except AuthenticationFailed:
            super().check_throttles(request)  # as nobody: guesses count too
            raise
        except (OperationalError, InterfaceError):
            # As REST framework does when credentials are refused: whoever renders the 503 must not ask again.
            request._not_authenticated()
            raise
        super().check_throttles(request)

    def check_throttles(self, request):
        # It has come already, as soon as the caller was known: what is refused with 401 or 403 counts as well.
        pass

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        parameters_class = QueryParameters if self.detail else self.parameters_class
        self.parameters = parameters_class.read(request.query_params)

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.user and request.user.is_authenticated:
            keep_private(response)
        return response

    def read_body(self, *args, **kwargs):
        """The serializer of this action with the request's body, which is valid."""
        serializer = self.get_serializer(*args, data=self.request.data, **kwargs)
        serializer.is_valid(raise_exception=True)
        return serializer

    def represent(self, instance) -> dict:
        """The representation of `instance`, as the serializer of the view's class gives it."""
        serializer_class = type(self).serializer_class
        if self.request.accepted_renderer.format == "json":
            return row_of(serializer_class, instance)
        # The form of a page looks for the serializer at its data.
        return serializer_class(instance, context=self.get_serializer_context()).data

    def respond(self, instance, status: int = 200, headers: dict | None = None) -> Response:
        return Response(self.represent(instance), status=status, headers=headers)


class RootView(ApiView, APIRootView):
    """The todo API: where its parts are. `docs/` describes every call, and lets you try them."""

    permission_classes = [AllowAny]

    def get_view_name(self) -> str:
        return "Todo API"


class SchemaView(ApiView, SpectacularAPIView):
    """The OpenAPI document. (drf-spectacular's own view writes the parameter `version` into a header.)"""

    # Half a second's work, for anybody who asks, and always the same: by media type.
    documents: ClassVar[dict[str, tuple[bytes, str]]] = {}

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        renderer = request.accepted_renderer
        if renderer.media_type not in self.documents:
            response = super().get(request, *args, **kwargs)
            document = renderer.render(response.data, renderer.media_type, self.get_renderer_context())
            self.documents[renderer.media_type] = document, response["Content-Disposition"]
        document, disposition = self.documents[renderer.media_type]
        content_type = f"{renderer.media_type}; charset={renderer.charset}" if renderer.charset else renderer.media_type
        return HttpResponse(document, content_type=content_type, headers={"Content-Disposition": disposition})


class DocsParameters(QueryParameters):
    script = serializers.CharField(required=False, allow_blank=True)


class DocsView(ApiView, SpectacularSwaggerSplitView):
    parameters_class = DocsParameters
    detail = False

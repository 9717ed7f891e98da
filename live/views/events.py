from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.response import Response

from api.negotiation import Negotiation
from api.parameters import QueryParameters
from api.renderers import PROBLEM_TYPE, JSONRenderer
from api.serializers import EmptySerializer
from live.models import StreamTicket
from live.streams import Credential, Stream, opening
from ownership.viewsets import CallerView
from users.authentication import TokenAuthentication
from users.models import ApiToken


class EventRenderer(JSONRenderer):
    """Writes what isn't a stream, which is an error, as JSON."""

    media_type, format, charset = "text/event-stream", "events", None

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        (renderer_context or {})["response"]["Content-Type"] = PROBLEM_TYPE
        return super().render(data, accepted_media_type, renderer_context)


class EventNegotiation(Negotiation):
    """There is nothing but the stream, whatever a client accepts."""

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class TicketAuthentication(BaseAuthentication):
    """By a ticket in the URL."""

    def authenticate(self, request):
        if not (secret := request.query_params.get("ticket")):
            return None
        ticket = StreamTicket.objects.take(secret)
        if ticket is None:
            raise AuthenticationFailed("This ticket is unknown, used or expired. Get a new one.")
        return ticket.owner, ticket

    def authenticate_header(self, request):
        return "Bearer"


class EventParameters(QueryParameters):
    ticket = serializers.CharField(required=False, help_text="From `events/ticket/`, instead of a token.")


def credential_of(request) -> Credential:
    """What the call was signed in with, for a stream to end when it does."""
    auth = request.auth
    if isinstance(auth, StreamTicket):
        return Credential(**auth.credential)
    if auth is None:
        return Credential(session=request.session.session_key)
    until = auth.expires_at.timestamp() if auth.expires_at else None
    return Credential(token=str(auth.pk) if isinstance(auth, ApiToken) else None, until=until)


class EventsView(CallerView):
    """Listen for changes: a stream of server-sent events."""

    serializer_class = EmptySerializer
    authentication_classes = [TicketAuthentication, TokenAuthentication, SessionAuthentication]
    renderer_classes = [EventRenderer]
    content_negotiation_class = EventNegotiation
    parameters_class = EventParameters

    @extend_schema(
        operation_id="events",
        responses={(200, "text/event-stream"): OpenApiTypes.STR},
        parameters=[
            OpenApiParameter("Last-Event-ID", str, "header", description="The `id` of the last event that you got.")
        ],
    )
    def get(self, request):
        """Listen for changes.

        The response doesn't end. It has an `event: revision` at once, and after each change of your data:
        `data: {"revision": 7}`, with a token for `sync/` as its `id`. Then call `sync/`. A browser's EventSource
        connects again by itself, and gets an event only if it missed one.
        """
        user: Any = request.user
        stream = Stream(user.pk, user.password, credential_of(request), told=user.revision)
        return StreamResponse(stream, opening(stream, request.headers.get("Last-Event-ID", "")))


class StreamResponse(HttpResponse):
    """What a stream begins with. config/server/bridge.py goes on from there; another server ends it, and the client
    comes again."""

    def __init__(self, stream: Stream, content: bytes):
        super().__init__(content, content_type="text/event-stream")
        self.event_stream = stream
        self["Cache-Control"] = "no-store"
        self["X-Accel-Buffering"] = "no"


class TicketSerializer(serializers.Serializer):
    ticket = serializers.CharField(help_text="For `?ticket=` of `events/`. It works once, within a minute.")
    expires_at = serializers.DateTimeField()


class TicketView(CallerView):
    """A ticket for `events/`."""

    serializer_class = EmptySerializer
    has_no_etag = True

    @extend_schema(operation_id="events_ticket", request=None, responses={201: TicketSerializer})
    def post(self, request):
        """Get a ticket for `events/`.

        For pages in a browser, whose EventSource can't send a token. The stream ends when the token of this call does.
        """
        self.read_body()
        secret, ticket = StreamTicket.issue(request.user, credential_of(request))
        body = {"ticket": secret, "expires_at": ticket.created_at + StreamTicket.LIFETIME}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})

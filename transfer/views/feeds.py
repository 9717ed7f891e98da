from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.views import View
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from api.conditional import make_etag, names_tag
from ownership.viewsets import OwnedViewSet
from transfer.exports.tasks import write_calendar
from transfer.models import Feed
from transfer.serializers import FeedSerializer, NewFeedSerializer
from users.models import User


class FeedViewSet(mixins.DestroyModelMixin, OwnedViewSet):
    """Calendar feeds: read-only iCalendar at a secret URL, for programs that subscribe to calendars."""

    queryset = Feed.objects.all()
    serializer_class = FeedSerializer

    @extend_schema(request=FeedSerializer, responses={201: NewFeedSerializer})
    def create(self, request):
        """Create a calendar feed.

        `url` contains the secret, and is only in this response. Anyone who knows it can read the tasks. To revoke it,
        delete the feed.
        """
        values = self.read_body().validated_data
        with transaction.atomic():
            User.objects.lock(request.user)
            feed, secret = Feed.issue(request.user, **values)
        url = request.build_absolute_uri(reverse("feed", args=[secret]))
        return Response({**self.represent(feed), "url": url}, status=201, headers={"Cache-Control": "no-store"})

    def destroy(self, request, *args, **kwargs):
        """Delete the calendar feed.

        Its URL stops working.
        """
        return super().destroy(request, *args, **kwargs)


class FeedView(View):
    """A feed by its secret URL. Anyone who knows it needs no sign-in, so it tells only what is in the feed."""

    def get(self, request, secret: str):
        feed = Feed.objects.find(secret)
        if feed is None:
            raise Http404
        etag = make_etag(feed.pk, feed.owner.revision)
        response: HttpResponseBase = HttpResponse(status=304)
        if not names_tag(request, etag):
            is_events = feed.kind == Feed.Kind.EVENTS
            content = write_calendar(feed.owner, feed.tasks(), feed.name, is_events)
            response = StreamingHttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
        return response

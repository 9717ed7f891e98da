from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from api import fields
from api.parameters import QueryParameters
from ownership.viewsets import CallerView
from todos import sync
from todos.serializers.results import SyncSerializer


class SyncParameters(QueryParameters):
    since = fields.StringField(
        required=False, max_length=500, help_text="The `token` of the last response. Leave it out for a full sync."
    )
    limit = fields.IntegerField(
        required=False,
        min_value=1,
        max_value=sync.MAX_LIMIT,
        help_text="The number of changes per page. Default: 500. A page ends earlier at about 2 MB.",
    )


class SyncView(CallerView):
    """Get the changes since a token, in the order of revisions.

    This is for clients that keep a replica. Repeat the call with the new `token` until `has_more` is false. Then the
    replica has exactly the data of the server, even if it changed in the meantime.
    """

    serializer_class = SyncSerializer  # type: ignore[assignment]
    parameters_class = SyncParameters
    pagination_class = None
    problems = ("410",)

    @extend_schema(operation_id="sync", parameters=[SyncParameters])
    def get(self, request):
        limit = self.parameters.get("limit", sync.DEFAULT_LIMIT)
        context = dict(self.get_serializer_context())
        return Response(sync.changes(request.user, self.parameters.get("since"), limit, context))

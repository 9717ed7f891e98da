from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from api import fields
from api.parameters import QueryParameters
from ownership.viewsets import CallerView
from todos import sync
from todos.serializers.results import SyncSerializer


class SyncParameters(QueryParameters):
    since = fields.StringField(
        required=False, max_length=500, help_text="The `token` of the answer before. Without: all."
    )
    limit = fields.IntegerField(
        required=False,
        min_value=1,
        max_value=sync.MAX_LIMIT,
        help_text="How many changes a page holds (500 by default).",
    )


class SyncView(CallerView):
    """What changed, in the order of revisions: for clients that keep a replica.

    Follow `token` until `has_more` is false, and you hold exactly what the server has, whatever happened meanwhile.
    """

    serializer_class = SyncSerializer  # type: ignore[assignment]
    parameters_class = SyncParameters
    detail = False
    pagination_class = None
    problems = ("410",)

    @extend_schema(operation_id="sync", parameters=[SyncParameters])
    def get(self, request):
        limit = self.parameters.get("limit", sync.DEFAULT_LIMIT)
        context = self.get_serializer_context()
        return Response(sync.changes(request.user, self.parameters.get("since"), limit, context))

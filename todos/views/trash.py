from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from ownership.viewsets import RevisedViewSet, verb

IN_TRASH: Any = object()  # for the queryset of an action: the rows in the trash


class TrashViewSet(RevisedViewSet):
    """The user's own rows of a TrashModel, with the calls of their trash."""

    trash_queryset: Any = None  # if not all in the trash as they are

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if self.queryset is IN_TRASH:
            rows = self.trash_queryset
            self.queryset = type(self).queryset.model.objects.in_trash() if rows is None else rows

    def destroy(self, request, *args, **kwargs):
        """Move the {thing} to the trash."""
        return super().destroy(request, *args, **kwargs)

    @action(detail=False, queryset=IN_TRASH)
    def trash(self, request):
        """List the {things} in the trash, one page at a time."""
        return self.list(request)

    @extend_schema(responses={204: None})
    @trash.mapping.delete
    def empty_trash(self, request):
        """Permanently delete the {things} in the trash."""
        self.get_queryset().in_trash().purge()  # whatever an overridden get_queryset() may find
        return Response(status=204)

    @verb(queryset=IN_TRASH)
    def restore(self, request, pk):
        """Restore the {thing} from the trash, with what was deleted together with it."""
        return self.respond(self.get_object().restore())

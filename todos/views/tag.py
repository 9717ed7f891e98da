from ownership.viewsets import RevisedViewSet
from todos.filters import TagFilters
from todos.models import Tag
from todos.serializers.project import ReplicatedTagSerializer, TagSerializer


class TagViewSet(RevisedViewSet):
    """Tags are labels for tasks. Renaming or deleting a tag changes all tasks with it."""

    queryset = Tag.objects.present().with_counts()
    serializer_class = TagSerializer
    sync_serializer_class = ReplicatedTagSerializer
    filterset_class = TagFilters
    shows_counts = True

    def destroy(self, request, *args, **kwargs):
        """Delete the tag, and remove it from all tasks."""
        return super().destroy(request, *args, **kwargs)

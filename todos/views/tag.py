from ownership.viewsets import RevisedViewSet
from todos.filters import TagFilters
from todos.models import Tag
from todos.serializers.project import TagSerializer


class TagViewSet(RevisedViewSet):
    """Tags: words that tasks are marked with. Renaming and deleting show in the tasks that bear them."""

    queryset = Tag.objects.present().with_counts()
    serializer_class = TagSerializer
    filterset_class = TagFilters
    shows_counts = True

    def destroy(self, request, *args, **kwargs):
        """Delete the tag, and take it off the tasks that bear it."""
        return super().destroy(request, *args, **kwargs)

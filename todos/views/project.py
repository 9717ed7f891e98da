from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action

from ownership.viewsets import verb
from todos.filters import ProjectFilters
from todos.models import Project
from todos.serializers.moves import MoveSerializer
from todos.serializers.project import ProjectSerializer, ReplicatedProjectSerializer
from todos.views.trash import IN_TRASH, TrashViewSet


class ProjectViewSet(TrashViewSet):
    """Projects group tasks."""

    queryset = Project.objects.present().with_counts()
    trash_queryset = Project.objects.in_trash().with_counts()
    serializer_class = ProjectSerializer
    sync_serializer_class = ReplicatedProjectSerializer
    filterset_class = ProjectFilters
    shows_counts = True

    def destroy(self, request, *args, **kwargs):
        """Move the project and its tasks to the trash."""
        return super().destroy(request, *args, **kwargs)

    @extend_schema(request=MoveSerializer, responses=ProjectSerializer)
    @action(detail=True, methods=["post"], serializer_class=MoveSerializer)
    def move(self, request, pk):
        """Move the project before or after another one.

        Without `before` and `after`, it comes last.
        """
        project = self.get_object()
        project.move(**self.read_body().validated_data)
        return self.respond(project)

    def empty_trash(self, request):
        """Permanently delete the projects in the trash, with their tasks."""
        return super().empty_trash(request)

    @verb(queryset=IN_TRASH)
    def restore(self, request, pk):
        """Restore the project from the trash, with the tasks that were deleted together with it."""
        self.get_object().restore()
        self.queryset = type(self).queryset
        return self.respond(self.get_queryset().get(pk=pk))  # read again, to count the restored tasks

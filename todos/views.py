from rest_framework.decorators import action

from api.serializers import EmptySerializer
from todos.models import Task
from todos.serializers import TaskParameters, TaskSerializer
from users.viewsets import RevisedViewSet


class TaskViewSet(RevisedViewSet):
    """Tasks: what there is to do."""

    queryset = Task.objects.present()
    serializer_class = TaskSerializer
    parameters_class = TaskParameters

    @action(detail=True, methods=["post"], serializer_class=EmptySerializer)
    def complete(self, request, pk):
        """Mark the task as done. Repeating it changes nothing."""
        return self.respond(self.get_object().complete())

    @action(detail=True, methods=["post"], serializer_class=EmptySerializer)
    def reopen(self, request, pk):
        """Mark the task as not done. Repeating it changes nothing."""
        return self.respond(self.get_object().reopen())

    @action(detail=True, methods=["post"], serializer_class=EmptySerializer)
    def toggle(self, request, pk):
        """Complete the task if it is open, reopen it if it is completed."""
        return self.respond(self.get_object().toggle())

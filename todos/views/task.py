from collections.abc import Callable
from uuid import UUID

from django.db.models import QuerySet, TextField
from django.utils.functional import cached_property
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from api.compiled import CurrentUser, Param, compiled
from ownership.transactions import revision_transaction
from ownership.viewsets import verb
from todos.actions import bulk
from todos.filters import TaskFilters
from todos.models import Tag, Task
from todos.serializers.moves import BulkSerializer, TaskMoveSerializer
from todos.serializers.results import BulkResultSerializer, SummarySerializer
from todos.serializers.task import CompletionSerializer, TaskSerializer
from todos.views.trash import TrashViewSet

ONE_OR_MANY = PolymorphicProxySerializer(
    component_name="TaskOrTasks",
    serializers=[TaskSerializer, TaskSerializer(many=True)],
    resource_type_field_name=None,
    many=False,
)


def tag_name_at(index: int) -> Callable:
    return lambda view: view.tag_names[index]


def named_tags(count: int) -> QuerySet:
    names = [Param(tag_name_at(index), TextField()) for index in range(count)]
    return Tag.objects.owned_by(CurrentUser).present().filter(name_folded__in=names).values_list("name_folded", "pk")


class TaskViewSet(TrashViewSet):
    """Tasks, with due dates, recurrence, tags and subtasks."""

    queryset = Task.objects.present().with_family()
    trash_queryset = Task.objects.in_trash().with_family()
    serializer_class = TaskSerializer
    filterset_class = TaskFilters
    takes_lists = True

    @cached_property
    def tag_names(self) -> list[str]:
        """The folded names of the tags that this call filters by."""
        return [name for each in TaskFilters.TAG_FILTERS for name in self.parameters.get(each, [])]

    @cached_property
    def tag_ids(self) -> dict[str, UUID]:
        """The ids of those that there are, by folded name."""
        count = len(self.tag_names)
        return dict(compiled(("ids of tags", count), lambda: named_tags(count)).tuples(self))

    @extend_schema(request=ONE_OR_MANY, responses={201: ONE_OR_MANY})
    def create(self, request, *args, **kwargs):
        """Create a task, or a list of up to 200 tasks.

        If a task in a list is invalid, none is created. In the errors, `field` starts with its index: `3.title`.
        For a single task, `Location` has its URL.
        """
        return super().create(request, *args, **kwargs)

    def destroy(self, request, *args, **kwargs):
        """Move the task and its subtasks to the trash."""
        return super().destroy(request, *args, **kwargs)

    @extend_schema(request=CompletionSerializer, responses=TaskSerializer)
    @action(detail=True, methods=["post"], serializer_class=CompletionSerializer)
    def complete(self, request, pk):
        """Complete the task and its subtasks.

        A recurring task gets its next occurrence, `next_occurrence`: a new task with the same content and open copies
        of its plain subtasks, due on the first date of the series that isn't in the past. A subtask that recurs keeps
        its own rhythm: it moves there as it is. The last occurrence makes none.
        """
        moment = self.read_body().validated_data.get("completed_at")
        return self.respond(self.get_object().complete(moment))

    @verb
    def reopen(self, request, pk):
        """Mark the task as not done, with the tasks that it is a part of, and with what was completed along with it.

        Repeating it changes nothing. The next occurrence of a recurring task moves to the trash, unless it or a copy
        below it was changed since: then it stays, and completing again makes no second one.
        """
        return self.respond(self.get_object().reopen())

    @verb
    def skip(self, request, pk):
        """Let the recurring task go on to its next date without completing it.

        The last occurrence and a completed task are refused.
        """
        return self.respond(self.get_object().skip())

    @verb
    def toggle(self, request, pk):
        """Complete the task if it is open, reopen it if it is completed."""
        return self.respond(self.get_object().toggle())

    @extend_schema(request=TaskMoveSerializer, responses=TaskSerializer)
    @action(detail=True, methods=["post"], serializer_class=TaskMoveSerializer)
    def move(self, request, pk):
        """Move the task to a project, below a task, or before or after a sibling.

        Without `before` and `after`, it comes last. Its subtasks move with it. If you set `project` without `parent`,
        it becomes a top-level task there.
        """
        task = self.get_object()
        task.move(**self.read_body().validated_data)
        return self.respond(task)

    def empty_trash(self, request):
        """Permanently delete the tasks in the trash.

        Tasks that were deleted together with their project stay: they are restored or deleted with it.
        """
        self.get_queryset().trashed_alone().purge()
        return Response(status=204)

    @extend_schema(request=BulkSerializer, responses=BulkResultSerializer)
    @action(
        detail=False,
        methods=["post"],
        queryset=Task.objects.with_family(),
        serializer_class=BulkSerializer,
        filterset_class=None,
        problems=("404",),
    )
    def bulk(self, request):
        """Run one action on up to 500 tasks.

        If it fails for one task, or an id isn't that of one of your tasks, nothing changes. `results` has no tasks that
        are in the trash afterwards, so it is empty after `delete`.
        """
        body = self.read_body().validated_data
        with revision_transaction(request.user.pk) as current:
            tasks = bulk.run(self.get_queryset(), body["action"], body["ids"], body.get("set", {}))
        results = [self.represent(task) for task in tasks]
        return Response({"count": len(set(body["ids"])), "revision": current.final_revision, "results": results})

    @extend_schema(responses=SummarySerializer)
    @action(detail=False, serializer_class=SummarySerializer, filterset_class=None)
    def summary(self, request):
        """Count tasks: all, open, overdue, by priority and by project."""
        return Response(SummarySerializer.of(self.get_queryset().summary(request.user.now())))

"""Django REST Framework as its tutorial writes it: ModelViewSet, ModelSerializer, PageNumberPagination."""

import django_settings  # isort: skip  # noqa: F401
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from rest_framework import serializers, viewsets
from rest_framework.authentication import TokenAuthentication
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

from tables.models import Tag, Task, Token, filtered


class HashedTokenAuthentication(TokenAuthentication):
    keyword = "Bearer"

    def authenticate_credentials(self, key):
        token = Token.objects.find(key)
        if token is None:
            raise AuthenticationFailed
        return token.owner, token


class TaskSerializer(serializers.ModelSerializer):
    completed = serializers.BooleanField(read_only=True)
    tags = serializers.SlugRelatedField(slug_field="name", many=True, queryset=Tag.objects.all(), required=False)

    class Meta:
        model = Task
        fields = [
            "id",
            "title",
            "description",
            "completed",
            "completed_at",
            "priority",
            "start_date",
            "start_time",
            "due_date",
            "due_time",
            "reminders",
            "recurrence",
            "repeat_from",
            "occurrence_date",
            "series",
            "next_occurrence",
            "project",
            "parent",
            "tags",
            "position",
            "created_at",
            "updated_at",
            "revision",
        ]
        read_only_fields = (
            "id",
            "completed_at",
            "occurrence_date",
            "series",
            "next_occurrence",
            "position",
            "revision",
        )


class Pages(PageNumberPagination):
    page_size = 50

    def get_paginated_response(self, data):
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        return Response({**links, "results": data})


class TaskViewSet(viewsets.ModelViewSet):
    authentication_classes = [HashedTokenAuthentication]
    serializer_class = TaskSerializer
    pagination_class = Pages

    def get_queryset(self):
        tasks = Task.objects.filter(owner=self.request.user).prefetch_related("tags")
        return filtered(tasks, self.request.user, self.request.query_params)

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)

    @action(detail=True, methods=["post"])
    def complete(self, request, pk):
        task = self.get_object()
        task.complete()
        return Response(self.get_serializer(task).data)


router = DefaultRouter()
router.register("tasks", TaskViewSet, basename="task")
urlpatterns = [path("api/v1/", include(router.urls))]
application = get_wsgi_application()

"""Django Ninja, as its documentation writes it: ModelSchema, a bearer class, WSGI."""

import django_settings  # isort: skip  # noqa: F401
from datetime import date, time
from typing import Literal
from uuid import UUID

from django.core.wsgi import get_wsgi_application
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import Field, ModelSchema, NinjaAPI, Schema
from ninja.security import HttpBearer

from tables.models import Task, Token, filtered

PAGE = 50


class HashedToken(HttpBearer):
    def authenticate(self, request, token):
        found = Token.objects.find(token)
        return found and found.owner


class TaskOut(ModelSchema):
    completed: bool
    project: UUID | None = Field(None, alias="project_id")
    parent: UUID | None = Field(None, alias="parent_id")
    tags: list[str]

    class Meta:
        model = Task
        fields = [
            "id",
            "title",
            "description",
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
            "position",
            "created_at",
            "updated_at",
            "revision",
        ]

    @staticmethod
    def resolve_tags(task):
        return [tag.name for tag in task.tags.all()]


class TaskIn(Schema):
    title: str = Field(min_length=1, max_length=500)
    description: str = Field("", max_length=20_000)
    priority: int = Field(0, ge=0, le=4)
    start_date: date | None = None
    start_time: time | None = None
    due_date: date | None = None
    due_time: time | None = None
    reminders: list[dict] = []
    recurrence: str = Field("", max_length=500)
    repeat_from: Literal["due", "completion"] = "due"


class TaskPatch(Schema):
    title: str | None = Field(None, min_length=1, max_length=500)
    description: str | None = Field(None, max_length=20_000)
    priority: int | None = Field(None, ge=0, le=4)


class Page(Schema):
    next: str | None
    previous: str | None
    results: list[TaskOut]


api = NinjaAPI(auth=HashedToken())


def tasks_of(request):
    return Task.objects.filter(owner=request.auth).prefetch_related("tags")


def link(request, offset: int) -> str:
    query = request.GET.copy()
    query["offset"] = offset
    return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"


@api.get("/tasks/", response=Page)
def list_tasks(request, offset: int = 0):
    # One more than a page, to know whether there is a next one without counting.
    tasks = list(filtered(tasks_of(request), request.auth, request.GET)[offset : offset + PAGE + 1])
    return {
        "next": link(request, offset + PAGE) if len(tasks) > PAGE else None,
        "previous": link(request, max(offset - PAGE, 0)) if offset else None,
        "results": tasks[:PAGE],
    }


@api.post("/tasks/", response={201: TaskOut})
def create_task(request, body: TaskIn):
    return 201, Task.objects.create(owner=request.auth, **body.dict())


@api.get("/tasks/{uuid:id}/", response=TaskOut)
def retrieve_task(request, id: UUID):
    return get_object_or_404(tasks_of(request), id=id)


@api.patch("/tasks/{uuid:id}/", response=TaskOut)
def update_task(request, id: UUID, body: TaskPatch):
    task = get_object_or_404(tasks_of(request), id=id)
    for name, value in body.dict(exclude_unset=True).items():
        setattr(task, name, value)
    task.save()
    return task


@api.post("/tasks/{uuid:id}/complete/", response=TaskOut)
def complete_task(request, id: UUID):
    task = get_object_or_404(tasks_of(request), id=id)
    task.complete()
    return task


urlpatterns = [path("api/v1/", api.urls)]
application = get_wsgi_application()

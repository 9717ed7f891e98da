"""What both Django peers share: models of the peers' tables."""

from datetime import date, datetime
from hashlib import sha256
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils import timezone


class User(models.Model):
    id = models.UUIDField(primary_key=True)
    email = models.EmailField()
    timezone = models.CharField(max_length=64)
    is_active = models.BooleanField()
    is_authenticated = True

    class Meta:
        db_table = "users"

    def today(self) -> date:
        return datetime.now(ZoneInfo(self.timezone)).date()


class TokenQuerySet(models.QuerySet):
    def find(self, secret: str):
        valid = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        digest = sha256(secret.encode()).hexdigest()
        return self.select_related("owner").filter(valid, digest=digest, owner__is_active=True).first()


class Token(models.Model):
    id = models.UUIDField(primary_key=True)
    owner = models.ForeignKey(User, models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        db_table = "tokens"


class Project(models.Model):
    id = models.UUIDField(primary_key=True)
    owner = models.ForeignKey(User, models.CASCADE)
    name = models.CharField(max_length=100)

    class Meta:
        db_table = "projects"


class Tag(models.Model):
    id = models.UUIDField(primary_key=True)
    owner = models.ForeignKey(User, models.CASCADE)
    name = models.CharField(max_length=50)

    class Meta:
        db_table = "tags"
        ordering = ("name",)


class Task(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4)
    owner = models.ForeignKey(User, models.CASCADE)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True, default="")
    completed_at = models.DateTimeField(null=True)
    priority = models.SmallIntegerField(default=0)
    start_date = models.DateField(null=True, blank=True)
    start_time = models.TimeField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    due_time = models.TimeField(null=True, blank=True)
    reminders = models.JSONField(default=list, blank=True)
    recurrence = models.CharField(max_length=500, blank=True, default="")
    repeat_from = models.CharField(max_length=10, default="due")
    occurrence_date = models.DateField(null=True)
    series = models.UUIDField(null=True)
    next_occurrence = models.UUIDField(null=True)
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True)
    position = models.FloatField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    revision = models.BigIntegerField(default=1)
    tags = models.ManyToManyField(Tag, through="TaskTag")

    class Meta:
        db_table = "tasks"
        ordering = ("-created_at", "-id")

    @property
    def completed(self) -> bool:
        return self.completed_at is not None

    def complete(self) -> None:
        if not self.completed:
            self.completed_at = timezone.now()
            self.save()


class TaskTag(models.Model):
    task = models.ForeignKey(Task, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)

    class Meta:
        db_table = "task_tags"


def filtered(tasks, user: User, parameters):
    if project := parameters.get("project"):
        tasks = tasks.filter(project=project)
    if tag := parameters.get("tag"):
        tasks = tasks.filter(tags__name=tag)
    if parameters.get("due") == "today":
        tasks = tasks.filter(due_date=user.today())
    return tasks

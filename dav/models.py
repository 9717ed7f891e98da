"""What calendar clients store besides the tasks themselves: names, texts as they came, and properties of lists."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from dav.paths import MAX_NAME
from ownership.owned import OwnedModel, OwnedQuerySet
from todos.models import Project, Task
from todos.models.trash import TrashModel

MAX_COLOR = 40


class Collection(OwnedModel):
    """What clients set on a list: on that of a project, on the inbox, or (with an empty name) on their home."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="collection", null=True)
    name = models.CharField(max_length=MAX_NAME, blank=True)  # in its URL
    # As the client set them. They count while the project has the name and the color that were made of them.
    display_name = models.CharField(max_length=MAX_NAME, blank=True, default="")
    named_as = models.CharField(max_length=100, blank=True, default="")
    color = models.CharField(max_length=MAX_COLOR, blank=True, default="")
    components = models.JSONField(default=list)  # that the client asked for; all that are allowed without them
    properties = models.JSONField(default=dict)  # XML of the elements, by "{namespace}name"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="collection_name_once")]

    def __str__(self) -> str:
        return self.name


class Resource(OwnedModel):
    """The VTODO of a task, as a client wrote it. Tasks that no client has written have none: their name is their id."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    task = models.OneToOneField(Task, on_delete=models.CASCADE, related_name="resource")
    name = models.CharField(max_length=MAX_NAME)  # in its URL
    uid = models.CharField(max_length=MAX_NAME)
    parent_uid = models.CharField(max_length=MAX_NAME, blank=True, default="")  # of a parent that isn't here
    sort_order = models.BigIntegerField(null=True)
    body = models.TextField()
    # The task's revision for which `body` was stored, and its owner's time zone then if clients get it to the byte.
    exact_revision = models.BigIntegerField(null=True)
    exact_zone = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["owner", "name"], name="resource_owner_name"),
            models.Index(fields=["owner", "uid"], name="resource_owner_uid"),
            models.Index(fields=["owner", "parent_uid"], condition=~Q(parent_uid=""), name="resource_without_parent"),
        ]

    def __str__(self) -> str:
        return self.name


class Removal(models.Model):
    """A task left a list, in which clients know it by this name."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", null=True)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=MAX_NAME)
    revision = models.BigIntegerField()

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "project", "revision"], name="removal_from_list")]

    def __str__(self) -> str:
        return self.name


class OtherObject(TrashModel):
    """An event or a journal entry, which is no task: stored as it came, if DAV_OTHER_COMPONENTS is on."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", null=True)
    name = models.CharField(max_length=MAX_NAME)
    uid = models.CharField(max_length=MAX_NAME)
    component = models.CharField(max_length=40)
    body = models.TextField()

    class Meta(TrashModel.Meta):
        indexes = TrashModel.Meta.indexes[:1]  # no list has them

    def __str__(self) -> str:
        return self.name

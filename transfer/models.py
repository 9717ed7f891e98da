import secrets
from hashlib import sha256
from typing import ClassVar

from django.conf import settings
from django.db import models

from api.text import FoldedField
from ownership.owned import OwnedModel, OwnedQuerySet
from todos.models import Project, Task
from transfer.sources import SOURCES
from users.models import digest


class ImportedItem(models.Model):
    """What an item of a file became, so that importing the file again makes nothing twice."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=20, choices=[(name, name) for name in SOURCES])
    key = models.CharField(max_length=64)  # a digest: ids of other programs have any length
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", null=True)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+", null=True)

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "source", "key"], name="imported_item_once")]

    def __str__(self) -> str:
        return self.key

    @staticmethod
    def digest(kind: str, key: str) -> str:
        return sha256(f"{kind}\0{key}".encode(errors="surrogatepass")).hexdigest()


class FeedQuerySet(OwnedQuerySet):
    def find(self, secret: str) -> "Feed | None":
        """The feed with this secret, with its active owner, in one query."""
        found: Feed | None = self.select_related("owner").filter(digest=digest(secret), owner__is_active=True).first()
        return found


class Feed(OwnedModel):
    """An iCalendar feed of tasks, which calendar programs read by a secret URL. Only the secret's digest is stored."""

    class Kind(models.TextChoices):
        TODOS = "todos"
        EVENTS = "events"

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TODOS)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", null=True, blank=True)
    tag = models.CharField(max_length=50, blank=True, default="")
    tag_folded = FoldedField("tag")
    digest = models.CharField(max_length=64, unique=True, editable=False)

    objects: ClassVar = FeedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["owner", "created_at", "id"], name="feed_owner_created")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, owner, **fields) -> tuple["Feed", str]:
        """Create a feed. Return it with its secret: 256 random bits in 43 URL-safe characters."""
        secret = secrets.token_urlsafe(32)
        return cls.objects.create(owner=owner, digest=digest(secret), **fields), secret

    def tasks(self) -> models.QuerySet:
        """The tasks that it shows, without the trash. As events: what is open, and due on a day."""
        tasks = Task.objects.present().filter(owner_id=self.owner_id)
        if self.project_id:
            tasks = tasks.filter(project_id=self.project_id)
        if self.tag:
            tasks = tasks.filter(tag_links__tag__name_folded=self.tag_folded, tag_links__tag__deleted_at=None)
        return tasks.open().exclude(due_date=None) if self.kind == self.Kind.EVENTS else tasks

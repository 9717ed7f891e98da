"""Models as Django's documentation writes them, on the project's base classes.

Import them only inside the fixture that makes their tables: from then on they are the project's.
"""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from ownership.revised import RevisedModel, RevisedQuerySet
from todos.models.trash import TrashModel


class Shelf(RevisedModel):
    """As small as it can be."""

    name = models.CharField(max_length=50)

    class Meta(RevisedModel.Meta):
        app_label = "todos"
        constraints = [models.UniqueConstraint(fields=["owner", "id"], name="shelf_owner_id")]

    def __str__(self) -> str:
        return self.name


class BookQuerySet(RevisedQuerySet):
    def unread(self):
        return self.filter(pages_read=0)

    def recent(self):
        return self.filter(created_at__gt=timezone.now() - timedelta(days=1))


class Book(RevisedModel):
    """With what developers add: rules, defaults that are called, a state that changes in place."""

    class Mood(models.TextChoices):
        GLAD = "glad"
        SAD = "sad"

    title = models.CharField(max_length=50)
    subtitle = models.CharField(max_length=50, blank=True, default="")
    slug = models.SlugField(max_length=50, null=True, blank=True)  # noqa: DJ001 (any number of books have none)
    pages = models.IntegerField(default=1)
    pages_read = models.IntegerField(default=0)
    mood = models.CharField(max_length=10, choices=Mood, default=Mood.GLAD)
    extra = models.JSONField(default=dict, blank=True)
    bought_at = models.DateTimeField(default=timezone.now)
    shelf = models.ForeignKey(Shelf, models.CASCADE, related_name="books", null=True, blank=True)

    objects = BookQuerySet.as_manager()

    class Meta(RevisedModel.Meta):
        app_label = "todos"
        ordering = ["title", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "slug"], name="book_slug_once"),
            models.CheckConstraint(condition=models.Q(pages__gte=0), name="book_pages_not_negative"),
            models.CheckConstraint(
                condition=models.Q(pages_read__lte=models.F("pages") + 0), name="book_not_read_beyond_its_end"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.title == self.subtitle:
            raise ValidationError({"subtitle": ValidationError("Say something else here.", code="repeated")})


class Country(models.Model):
    """A table that all users share."""

    name = models.CharField(max_length=50)

    class Meta:
        app_label = "todos"

    def __str__(self) -> str:
        return self.name


class Letter(TrashModel):
    text = models.TextField()
    country = models.ForeignKey(Country, models.PROTECT, null=True, blank=True)

    class Meta(TrashModel.Meta):
        app_label = "todos"


class Remark(TrashModel):
    """As the README adds a resource, with what one may have besides."""

    task = models.ForeignKey("todos.Task", on_delete=models.CASCADE, related_name="remarks")
    text = models.TextField(max_length=2000)
    answer_to = models.ForeignKey("self", models.CASCADE, related_name="answers", null=True, blank=True)
    is_public = models.BooleanField(default=True)
    number = models.IntegerField(null=True, editable=False)

    class Meta(TrashModel.Meta):
        app_label = "todos"
        constraints = [
            *TrashModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["owner", "number"], condition=models.Q(deleted_at=None), name="remark_number_once"
            ),
        ]


class Form(RevisedModel):
    """A field of each standard type."""

    boolean = models.BooleanField(default=False)
    char = models.CharField(max_length=20, default="")
    text = models.TextField(default="")
    slug = models.SlugField(default="")
    url = models.URLField(default="")
    email = models.EmailField(default="")
    address = models.GenericIPAddressField(null=True)
    integer = models.IntegerField(default=0)
    small = models.SmallIntegerField(default=0)
    big = models.BigIntegerField(default=0)
    positive = models.PositiveIntegerField(default=0)
    positive_small = models.PositiveSmallIntegerField(default=0)
    positive_big = models.PositiveBigIntegerField(default=0)
    number = models.FloatField(default=0.0)
    decimal = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    time = models.TimeField(null=True)
    duration = models.DurationField(null=True)
    uuid = models.UUIDField(null=True)
    json = models.JSONField(null=True)
    letters = models.CharField(max_length=2, choices=[("a", "A"), ("b", "B")], default="a")
    digits = models.IntegerField(choices=[(1, "One"), (2, "Two")], default=1)

    class Meta(RevisedModel.Meta):
        app_label = "todos"


ALL = (Shelf, Book, Country, Letter, Remark, Form)

from django.db.models import F
from rest_framework import serializers

from api import fields
from api.parameters import QueryParameters
from api.serializers import Serializer
from ownership.references import OwnedRelatedField
from ownership.serializers import RevisedSerializer
from todos.models import Project
from todos.serializers.task import MAX_TAG
from transfer.models import Feed


class UploadSerializer(Serializer):
    file = serializers.FileField(
        allow_empty_file=True,
        max_length=255,
        use_url=False,
        help_text="The file to import, of 32 MiB at most.",
        error_messages=dict.fromkeys(("required", "invalid"), "Choose a file (with curl: -F file=@NAME)."),
    )


class UploadFormSerializer(UploadSerializer):
    """The form of the page: a box that isn't ticked sends nothing."""

    dry_run = serializers.BooleanField(
        required=False, default=False, initial=True, label="Dry run", help_text="Report only. Nothing is changed."
    )


class ImportParameters(QueryParameters):
    dry_run = fields.BooleanField(
        required=False, help_text="`true` to get the report without importing anything. Default: `false`."
    )


class CreatedSerializer(serializers.Serializer):
    projects = serializers.IntegerField()
    tags = serializers.IntegerField()
    tasks = serializers.IntegerField()


class LostSerializer(serializers.Serializer):
    item = serializers.CharField(help_text="Where it is in the file, with its title.")
    field = serializers.CharField()
    reason = serializers.CharField()


class ReportSerializer(serializers.Serializer):
    created = CreatedSerializer(help_text="How many objects were created.")
    unchanged = serializers.IntegerField(help_text="Tasks that an earlier import of this source has created already.")
    lost = LostSerializer(many=True, help_text="Everything in the file that could not be kept as it is.")


class FeedSerializer(RevisedSerializer):
    """A calendar feed. `url` is only in the response to its creation."""

    # A keyword can't be written as a name here.
    locals()["as"] = fields.ChoiceField(
        choices=Feed.Kind.choices,
        source="kind",
        default=Feed.Kind.TODOS,
        help_text="`events` are for calendars that show no tasks, such as Google's: open tasks with a due date.",
    )
    project = OwnedRelatedField(
        queryset=Project.objects.all(),
        allow_null=True,
        default=None,
        help_text="Only tasks in this project. Null for all.",
    )
    tag = fields.StringField(
        max_length=MAX_TAG, allow_blank=True, default="", help_text="Only tasks with this tag. Case doesn't matter."
    )

    class Meta:
        model = Feed
        fields = ["id", "name", "project", "tag", "as", "created_at"]
        computed = {"as": F("kind")}


class NewFeedSerializer(FeedSerializer):
    """A new calendar feed, with its secret URL."""

    url = serializers.CharField(read_only=True, help_text="Shown only once. Anyone who knows it can read the tasks.")

    class Meta(FeedSerializer.Meta):
        fields = [*FeedSerializer.Meta.fields, "url"]

from api import fields
from ownership.serializers import RevisedSerializer
from todos.models import Project, Tag
from todos.models.counts import open_tasks


class ProjectSerializer(RevisedSerializer):
    """A list of tasks that belong together."""

    open_tasks = fields.IntegerField(read_only=True, default=0)

    class Meta:
        model = Project
        fields = ["id", "name", "color", "position", "open_tasks", "created_at", "updated_at", "revision"]
        read_only_fields = ["position", "revision"]
        computed = {"open_tasks": open_tasks("project")}


class ReplicatedProjectSerializer(ProjectSerializer):
    """A project in a replica: without the count, which changes without the project's revision."""

    open_tasks = None  # type: ignore[assignment]

    class Meta(ProjectSerializer.Meta):
        fields = [name for name in ProjectSerializer.Meta.fields if name != "open_tasks"]
        computed = {}


class TagSerializer(RevisedSerializer):
    """A label for tasks."""

    open_tasks = fields.IntegerField(read_only=True, default=0)

    class Meta:
        model = Tag
        fields = ["id", "name", "open_tasks", "revision"]
        read_only_fields = ["revision"]
        extra_kwargs = {"name": {"help_text": "Changing it changes the tags of all tasks with this tag."}}
        computed = {"open_tasks": open_tasks("tag")}


class ReplicatedTagSerializer(TagSerializer):
    """A tag in a replica: without the count, which changes without the tag's revision."""

    open_tasks = None  # type: ignore[assignment]

    class Meta(TagSerializer.Meta):
        fields = [name for name in TagSerializer.Meta.fields if name != "open_tasks"]
        computed = {}

"""The bodies of `move` and `bulk`."""

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from api import fields
from api.serializers import Serializer
from ownership.references import OwnedRelatedField
from todos.models import Project, Task
from todos.serializers.task import TaskSerializer


class MoveSerializer(Serializer):
    """Between which siblings to put it: right before one, or right after one; without either, last."""

    before = OwnedRelatedField(queryset=Project.objects.present(), required=False)
    after = OwnedRelatedField(queryset=Project.objects.present(), required=False)

    def validate(self, attrs):
        if "before" in attrs and "after" in attrs:
            raise ValidationError({"after": ["Name the sibling before or the one after, not both."]}, code="both")
        return attrs


class TaskMoveSerializer(MoveSerializer):
    """Where to put it. What is left out stays as it is."""

    project = OwnedRelatedField(
        queryset=Project.objects.present(),
        allow_null=True,
        required=False,
    )
    parent = OwnedRelatedField(  # type: ignore[assignment]
        queryset=Task.objects.present(),
        allow_null=True,
        required=False,
    )
    before = OwnedRelatedField(queryset=Task.objects.present(), required=False)
    after = OwnedRelatedField(queryset=Task.objects.present(), required=False)


class BulkSerializer(Serializer):
    """One action on many tasks: all or none."""

    MAX_IDS = 500
    ACTIONS = ("update", "complete", "reopen", "move", "delete", "restore")
    SETTERS = {"update": TaskSerializer, "move": TaskMoveSerializer}

    action = serializers.ChoiceField(ACTIONS)
    ids = fields.ListField(child=fields.UUIDField(), allow_empty=False, max_length=MAX_IDS)
    set = serializers.DictField(required=False, help_text="For `update`: fields of a task. For `move`: as in `move`.")

    def validate(self, attrs):
        setter = self.SETTERS.get(attrs["action"])
        if setter is None:
            if "set" in attrs:
                raise ValidationError({"set": [f"`{attrs['action']}` takes no `set`."]}, code="unknown")
            return attrs
        if attrs["action"] == "update" and "set" not in attrs:
            raise ValidationError({"set": ["An update says what to set."]}, code="required")
        values = setter(data=attrs.get("set", {}), partial=True, context=self.context)
        if not values.is_valid():
            raise ValidationError({"set": values.errors})
        return {**attrs, "set": values.validated_data}

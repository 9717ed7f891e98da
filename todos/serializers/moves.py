"""The request bodies of `move` and `bulk`."""

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from api import fields
from api.serializers import Serializer
from ownership.references import OwnedRelatedField
from todos.models import Project, Task
from todos.serializers.task import TaskSerializer


class MoveSerializer(Serializer):
    """The sibling to move it before or after. Without one, it comes last."""

    before = OwnedRelatedField(queryset=Project.objects.all(), required=False)
    after = OwnedRelatedField(queryset=Project.objects.all(), required=False)

    def validate(self, attrs):
        if "before" in attrs and "after" in attrs:
            raise ValidationError({"after": ["Use either `before` or `after`, not both."]}, code="both")
        return attrs


class TaskMoveSerializer(MoveSerializer):
    """The new location. Fields that are left out keep their value."""

    project = OwnedRelatedField(
        queryset=Project.objects.all(),
        allow_null=True,
        required=False,
    )
    parent = OwnedRelatedField(  # type: ignore[assignment]
        queryset=Task.objects.all(),
        allow_null=True,
        required=False,
    )
    before = OwnedRelatedField(queryset=Task.objects.all(), required=False)
    after = OwnedRelatedField(queryset=Task.objects.all(), required=False)


class BulkSerializer(Serializer):
    """One action on many tasks. If it fails for one, none is changed."""

    MAX_IDS = 500
    ACTIONS = ("update", "complete", "reopen", "move", "delete", "restore")
    SETTERS = {"update": TaskSerializer, "move": TaskMoveSerializer}

    action = serializers.ChoiceField(ACTIONS)
    ids = fields.ListField(child=fields.UUIDField(), allow_empty=False, max_length=MAX_IDS)
    set = serializers.DictField(
        required=False, help_text="For `update`: fields of a task. For `move`: the body of `move`."
    )

    def validate(self, attrs):
        setter = self.SETTERS.get(attrs["action"])
        if setter is None:
            if "set" in attrs:
                message = f"The action `{attrs['action']}` takes no fields. Remove `set`."
                raise ValidationError({"set": [message]}, code="unknown")
            return attrs
        if attrs["action"] == "update" and "set" not in attrs:
            raise ValidationError(
                {"set": ["This field is required for `update`: name the fields to change."]}, code="required"
            )
        values = setter(data=attrs.get("set", {}), partial=True, context=self.context)
        if not values.is_valid():
            raise ValidationError({"set": values.errors})
        return {**attrs, "set": values.validated_data}

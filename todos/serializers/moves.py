"""The request bodies of `move` and `bulk`."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from api import fields
from api.serializers import Serializer
from api.text import fold
from ownership.references import OwnedRelatedField
from todos.actions import bulk
from todos.models import Project, Task
from todos.serializers.task import MAX_TAG, TaskSerializer


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
    SETTERS = {"update": TaskSerializer, "move": TaskMoveSerializer}

    action = fields.ChoiceField(list(bulk.ACTIONS))
    ids = fields.ListField(child=fields.UUIDField(), allow_empty=False, max_length=MAX_IDS)
    set = serializers.DictField(
        required=False, help_text="For `update`: fields of a task. For `move`: the body of `move`."
    )

    add_tags = fields.ListField(
        child=fields.StringField(max_length=MAX_TAG),
        max_length=Task.MAX_TAGS,
        required=False,
        help_text="For `update`: tags to add to those that each task has.",
    )
    remove_tags = fields.ListField(
        child=fields.StringField(max_length=MAX_TAG),
        max_length=Task.MAX_TAGS,
        required=False,
        help_text="For `update`: tags to take off. Those that a task doesn't have are ignored.",
    )

    def validate(self, attrs):
        action, setter = attrs["action"], self.SETTERS.get(attrs["action"])
        tags = {name: attrs[name] for name in ("add_tags", "remove_tags") if name in attrs}
        useless = [*(tags if action != "update" else []), *(["set"] if setter is None and "set" in attrs else [])]
        if useless:
            raise ValidationError(
                {name: [f"The action `{action}` takes no `{name}`. Remove it."] for name in useless}, code="unknown"
            )
        if setter is None:
            return attrs
        if action == "update" and "set" not in attrs and not tags:
            message = "This field is required for `update`: name the fields to change."
            raise ValidationError({"set": [message]}, code="required")
        self.check_tags(attrs.get("set", {}), **tags)
        values = setter(data=attrs.get("set", {}), partial=True, context=self.context)
        if not values.is_valid():
            raise ValidationError({"set": values.errors})
        return {**attrs, "set": {**values.validated_data, **tags}}

    @staticmethod
    def check_tags(values: dict, add_tags=(), remove_tags=()) -> None:
        if "tags" in values and (add_tags or remove_tags):
            raise ValidationError({"set": {"tags": ["Set all tags, or add and remove some, not both."]}}, code="both")
        added = set(map(fold, add_tags))
        both: Any = {
            index: ["Add this tag or remove it, not both."]
            for index, name in enumerate(remove_tags)
            if fold(name) in added
        }
        if both:
            raise ValidationError({"remove_tags": both}, code="both")

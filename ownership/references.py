"""References to the user's own objects. The error for another user's object is that for one that doesn't exist."""

from typing import Any

from rest_framework import serializers

from api import fields
from ownership.constraints import DOES_NOT_EXIST


class OwnedRelatedField(serializers.PrimaryKeyRelatedField[Any]):
    """The id of one of the user's objects."""

    queryset: Any
    is_in_row = True
    default_error_messages = {"does_not_exist": DOES_NOT_EXIST}

    def __init__(self, **kwargs):
        kwargs.setdefault("html_cutoff", 200)  # the select of a form must not load a whole table
        super().__init__(**kwargs)
        self.pk_field: Any = fields.UUIDField()

    @property
    def model(self):
        return self.queryset.model

    def get_queryset(self) -> Any:
        queryset: Any = super().get_queryset()
        return queryset.referable().owned_by(self.context["request"].user)

    def run_validation(self, data=serializers.empty):
        # REST framework takes "" for null; JSON has a null of its own.
        if data == "":
            self.pk_field.fail("invalid", value=data)
        return super().run_validation(data)

    def to_internal_value(self, data):
        pk = self.pk_field.to_internal_value(data)
        found = self.context.get("references", {}).get(self.model)
        if found is None:
            found = self.get_queryset().in_bulk([pk])
        if pk not in found:
            self.fail("does_not_exist")
        return found[pk]

    def get_choices(self, cutoff=None):
        """For the select of a form: the first ones."""
        # Nothing is next to or below itself. (A project's id isn't a task's: then this leaves out nothing.)
        choices = self.get_queryset().exclude(pk=self.context["view"].kwargs.get("pk"))[:cutoff]
        return {self.to_representation(each): self.display_value(each) for each in choices}


def load_references(serializer, items: list) -> None:
    """Load the objects that a list of items refers to, with one query per field."""
    found = serializer._context.setdefault("references", {})
    for name, field in serializer.fields.items():
        if isinstance(field, OwnedRelatedField):
            ids = {item.get(name) for item in items if isinstance(item, dict) and isinstance(item.get(name), str)}
            valid = [pk for pk in map(parse_id, ids) if pk]
            objects = field.get_queryset().in_bulk(valid) if valid else {}
            found[field.model] = {**found.get(field.model, {}), **objects}


def parse_id(text):
    try:
        return fields.UUIDField().to_internal_value(text)
    except serializers.ValidationError:
        return None

from rest_framework.serializers import PrimaryKeyRelatedField

from api.serializers import ModelSerializer
from ownership.owned import OwnedModel
from ownership.references import OwnedRelatedField


class RevisedSerializer(ModelSerializer):
    """A serializer of a RevisedModel. Its references accept only the user's own objects."""

    serializer_related_field = OwnedRelatedField

    def build_relational_field(self, field_name, relation_info):
        field_class, kwargs = super().build_relational_field(field_name, relation_info)
        if not issubclass(relation_info.related_model, OwnedModel):
            return PrimaryKeyRelatedField, kwargs  # a table that all users share
        return field_class, kwargs

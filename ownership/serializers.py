from api.serializers import ModelSerializer
from ownership.references import OwnedRelatedField


class RevisedSerializer(ModelSerializer):
    """A serializer of a RevisedModel. Its references accept only the user's own objects."""

    serializer_related_field = OwnedRelatedField

from api.serializers import ModelSerializer
from ownership.references import OwnedRelatedField


class RevisedSerializer(ModelSerializer):
    """Of a RevisedModel: what it refers to has to be the caller's own."""

    serializer_related_field = OwnedRelatedField

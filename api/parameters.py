from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from api.serializers import Serializer

REPEATED = ErrorDetail("Use this parameter only once.", code="repeated")


# The document doesn't list `api`, the browsable pages: it describes responses for programs.
@extend_schema_field({"type": "string", "enum": ["json"]})
class FormatField(serializers.CharField):
    """Read by REST framework's content negotiation; an unknown format is a 404."""


class QueryParameters(Serializer):
    """The query parameters of a call. Refuses unknown names, and repeated ones that aren't lists."""

    is_text = True
    unknown = ErrorDetail("This query parameter is unknown. Check its name.", code="unknown")
    format = FormatField(required=False, help_text="Overrides the Accept header.")

    @classmethod
    def read(cls, query) -> dict:
        """The validated values of the QueryDict `query`. Raises ValidationError with all errors."""
        parameters = cls(data={}, partial=True)
        data = {}
        for name, values in query.lists():
            field = parameters.fields.get(name)
            if isinstance(field, serializers.ListField):
                data[name] = values
            elif len(values) > 1 and field is not None:
                raise ValidationError({name: [REPEATED]})
            else:
                data[name] = values[0]
        parameters.initial_data = data
        parameters.is_valid(raise_exception=True)
        return parameters.validated_data

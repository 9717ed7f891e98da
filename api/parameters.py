from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from api.serializers import Serializer

REPEATED = ErrorDetail("This parameter may be given only once.", code="repeated")


# The value for people's pages, `api`, isn't in the document: it describes what programs get.
@extend_schema_field({"type": "string", "enum": ["json"]})
class FormatField(serializers.CharField):
    """Read by REST framework's content negotiation; an unknown format is a 404."""


class QueryParameters(Serializer):
    """The query parameters of a call. Other names, and repeated ones where one is meant, are refused."""

    is_text = True
    unknown = ErrorDetail("There is no such query parameter.", code="unknown")
    format = FormatField(required=False, help_text="Instead of the Accept header.")

    @classmethod
    def read(cls, query) -> dict:
        """The valid values in the QueryDict `query`; a ValidationError names all that are not."""
        if not query:
            return {}
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

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from api import fields
from api.serializers import Serializer

REPEATED = ErrorDetail("This parameter may be given only once.", code="repeated")


class QueryParameters(Serializer):
    """The query parameters of a call. Other names, and repeated ones where one is meant, are refused."""

    is_text = True
    unknown = ErrorDetail("There is no such query parameter.", code="unknown")
    format = serializers.CharField(required=False, help_text="`json` or `api` (HTML), instead of the Accept header.")

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


class PageParameters(QueryParameters):
    """The query parameters of a list: which rows, in which order, and which page of them."""

    MAX_LIMIT = 200

    limit = fields.IntegerField(
        required=False, min_value=1, max_value=MAX_LIMIT, help_text="How many rows a page holds (50 by default)."
    )
    cursor = fields.StringField(required=False, max_length=2000, help_text="From `next` or `previous`: opaque.")

    @classmethod
    def depends_on_clock(cls, values: dict) -> bool:
        """Whether the answer can change while the data doesn't."""
        return False

    @classmethod
    def apply(cls, queryset, values: dict, user):
        """The rows of `queryset` that the valid `values` of `user` ask for."""
        return queryset


def ordering_field(orderings: dict) -> serializers.ChoiceField:
    names = [f"{sign}{name}" for name in orderings for sign in ("", "-")]
    return serializers.ChoiceField(names, required=False, help_text="`-` for descending.")

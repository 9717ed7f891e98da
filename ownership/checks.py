"""Views and serializers that would read rows of other users, where only Postgres stops them, or nothing does."""

from collections.abc import Iterator
from typing import Any

from django.core import checks
from rest_framework import serializers
from rest_framework.schemas.generators import EndpointEnumerator

from api.checks import body_serializers
from ownership.owned import OwnedModel
from ownership.references import OwnedRelatedField
from ownership.viewsets import CallerView


@checks.register(checks.Tags.urls)
def check_views(app_configs, **kwargs) -> list[checks.CheckMessage]:
    """Check that views of what users own apply the owner rule, and act as their user."""
    views = {callback.cls for _, _, callback in EndpointEnumerator().get_api_endpoints()}
    hint = "Derive it from OwnedViewSet or RevisedViewSet, or another view of its own from CallerView."
    return [
        checks.Error(f"{view.__name__} shows each user the rows of all.", hint, id="ownership.E005")
        for view in sorted(views, key=lambda view: view.__name__)
        if is_owned(getattr(view, "queryset", None)) and not issubclass(view, CallerView)
    ]


@checks.register(checks.Tags.urls)
def check_references(app_configs, **kwargs) -> list[checks.CheckMessage]:
    """Check that fields and validators of a body that look for what users own look among the user's own."""
    return [
        checks.Error(f"{name}: {path} finds the rows of all users.", hint, id="ownership.E006")
        for name, each in sorted(body_serializers().items())
        for path, hint in find_foreign(each.__name__, each())
    ]


def is_owned(queryset: Any) -> bool:
    return queryset is not None and issubclass(queryset.model, OwnedModel)


def find_foreign(path: str, field: Any) -> Iterator[tuple[str, str]]:
    is_foreign = isinstance(field, serializers.RelatedField) and not isinstance(field, OwnedRelatedField)
    if is_foreign and is_owned(field.queryset):
        yield path, "Use ownership.references.OwnedRelatedField."
    for validator in getattr(field, "validators", ()):
        if is_owned(getattr(validator, "queryset", None)):
            yield f"{path}, {type(validator).__name__}", "Use a constraint of the model, with its owner."
    for child in (getattr(field, "child", None), getattr(field, "child_relation", None)):
        if child:
            yield from find_foreign(path, child)
    for name, each in getattr(field, "fields", {}).items():
        if not each.read_only:
            yield from find_foreign(f"{path}.{name}", each)

"""Models, columns, and routes to viewsets, that are there for some tests only."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from django.apps import apps
from django.contrib.admin import site
from django.db import connection, models
from django.db.models.fields.related import RelatedField
from django.urls import clear_url_caches, include, path
from rest_framework.routers import SimpleRouter

from config import urls
from ownership.changes import column_names, columns_changed_in_place
from ownership.row_level_security import checks, is_enabled
from transfer.columns import columns, others, references


@contextmanager
def tables_of(*made: type[models.Model]) -> Iterator[None]:
    """The tables of these models, of which each may refer to those before it, with all that a migration would add."""
    try:
        with connection.schema_editor() as editor:
            for model in made:
                editor.create_model(model)
        if is_enabled():
            with connection.cursor() as cursor:
                for statements in {**checks.policy_statements(), **checks.key_statements()}.values():
                    cursor.execute("\n".join(statements))
        checks.prepare()
        yield
    finally:
        with connection.schema_editor() as editor:
            for model in reversed(made):
                editor.delete_model(model)


@contextmanager
def column_of(model: type[models.Model], name: str, field: models.Field) -> Iterator[None]:
    """Another column of a model of the project."""
    field.contribute_to_class(model, name)
    cached_columns()
    try:
        with connection.schema_editor() as editor:
            editor.add_field(model, field)
        yield
        with connection.schema_editor() as editor:
            editor.remove_field(model, field)
    finally:
        model._meta.local_fields.remove(field)
        delattr(model, name)
        apps.clear_cache()
        cached_columns()


def cached_columns() -> None:
    """Forget which columns models have."""
    for cached in (column_names, columns_changed_in_place, columns, others, references):
        cached.cache_clear()


def forget(*made: type[models.Model]) -> None:
    """Take these models out of Django's registry, and what refers to them out of other models."""
    for model in made:
        for field in model._meta.local_fields:
            if isinstance(field, RelatedField) and not field.remote_field.hidden:
                delattr(field.related_model, field.remote_field.get_accessor_name())
        del apps.all_models[model._meta.app_label][model._meta.model_name]
    apps.clear_cache()


def routes_to(**viewsets: type) -> ModuleType:
    """For `settings.ROOT_URLCONF`: those of the project, and below /api/v1/ each viewset by its name."""
    router = SimpleRouter(use_regex_path=False)
    for name, viewset in viewsets.items():
        router.register(name, viewset, basename=f"throwaway-{name}")
    found = ModuleType("throwaway_urls")
    vars(found).update({name: value for name, value in vars(urls).items() if not name.startswith("__")})
    added = [path("api/v1/", include(router.urls)), path("admin/", site.urls)]  # with what was registered since
    found.urlpatterns = [*added, *urls.urlpatterns]
    clear_url_caches()
    return found

import sys
from importlib import import_module

import pytest

from api import compiled
from ownership.serializers import RevisedSerializer
from ownership.viewsets import RevisedViewSet
from testing.client import Client
from testing.throwaway import forget, routes_to, tables_of
from todos.models.trash import TrashQuerySet


@pytest.fixture(scope="package")
def models(django_db_setup, django_db_blocker):
    """The models of `tests/recipes/models.py` with their tables, until the last recipe has been tried."""
    found = import_module("tests.recipes.models")
    with django_db_blocker.unblock(), tables_of(*found.ALL):
        yield found
    forget(*found.ALL)
    del sys.modules["tests.recipes.models"]


@pytest.fixture(autouse=True)
def _nothing_is_compiled():
    compiled.cached_queries.clear()
    yield
    compiled.cached_queries.clear()


@pytest.fixture
def serve(settings):
    """`serve(books=BookViewSet)`: its calls are at /api/v1/books/."""

    def routed(**viewsets: type) -> None:
        settings.ROOT_URLCONF = routes_to(**viewsets)

    return routed


@pytest.fixture
def serializer_of():
    """The serializer of a model with these fields and other attributes."""

    def made(model: type, *names: str, meta: dict | None = None, **attributes) -> type:
        options = {"model": model, "fields": ["id", *names, "revision"], "read_only_fields": ["revision"]}
        return type(
            f"{model.__name__}Serializer",
            (RevisedSerializer,),
            {"Meta": type("Meta", (), options | (meta or {})), **attributes},
        )

    return made


@pytest.fixture
def viewset_of(serializer_of):
    """The viewset of a model, with a serializer of these fields, and other attributes."""

    def made(model: type, *names: str, **attributes) -> type:
        rows = model.objects.present() if isinstance(model.objects.all(), TrashQuerySet) else model.objects.all()
        attributes = {"serializer_class": serializer_of(model, *names), "queryset": rows, **attributes}
        return type(f"{model.__name__}ViewSet", (RevisedViewSet,), attributes)

    return made


def results(client: Client, path: str, **query) -> list[dict]:
    response = client.get(path, query)
    assert response.status_code == 200, response.content
    return response.json()["results"]


def values(client: Client, path: str, name: str, **query) -> set:
    return {row[name] for row in results(client, path, **query)}

"""All routes of the API, from the URL resolver, so that the guards also test new viewsets."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
# The routes that need no credentials.
PUBLIC = {
    "",
    "auth/register/",
    "auth/login/",
    "auth/password-reset/",
    "auth/password-reset/confirm/",
    "schema/",
    "docs/",
}


@dataclass(frozen=True)
class Route:
    path: str  # below /api/v1/, with `<id:pk>` as in the resolver
    view: type
    methods: tuple[str, ...]  # those that it has a handler for, without HEAD and OPTIONS

    is_list: bool  # GET returns pages

    @property
    def has_id(self) -> bool:
        return "<id:pk>" in self.path

    @property
    def is_about_trash(self) -> bool:
        return self.path.endswith(("trash/", "restore/"))

    @property
    def model(self) -> type | None:
        queryset = getattr(self.view, "queryset", None)
        return None if queryset is None else queryset.model

    def url(self, pk: object = "") -> str:
        return "/" + self.path.replace("<id:pk>", str(pk))

    def __str__(self) -> str:
        return self.path or "(root)"


def walk(patterns, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern


def route_of(path: str, pattern: URLPattern) -> Route:
    view = pattern.callback.view_class if hasattr(pattern.callback, "view_class") else pattern.callback.cls
    handlers = getattr(pattern.callback, "actions", view.http_method_names)
    methods = tuple(name.upper() for name in handlers if name not in ("head", "options"))
    if not hasattr(pattern.callback, "actions"):
        methods = tuple(name for name in methods if hasattr(view, name.lower()))
    is_list = getattr(pattern.callback, "actions", {}).get("get") in ("list", "trash")
    return Route(path.removeprefix("api/v1/"), view, methods, is_list)


FOUND = list(walk(get_resolver().url_patterns))
ROUTES = [route_of(path, pattern) for path, pattern in FOUND if path.startswith("api/v1/")]
# The paths of all other pages, and those of the admin, as in the resolver.
PAGES = [path for path, _ in FOUND if not path.startswith(("api/v1/", "admin/"))]
ADMIN = [path for path, _ in FOUND if path.startswith("admin/")]

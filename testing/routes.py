"""All routes of the API, from the URL resolver, so that the guards also test new viewsets."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Model
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from testing.resources import RESOURCES, make
from testing.servers import Program
from users.models import User

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
    def model(self) -> type[Model] | None:
        """What a viewset is about."""
        if not hasattr(self.view, "get_extra_actions"):
            return None
        queryset = getattr(self.view, "queryset", None)
        return self.view.serializer_class.Meta.model if queryset is None else queryset.model

    def url(self, pk: object = "") -> str:
        return "/" + self.path.replace("<id:pk>", str(pk))

    @property
    def action(self) -> str:
        """The last part of its path, by which `actions` in testing/resources.py names it."""
        return self.path.rstrip("/").rpartition("/")[2]

    def make(self, owner: User):
        """One of what this route is about."""
        thing = make(self.model, owner, action=self.action)
        if self.is_about_trash:
            thing.delete()
        return thing

    def body(self, method: str, owner: User, thing: Model | None = None) -> dict:
        """What making or replacing a resource takes, or an action on `thing`; nothing for other calls."""
        if self.model is None:
            return {}
        resource = RESOURCES[self.model]
        if method == "POST" and self.action in resource.actions:
            return resource.actions[self.action].body(thing or self.make(owner))
        is_whole = self.is_list if method == "POST" else method == "PUT" and self.path.endswith("<id:pk>/")
        return resource.body("New", lambda needed: str(make(needed, owner).pk)) if is_whole else {}

    def refusal(self, response) -> str:
        """What to do if a call with this body fails."""
        place = f"in `actions` of {self.model.__name__} in testing/resources.py" if self.model else "above"
        return f"The body of {self} wasn't accepted. Give one {place}: {response.content.decode()}"

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
EVERY_ROUTE = [route_of(path, pattern) for path, pattern in FOUND if path.startswith("api/v1/")]
# Without what nobody has told the guards how to make: tests/guards/test_resources.py fails, and says so.
ROUTES = [route for route in EVERY_ROUTE if route.model is None or route.model in RESOURCES]
# The list of each resource, where they are made too.
LISTS = {route.model: route for route in ROUTES if route.is_list and not route.is_about_trash}
# The paths of all other pages, and those of the admin, as the resolver has them.
PAGES = [path for path, _ in FOUND if not path.startswith(("api/v1/", "admin/"))]
ADMIN = [path for path, _ in FOUND if path.startswith("admin/")]


def make_over_http(program: Program, model: type[Model], word: str = "canary") -> str:
    """Have a real server make one for this program's user. Returns its id."""
    body = RESOURCES[model].body(word, lambda needed: make_over_http(program, needed, word))
    response = program.insist("POST", LISTS[model].path, body)
    assert response.status == 201, response
    return response.body["id"]

"""The corpus: each atom in each position of each call and page.

What is registered tomorrow is attacked tomorrow. Nothing here is random: a run sends what the run before sent.
"""

import json
import re
from collections.abc import Iterator
from itertools import count, product

from django.contrib.admin import ModelAdmin, site
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from testing.resources import RESOURCES
from testing.routes import METHODS
from testing.uploads import sample, source_of
from tests.hostile.atoms import (
    BODIES,
    JSON,
    LARGE_BODIES,
    LARGE_VALUES,
    MULTIPART,
    TEXTS,
    VALUES,
    encoded,
    part,
)
from tests.hostile.calls import (
    AUTHORIZATION,
    BASE,
    CANARY,
    MISSING,
    Attack,
    Call,
    World,
    browser,
    calls,
    quoted,
    request,
    with_token,
)
from tests.hostile.headers import in_headers


def fields_in_admin(page: ModelAdmin) -> list[str]:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    fixed = page.get_readonly_fields(request)
    return [name for name in flatten_fieldsets(page.get_fieldsets(request)) if name not in fixed]


# The lists of the admin, with what one of each is made of there.
ADMIN_FORMS = {
    f"/admin/{model._meta.app_label}/{model._meta.model_name}/": fields_in_admin(site.get_model_admin(model))
    for model, resource in RESOURCES.items()
    if resource.is_in_admin
}
UNKNOWN_METHODS = ("PROPFIND", "SEARCH", "LINK", "M-SEARCH", "PURGE")  # those that the parser knows


def in_paths(world: World, all_calls: list[Call]) -> Iterator[Attack]:
    with_id = [call for call in all_calls if "{id}" in call.path]
    for call, (name, text) in product(with_id, TEXTS.items()):
        target = BASE + call.path.replace("{id}", quoted(text))
        sent = request(call.method, target, with_token(world, (b"Content-Type", JSON)), b"{}" if call.fields else b"")
        yield Attack("path of a call", f"{call.method} {call.path} {name}", sent, call.method)
    paths = ["/{}", "/{}/", "/api/{}", "/api/v1/{}", "/api/v1/{}/", "/api/v1/tasks{}", "/static/{}", "/api-auth/{}/"]
    paths += ["/set-password/{}/x/", "/set-password/MDE5/{}/", "/admin/{}/", "/admin/todos/task/{}/change/"]
    for path, (name, text) in product(paths, TEXTS.items()):
        cookie = ((b"Cookie", world.admin.encode()),) if "/admin/" in path else ()
        sent = request("GET", path.format(quoted(text)), cookie)
        yield Attack("path of a page", f"{path} {name}", sent, is_page=True)
    for path, (name, text) in product(("/{}", "/api/v1/tasks/{}/", "/static/{}"), TEXTS.items()):
        if not set(text) & set("\r\n "):
            sent = request("GET", path.encode().replace(b"{}", encoded(text)))
            yield Attack("path as bytes", f"{path} {name}", sent, is_page="/api/" not in path)


def in_queries(world: World, all_calls: list[Call]) -> Iterator[Attack]:
    for call in all_calls:
        for parameter, (name, text) in product(call.query, TEXTS.items()):
            target = call.target(world, f"{parameter}={quoted(text)}")
            yield Attack("query", f"{target[:60]} {name}", request(call.method, target, with_token(world)), call.method)
    names = list(TEXTS.items())
    for number, call in enumerate(all_calls):
        for name, text in names[number % 6 :: 6]:
            for query in (f"{quoted(text)}={CANARY}", f"format={quoted(text)}", f"_method={quoted(text)}&_accept=a/b"):
                sent = request(call.method, call.target(world, query), with_token(world))
                yield Attack("unknown query", f"{call.method} {call.path} {name}", sent, call.method)
    for name, text in names:
        if not set(text) & set("\r\n "):
            sent = request("GET", b"/api/v1/tasks/?q=" + encoded(text), with_token(world))
            yield Attack("query as bytes", name, sent)
    for pair in ("format=json&format=api", "limit=1&limit=2", "cursor=&cursor=", "&" * 4000, "q=x&" * 1500, "=&=", "?"):
        yield Attack("query", pair[:30], request("GET", f"/api/v1/tasks/?{pair}", with_token(world)), is_page=True)


def in_fields(world: World, all_calls: list[Call]) -> Iterator[Attack]:
    numbers = count()
    for call in all_calls:
        values = list(VALUES.items())[:: 30 if call.hashes else 1]
        for place, (name, value) in product(call.fields, values):
            body = {**call.example(world, next(numbers)), place: None}
            yield json_attack(world, call, f"{place} {name}", body, {place: value})
        for name, text in list(TEXTS.items())[:: 30 if call.hashes else 3]:
            if call.fields:
                body = {**call.example(world, next(numbers)), text: None}
                yield json_attack(world, call, f"the name {name}", body, {text: b"1"})
    for call in all_calls:
        for place, (name, value) in product(call.fields, list(LARGE_VALUES.items())[:: 4 if call.hashes else 1]):
            body = {**call.example(world, next(numbers)), place: None}
            yield json_attack(world, call, f"{place} {name}", body, {place: value}, "large JSON")
    bulk = Call("tasks/bulk/", "POST", [], {"set": {}}, [])
    create = next(call for call in all_calls if (call.path, call.method) == ("tasks/", "POST"))
    for place, (name, value) in product(create.fields, list(VALUES.items())[::3]):
        inner = json_object({place: value})
        ids = json.dumps([world.id_for("tasks/")]).encode()
        outer = {"action": b'"update"', "ids": ids, "set": inner}
        yield json_attack(world, bulk, f"set {place} {name}", dict.fromkeys(outer), outer)
        sent = request("POST", "/api/v1/tasks/", with_token(world, (b"Content-Type", JSON)), b"[" + inner + b"]")
        yield Attack("JSON in a list", f"{place} {name}", sent, "POST")


def json_object(members: dict[str, bytes]) -> bytes:
    return b"{" + b", ".join(json.dumps(name).encode() + b": " + value for name, value in members.items()) + b"}"


def json_attack(world: World, call: Call, name: str, body: dict, raw: dict[str, bytes], kind: str = "JSON") -> Attack:
    members = {key: raw.get(key, json.dumps(value).encode()) for key, value in body.items()}
    headers = with_token(world, (b"Content-Type", JSON))
    sent = request(call.method, call.target(world), headers, json_object(members))
    return Attack(kind, f"{call.method} {call.path} {name}", sent, call.method)


def in_bodies(world: World, all_calls: list[Call]) -> Iterator[Attack]:
    for call, (name, (kind, body)) in product(all_calls, BODIES.items()):
        if call.method != "GET":
            sent = request(call.method, call.target(world), with_token(world, (b"Content-Type", kind)), body)
            yield Attack("body", f"{call.method} {call.path} {name}", sent, call.method)
    writing = [call for call in all_calls if call.fields]
    for number, (name, (kind, body)) in enumerate(LARGE_BODIES.items()):
        for call in writing[number % 4 :: 4] + writing[:1] * 6:
            sent = request(call.method, call.target(world), with_token(world, (b"Content-Type", kind)), body)
            yield Attack("large body", f"{call.method} {call.path} {name}", sent, call.method)
    for path, (name, (kind, body)) in product(("/admin/login/", "/api-auth/login/", "/nope"), BODIES.items()):
        sent = request("POST", path, browser(world.csrf, f"csrftoken={world.csrf}", kind), body)
        yield Attack("body of a page", f"{path} {name}", sent, "POST", is_page=True)


def in_forms(world: World, all_calls: list[Call]) -> Iterator[Attack]:
    """The forms of the browsable API, the admin and the pages, submitted by a signed-in user."""
    numbers = count(100_000)
    texts = [(name, text) for name, text in TEXTS.items() if text != "nothing"]
    for turn, call in enumerate(call for call in all_calls if call.fields and not call.hashes):
        for place, (name, text) in product(call.fields, texts[turn % 8 :: 8]):
            values = {**call.example(world, next(numbers)), place: text}
            form = "&".join(f"{key}={quoted(str(value))}" for key, value in values.items()).encode()
            yield Attack(
                "form",
                f"{call.path} {place} {name}",
                request(call.method, call.target(world), browser(world.csrf, world.session), form),
                call.method,
                is_page=True,
            )
            parts = b"".join(part(b'name="%s"' % key.encode(), encoded(str(value))) for key, value in values.items())
            headers = with_token(world, (b"Content-Type", MULTIPART))
            sent = request(call.method, call.target(world), headers, parts + b"--B--\r\n")
            yield Attack("multipart", f"{call.path} {place} {name}", sent, call.method)
    pages = {
        "/admin/login/": ["username", "password", "next"],
        "/api-auth/login/": ["username", "password", "next"],
        "/set-password/x/y/": ["new_password1", "new_password2"],
        **{f"{path}add/": fields for path, fields in ADMIN_FORMS.items()},
        "/admin/todos/task/": ["action", "_selected_action", "select_across", "index"],
        "/admin/users/user/add/": ["email", "name", "timezone", "password1", "usable_password"],
    }
    for path, places in pages.items():
        is_login = path.endswith("login/")
        who = (world.csrf, f"csrftoken={world.csrf}") if is_login else (world.admin_csrf, world.admin)
        for place, (name, text) in product(places, texts[:: 6 if is_login else 4]):
            form = f"csrfmiddlewaretoken={who[0]}&{place}={quoted(text)}".encode()
            yield Attack(
                "form of a page", f"{path} {place} {name}", request("POST", path, browser(*who), form), "POST", True
            )


def in_files(world: World, all_calls: list[Call]) -> Iterator[Attack]:
    """A text as the whole file to import, and in the place of each word of a sample."""
    for call in all_calls:
        source = source_of(call.path)
        content = sample(source).read() if source else b""
        words = list(re.finditer(rb"[\w-]{2,}", content))
        for number, (name, text) in enumerate(TEXTS.items() if source else ()):
            word = words[number * 7 % len(words)]
            escaped = json.dumps(text)[1:-1].encode() if number % 2 else encoded(text)
            for file in (encoded(text), content[: word.start()] + escaped + content[word.end() :]):
                body = part(b'name="file"; filename="x"', file) + b"--B--\r\n"
                sent = request("POST", call.target(world), with_token(world, (b"Content-Type", MULTIPART)), body)
                yield Attack("file", f"{call.path} {name} for {word[0][:20]!r}", sent, "POST")


def in_page_queries(world: World, all_calls: list[Call]) -> Iterator[Attack]:
    texts = list(TEXTS.items())
    lists = (*ADMIN_FORMS, "/admin/users/user/")
    names = ("q", "o", "p", "e", "all", "_changelist_filters", "_popup", "_to_field", "id__in", "owner__id__exact")
    for turn, (path, name) in enumerate(product(lists, names)):
        for what, text in texts[turn % 12 :: 12]:
            sent = request("GET", f"{path}?{name}={quoted(text)}", browser(world.admin_csrf, world.admin))
            yield Attack("query of a page", f"{path} {name} {what}", sent, is_page=True)
    for (what, text), path in product(
        texts[::2], ("/api-auth/login/?next=", "/admin/login/?next=", "/?", "/api/v1/docs/?")
    ):
        yield Attack("query of a page", f"{path} {what}", request("GET", path + quoted(text)), is_page=True)
    reading = [call for call in all_calls if call.method == "GET" and call.path not in ("schema/",)]
    for turn, call in enumerate(reading):
        for what, text in texts[turn % 10 :: 10]:
            query = "&".join(f"{name}={quoted(text[:300])}" for name in (call.query or ["x"])[:3])
            sent = request("GET", call.target(world, query), browser(world.csrf, world.session))
            yield Attack("browsable page", f"{call.path} {what}", sent, is_page=True)


def in_methods(world: World, all_calls: list[Call]) -> Iterator[Attack]:
    credentials = {
        "nobody": (),
        "revoked": ((AUTHORIZATION, f"Bearer {world.revoked}".encode()),),
        "session without CSRF": ((b"Cookie", world.session.encode()),),
    }
    paths = sorted({call.path for call in all_calls})
    for path, method, (who, headers) in product(paths, (*METHODS, *UNKNOWN_METHODS), credentials.items()):
        if path != "auth/logout/" or who != "session without CSRF":
            target = BASE + path.replace("{id}", MISSING)
            yield Attack("method", f"{method} {path} {who}", request(method, target, headers), method)
    pages = (
        "/",
        "/admin/",
        "/admin/login/",
        "/api-auth/login/",
        "/healthz",
        "/static/x",
        "/set-password/x/y/",
        "/nope",
    )
    for path, method in product(pages, (*METHODS, *UNKNOWN_METHODS)):
        yield Attack("method of a page", f"{method} {path}", request(method, path), method, is_page=True)


PLACES = (in_paths, in_queries, in_fields, in_bodies, in_forms, in_files, in_page_queries, in_headers, in_methods)


def corpus(world: World) -> list[Attack]:
    all_calls = [call for call in calls(world.schema) if call.path != "auth/logout/"]
    return [attack for place in PLACES for attack in place(world, all_calls)]

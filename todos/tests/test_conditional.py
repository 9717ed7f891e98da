"""ETag, If-None-Match and If-Match, as RFC 9110, section 13 has them."""

import json

import pytest
import time_machine

from api.conditional import make_etag
from ownership.viewsets import RevisedViewSet
from testing.client import PASSWORD, Client
from testing.problems import assert_problem
from testing.resources import MISSING, RESOURCES, REVISED, make
from testing.routes import LISTS as LIST_OF
from testing.routes import ROUTES, Route
from todos.models import Project, Tag, Task
from users.models import ApiToken, User

WITH_ID = [route for route in ROUTES if route.has_id and issubclass(route.view, RevisedViewSet)]
UNSAFE = [(route, method) for route in WITH_ID for method in route.methods if method != "GET"]
LISTS = ["/tasks/", "/tasks/?completed=false&limit=1", "/tasks/?due=none", "/tasks/trash/", "/projects/", "/tags/"]
STALE = (412, "precondition_failed", "The object was changed since you read it. Read it again before you change it.")


def url_of(thing) -> str:
    return f"{LIST_OF[type(thing)].url()}{thing.pk}/"


def state(thing) -> tuple:
    return type(thing).objects.filter(pk=thing.pk).values().get(), User.objects.values().get(pk=thing.owner_id)


@pytest.fixture(params=REVISED, ids=lambda kind: kind.__name__.lower())
def thing(request, alice):
    return make(request.param, alice)


# Reading


def test_one_thing_that_did_not_change_is_not_sent_again(api, thing):
    first = api.get(url_of(thing))

    again = api.get(url_of(thing), HTTP_IF_NONE_MATCH=first["ETag"])

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Cache-Control"] == "private, no-cache"
    assert again["Vary"] == "Accept, Authorization, Cookie"
    assert "Content-Type" not in again


def test_one_thing_that_changed_is(api, thing):
    first = api.get(url_of(thing))
    changed = api.patch(url_of(thing), {RESOURCES[type(thing)].text: "New"})

    again = api.get(url_of(thing), HTTP_IF_NONE_MATCH=first["ETag"])

    assert again.status_code == 200
    assert again["ETag"] == changed["ETag"] != first["ETag"]
    assert again.json() == changed.json()


@pytest.mark.parametrize("kind", [Project, Tag])
def test_a_count_that_changed_is_a_change(api, alice, kind):
    thing = kind.objects.create(owner=alice, name="home")
    first = api.get(url_of(thing))
    Task.objects.create(owner=alice, title="x", **({"project": thing} if kind is Project else {"tags": ["home"]}))

    again = api.get(url_of(thing), HTTP_IF_NONE_MATCH=first["ETag"])

    assert (again.status_code, again.json()["open_tasks"]) == (200, 1)
    assert again["ETag"] != first["ETag"]
    assert api.patch(url_of(thing), {"name": "New"}, HTTP_IF_MATCH=first["ETag"]).status_code == 200


@pytest.mark.parametrize("url", LISTS)
def test_a_lists_304_runs_no_query_but_the_tokens(api, task, url, django_assert_num_queries):
    first = api.get(url)

    with django_assert_num_queries(1):
        again = api.get(url, HTTP_IF_NONE_MATCH=first["ETag"])

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


@pytest.mark.parametrize("url", LISTS)
def test_a_list_changes_with_any_write_of_its_owner_and_no_other(api, alice, bob, url):
    first = api.get(url)
    Task.objects.create(owner=bob, title="x")
    assert api.get(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304

    Task.objects.create(owner=alice, title="x")

    assert api.get(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 200


def test_days_of_completion_are_read_again_in_a_new_time_zone(api, alice):
    Task.objects.create(owner=alice, title="x", completed=True, completed_at="2026-03-14T12:00:00Z")
    url = "/tasks/?completed_after=2026-03-15"
    first = api.get(url)

    api.patch("/me/", {"timezone": "Pacific/Kiritimati"})
    again = api.get(url, HTTP_IF_NONE_MATCH=first["ETag"])

    assert (first.json()["results"], len(again.json()["results"])) == ([], 1)


def test_emptying_the_trash_changes_the_list_of_it(api, task):
    task.delete()
    first = api.get("/tasks/trash/")
    api.delete("/tasks/trash/")

    again = api.get("/tasks/trash/", HTTP_IF_NONE_MATCH=first["ETag"])

    assert (again.status_code, again.json()["results"]) == (200, [])


@pytest.mark.parametrize("named", ["W/{}", '"other", {}', '"other" , W/{} ,"more"', "*", 'garbage, {}, ""'])
def test_if_none_match_takes_weak_tags_lists_and_a_star(api, task, named):
    for url in ("/tasks/", f"/tasks/{task.pk}/"):
        tag = api.get(url)["ETag"]
        assert api.get(url, HTTP_IF_NONE_MATCH=named.format(tag)).status_code == 304


@pytest.mark.parametrize("named", ["", '"other"', "{bare}", '"{bare}', "'{bare}'", 'w/"{bare}"', '"{bare} "', "**"])
def test_if_none_match_that_names_something_else_is_answered_in_full(api, task, named):
    for url in ("/tasks/", f"/tasks/{task.pk}/"):
        bare = api.get(url)["ETag"].strip('"')
        assert api.get(url, HTTP_IF_NONE_MATCH=named.format(bare=bare)).status_code == 200


@pytest.mark.parametrize(
    "url", ["/tasks/?due=overdue", "/tasks/?due=today", "/tasks/?due=upcoming&limit=1", "/tasks/summary/", "/sync/"]
)
def test_what_depends_on_the_clock_has_no_tag(api, task, url):
    response = api.get(url, HTTP_IF_NONE_MATCH="*")

    assert response.status_code == 200
    assert "ETag" not in response


def test_a_day_later_something_is_overdue_without_a_write(alice):
    with time_machine.travel("2027-01-31T12:00:00Z", tick=False):
        api = Client(alice)
        Task.objects.create(owner=alice, title="x", due_date="2027-01-31")
        assert api.get("/tasks/?due=overdue").json()["results"] == []
    with time_machine.travel("2027-02-01T12:00:00Z", tick=False):
        assert len(api.get("/tasks/?due=overdue", HTTP_IF_NONE_MATCH="*").json()["results"]) == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_for_people_have_no_tag(api, task, method):
    urls = ["/tasks/", f"/tasks/{task.pk}/"] if method == "get" else ["/tasks/", f"/tasks/{task.pk}/complete/"]

    for url in urls:
        how = {"HTTP_IF_NONE_MATCH": "*"} if method == "get" else {}
        page = getattr(api, method)(url, {} if method == "get" else None, HTTP_ACCEPT="text/html", **how)
        assert page["Content-Type"] == "text/html; charset=utf-8"
        assert "ETag" not in page


def test_two_owners_tags_never_coincide(api, bobs_api, task, bobs_task):
    assert task.revision == bobs_task.revision

    for mine, his in [(f"/tasks/{task.pk}/", f"/tasks/{bobs_task.pk}/"), ("/tasks/", "/tasks/")]:
        assert api.get(mine)["ETag"] != bobs_api.get(his)["ETag"]


@pytest.mark.parametrize("version", ["1.0.1", "2.0.0-rc.1", "2.0.0-rc-2"])
def test_tags_change_with_the_release(api, task, settings, version):
    url = f"/tasks/{task.pk}/"
    before = [api.get(each)["ETag"] for each in (url, "/tasks/")]
    settings.API_VERSION = version

    after = [api.get(each, HTTP_IF_NONE_MATCH=", ".join(before)) for each in (url, "/tasks/")]

    assert [response.status_code for response in after] == [200, 200]
    assert not {response["ETag"] for response in after} & set(before)
    # And still each revision has its own.
    api.patch(url, {"title": "New"})
    assert api.patch(url, {"title": "Lost"}, HTTP_IF_MATCH=after[0]["ETag"]).status_code == 412


@pytest.mark.parametrize("status", [200, 304])
def test_head_is_get_without_the_body(api, task, status):
    for url in (f"/tasks/{task.pk}/", "/tasks/"):
        full = api.get(url)

        head = api.head(url, **({"HTTP_IF_NONE_MATCH": full["ETag"]} if status == 304 else {}))

        assert (head.status_code, head.content, head["ETag"]) == (status, b"", full["ETag"])


@pytest.mark.parametrize("kind", REVISED, ids=lambda kind: kind.__name__.lower())
def test_what_a_write_answers_has_the_tag_that_reading_it_has(api, alice, kind):
    Project.objects.create(owner=alice, name="Other")
    name = RESOURCES[kind].text
    made = api.post(LIST_OF[kind].url(), RESOURCES[kind].body("New", lambda needed: str(make(needed, alice).pk)))
    url = f"{LIST_OF[kind].url()}{made.json()['id']}/"

    assert api.get(url)["ETag"] == made["ETag"]
    for change in ({name: "Newer"}, {name: "Newer"}):  # the second one changes nothing
        assert api.patch(url, change)["ETag"] == api.get(url)["ETag"]


# Writing


def called(client: Client, route: Route, method: str, thing, **headers):
    return client.generic(method, route.url(thing.pk), b"{}", content_type="application/json", **headers)


@pytest.mark.parametrize("named", ['"other"', "", "garbage", '"{}', "W/*", '"*"', "{revision}", '"0"', '"{revision}0"'])
@pytest.mark.parametrize(("route", "method"), UNSAFE, ids=str)
def test_if_match_that_names_another_revision_stops_everything(route, method, named, api, alice):
    thing = route.make(alice)
    before = state(thing)

    tag = make_etag(alice.pk, thing.revision)
    response = called(api, route, method, thing, HTTP_IF_MATCH=named.format(tag, revision=thing.revision))

    assert_problem(response, *STALE)
    assert state(thing) == before


@pytest.mark.parametrize(("route", "method"), UNSAFE, ids=str)
def test_if_match_from_before_somebody_elses_write_stops_everything(route, method, api, alice):
    thing = route.make(alice)
    tag = make_etag(alice.pk, thing.revision, thing.revision)
    type(thing).objects.filter(pk=thing.pk).update()  # somebody else's
    before = state(thing)

    assert called(api, route, method, thing, HTTP_IF_MATCH=tag).status_code == 412
    assert state(thing) == before


# With W/ before it: as proxies make it that compress. With the revision alone: as it is in a list, or in sync.
MATCHING = ["{}", "*", " * ", '"other", {}', '{},W/"x"', "W/{}", 'W/"other", W/{}', '"{revision}"', '"0", "{revision}"']


@pytest.mark.parametrize("named", MATCHING)
@pytest.mark.parametrize(("route", "method"), UNSAFE, ids=str)
def test_if_match_that_names_this_revision_lets_it_happen(route, method, named, api, alice):
    thing = route.make(alice)
    without = called(api, route, method, route.make(alice))

    tag = make_etag(alice.pk, thing.revision)
    response = called(api, route, method, thing, HTTP_IF_MATCH=named.format(tag, revision=thing.revision))

    assert response.status_code == without.status_code != 412


@pytest.mark.parametrize("named", ["{}", "W/{}", "*", '"other", {}'])
@pytest.mark.parametrize(("route", "method"), UNSAFE, ids=str)
def test_if_none_match_stops_a_write_of_what_is_there(route, method, named, api, alice):
    thing = route.make(alice)
    others = [max(thing.revision, User.objects.get(pk=alice.pk).revision)] if route.view.shows_counts else []
    before = state(thing)

    response = called(
        api, route, method, thing, HTTP_IF_NONE_MATCH=named.format(make_etag(alice.pk, thing.revision, *others))
    )

    assert_problem(response, *STALE)
    assert state(thing) == before


def test_if_none_match_that_names_another_lets_it_happen(api, task):
    assert api.patch(f"/tasks/{task.pk}/", {"title": "New"}, HTTP_IF_NONE_MATCH='"other"').status_code == 200


@pytest.mark.parametrize(("route", "method"), UNSAFE, ids=str)
def test_what_is_missing_is_missing_whatever_if_match_says(route, method, api, bobs_api, bob):
    theirs = route.make(bob)

    for pk in (MISSING, theirs.pk):
        assert api.generic(method, route.url(pk), "{}", "application/json", HTTP_IF_MATCH="*").status_code == 404
    assert called(bobs_api, route, method, theirs).status_code != 404


def test_without_if_match_the_last_write_wins_field_by_field(api, alice, task):
    api.patch(f"/tasks/{task.pk}/", {"title": "Mine"})
    response = Client(alice).patch(f"/tasks/{task.pk}/", {"priority": 4})

    assert (response.json()["title"], response.json()["priority"]) == ("Mine", 4)


def test_the_revision_from_a_list_or_from_sync_will_do(api, task):
    url = f"/tasks/{task.pk}/"
    listed = api.get("/tasks/").json()["results"][0]["revision"]
    api.patch(url, {"title": "Bob was faster"})
    synced = api.get("/sync/").json()["results"][0]["revision"]

    stale = api.patch(url, {"title": "New"}, HTTP_IF_MATCH=f'"{listed}"')
    fresh = api.patch(url, {"title": "New"}, HTTP_IF_MATCH=f'"{synced}"')

    assert_problem(stale, *STALE)
    assert (fresh.status_code, fresh.json()["title"]) == (200, "New")


def test_anothers_tag_with_the_same_revision_matches_nothing(api, bobs_api, task, bobs_task):
    theirs = bobs_api.get(f"/tasks/{bobs_task.pk}/")["ETag"]

    assert api.patch(f"/tasks/{task.pk}/", {"title": "New"}, HTTP_IF_MATCH=theirs).status_code == 412


# What has no tag

TAGLESS = [
    ("PATCH", "/me/", {"name": "New"}, 200),
    ("DELETE", "/me/", {"password": PASSWORD}, 204),
    ("POST", "/me/password/", {"current_password": PASSWORD, "new_password": "another horse battery"}, 204),
    ("POST", "/tokens/", {"name": "new"}, 201),
    ("DELETE", "/tokens/{token}/", {}, 204),
]


@pytest.mark.parametrize("named", ['"other"', 'W/"other"', '"0"', "", '"*"'])
@pytest.mark.parametrize(("method", "url", "body", "status"), TAGLESS, ids=lambda value: str(value)[:20])
def test_what_has_no_tag_matches_none(api, alice, method, url, body, status, named):
    api.get("/me/")  # the first use of the token is noted
    before = list(User.objects.values()), list(ApiToken.objects.values())

    path = url.format(token=api.token.pk)
    response = api.generic(method, path, json.dumps(body), content_type="application/json", HTTP_IF_MATCH=named)

    assert_problem(response, *STALE)
    assert (list(User.objects.values()), list(ApiToken.objects.values())) == before


@pytest.mark.parametrize(("method", "url"), [("PUT", "/me/password/"), ("TRACE", "/tokens/"), ("DELETE", "/tokens/")])
def test_a_method_that_is_not_allowed_is_refused_whatever_if_match_says(api, method, url):
    response = api.generic(method, url, HTTP_IF_MATCH='"other"')

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(("method", "url", "body", "status"), TAGLESS, ids=lambda value: str(value)[:20])
def test_what_has_no_tag_is_there(api, method, url, body, status):
    path = url.format(token=api.token.pk)

    response = api.generic(method, path, json.dumps(body), content_type="application/json", HTTP_IF_MATCH="*")

    assert response.status_code == status


def test_reading_what_has_no_tag_matches_everything(api):
    assert api.get("/me/", HTTP_IF_MATCH='"other"').status_code == 200

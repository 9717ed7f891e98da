"""Calendar feeds: `feeds/`, and `/feeds/{secret}.ics` without sign-in."""

from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from testing.problems import assert_problem
from todos.models import Project, Task
from transfer.models import Feed
from transfer.tests.conftest import body_of
from users.models import User


@pytest.fixture
def feed(api):
    """Create a feed. Returns its path."""

    def create(**fields) -> str:
        response = api.post("/feeds/", {"name": "Mine", **fields})
        assert response.status_code == 201, response.json()
        return response.json()["url"].removeprefix("http://testserver")

    return create


def titles(client, path: str) -> list[str]:
    calendar = Calendar.from_ical(body_of(client.get(path)))
    return sorted(str(each["SUMMARY"]) for each in calendar.subcomponents if each.name != "VTIMEZONE")


def test_the_secret_is_shown_once_and_stored_as_a_digest(api):
    made = api.post("/feeds/", {"name": "Mine"})
    body = made.json()

    assert made["Cache-Control"] == "no-store"
    assert body == {
        "id": body["id"],
        "name": "Mine",
        "project": None,
        "tag": "",
        "as": "todos",
        "created_at": body["created_at"],
        "url": body["url"],
    }
    secret = body["url"].removeprefix("http://testserver/feeds/").removesuffix(".ics")
    assert len(secret) == 43
    assert secret not in str(Feed.objects.values().get())
    del body["url"]
    assert api.get("/feeds/").json()["results"] == [body]
    assert api.get(f"/feeds/{body['id']}/").json() == body


def test_whoever_knows_the_secret_reads_the_tasks(client, feed, alice, bobs_task):
    Task.objects.create(owner=alice, title="Buy milk")
    Task.objects.create(owner=alice, title="Gone").delete()

    response = client.get(feed())

    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    content = body_of(response).decode()
    assert "SUMMARY:Buy milk\r\n" in content
    assert "X-WR-CALNAME:Mine\r\n" in content
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in content
    assert "METHOD" not in content
    assert "Gone" not in content
    assert "Bob" not in content


def test_a_feed_can_be_limited_to_a_project_and_a_tag(client, feed, alice):
    home = Project.objects.create(owner=alice, name="Home")
    for title, project, tags in [("both", home, ["Red"]), ("project", home, []), ("tag", None, ["red"])]:
        Task.objects.create(owner=alice, title=title, project=project, tags=tags)

    assert titles(client, feed()) == ["both", "project", "tag"]
    assert titles(client, feed(project=str(home.pk))) == ["both", "project"]
    assert titles(client, feed(tag="RED")) == ["both", "tag"]
    assert titles(client, feed(tag="red", project=str(home.pk))) == ["both"]
    assert titles(client, feed(tag="blue")) == []


def test_as_events_it_shows_what_is_open_and_due(client, feed, alice):
    Task.objects.create(owner=alice, title="All day", due_date=date(2027, 1, 31), recurrence="FREQ=WEEKLY")
    Task.objects.create(owner=alice, title="At nine", due_date=date(2027, 7, 31), due_time=time(9))
    Task.objects.create(owner=alice, title="Some day")
    Task.objects.create(owner=alice, title="Done", due_date=date(2027, 1, 31)).complete()

    path = feed(**{"as": "events"})
    events = {str(each["SUMMARY"]): each for each in Calendar.from_ical(body_of(client.get(path))).walk("VEVENT")}

    assert set(events) == {"All day", "At nine"}
    assert events["All day"]["DTSTART"].dt == date(2027, 1, 31)
    assert events["All day"]["RRULE"].to_ical() == b"FREQ=WEEKLY"
    assert events["At nine"]["DTSTART"].dt.isoformat() == "2027-07-31T09:00:00+02:00"


@pytest.mark.parametrize("named", ["W/{etag}", '"x", {etag}', "*"])
def test_an_unchanged_feed_costs_one_query(client, feed, task, named):
    path = feed()
    etag = client.get(path)["ETag"]

    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, HTTP_IF_NONE_MATCH=named.format(etag=etag))

    assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    assert len(queries) == 1


@pytest.mark.parametrize("change", ["title", "timezone"])
def test_a_changed_feed_has_another_tag(client, feed, alice, task, change):
    path = feed()
    etag = client.get(path)["ETag"]

    if change == "title":
        Task.objects.get(pk=task.pk).delete()
    else:
        alice.timezone = "Asia/Tokyo"
        alice.save()

    assert client.get(path, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_two_feeds_never_have_the_same_tag(client, feed, task):
    assert client.get(feed())["ETag"] != client.get(feed())["ETag"]


def test_a_deleted_feed_is_not_found(api, client, feed, task):
    path = feed()

    assert api.delete(f"/feeds/{Feed.objects.get().pk}/").status_code == 204
    assert client.get(path).status_code == 404


def test_a_disabled_account_has_no_feeds(client, feed, alice):
    path = feed()
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert client.get(path).status_code == 404


@pytest.mark.parametrize("secret", ["x" * 43, "", "%00", "ü", "a/b"])
def test_a_wrong_secret_is_not_found(client, db, secret):
    assert client.get(f"/feeds/{secret}.ics").status_code == 404


def test_the_secret_is_never_logged(client, feed, caplog):
    path = feed()
    for each in (path, path.replace(".ics", ""), path + "x"):
        client.get(each)

    secret = path.removeprefix("/feeds/").removesuffix(".ics")
    assert [record for record in caplog.records if secret in str(vars(record))] == []
    assert "/feeds/…" in {vars(record).get("fields", {}).get("path") for record in caplog.records}


def test_anothers_project_is_like_a_missing_one(api, bob):
    project = Project.objects.create(owner=bob, name="Bob's")

    message = "This object does not exist. Use the id of one of your own objects."
    errors = [{"field": "project", "code": "does_not_exist", "message": message}]
    response = api.post("/feeds/", {"name": "Mine", "project": str(project.pk)})
    assert_problem(response, 400, "validation_error", f"project: {message}", errors)


def test_a_purged_project_takes_its_feeds_along(api, client, feed, alice):
    home = Project.objects.create(owner=alice, name="Home")
    path = feed(project=str(home.pk))
    home.delete()
    assert titles(client, path) == []

    api.delete("/projects/trash/")

    assert client.get(path).status_code == 404

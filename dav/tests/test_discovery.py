"""Where clients begin: the well-known address, the principal, and the lists."""

import pytest
from django.test import Client as HttpClient

from dav.tests.conftest import C, D, Dav, basic, condition, read
from testing.client import PASSWORD
from todos.models import Project

ROOT = "/dav/"


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "OPTIONS"])
def test_the_well_known_address_leads_to_the_root_without_sign_in(db, method):
    response = HttpClient(enforce_csrf_checks=True).generic(method, "/.well-known/caldav")

    assert (response.status_code, response["Location"]) == (301, "/dav/")


def test_the_root_names_the_principal_and_that_its_home(dav, alice):
    mine = f"/dav/{alice.pk}/"

    found = dav.find(ROOT, "d:current-user-principal", "d:resourcetype")
    there = dav.find(mine, "c:calendar-home-set", "d:principal-URL", "d:displayname")

    assert found[ROOT]["current-user-principal"].findtext(f"{D}href") == mine
    assert there[mine]["calendar-home-set"].findtext(f"{D}href") == mine
    assert there[mine]["principal-URL"].findtext(f"{D}href") == mine
    assert there[mine]["displayname"] == "Alice"


def test_expand_property_follows_the_principal(dav, alice):
    inner = '<d:property name="current-user-principal"><d:property name="displayname"/></d:property>'

    response = dav.report(ROOT, "d:expand-property", inner)

    assert response.status_code == 207
    assert f"<d:href>/dav/{alice.pk}/</d:href>" in response.content.decode()
    assert "<d:displayname>Alice</d:displayname>" in response.content.decode()


def test_the_home_has_the_inbox_and_a_list_for_each_project(dav, alice, home):
    mine = f"/dav/{alice.pk}/"
    Project.objects.create(owner=alice, name="Gone").delete()

    found = dav.find(mine, "d:displayname", "d:resourcetype", "a:calendar-color", depth=1)

    lists = {href: each for href, each in found.items() if href != mine}
    assert {href: each["displayname"] for href, each in lists.items()} == {
        f"{mine}inbox/": "Inbox",
        f"{mine}{home.pk}/": "Home",
    }
    assert {prop.tag for prop in lists[f"{mine}inbox/"]["resourcetype"]} == {f"{D}collection", f"{C}calendar"}
    assert lists[f"{mine}{home.pk}/"]["calendar-color"] == "#1565c0FF"


def test_a_list_says_that_it_takes_tasks_alone(dav, alice):
    inbox = f"/dav/{alice.pk}/inbox/"

    [found] = dav.find(inbox, "c:supported-calendar-component-set", "d:supported-report-set").values()

    assert [each.get("name") for each in found["supported-calendar-component-set"]] == ["VTODO"]
    reports = {each[0][0].tag for each in found["supported-report-set"]}
    assert reports == {
        f"{C}calendar-query",
        f"{C}calendar-multiget",
        f"{D}sync-collection",
        f"{D}expand-property",
        f"{D}principal-property-search",
    }


@pytest.mark.parametrize(("scopes", "may_write"), [(["read", "write"], True), (["read"], False)])
def test_privileges_are_those_of_the_app_password(alice, scopes, may_write):
    [found] = Dav(alice, scopes=scopes).find("inbox/", "d:current-user-privilege-set").values()

    granted = {each[0].tag for each in found["current-user-privilege-set"]}
    assert f"{D}read" in granted
    assert (f"{D}write-content" in granted) is may_write


def test_unknown_properties_are_404_and_the_others_are_told(dav, alice):
    response = dav.call(
        "PROPFIND",
        "inbox/",
        '<d:propfind xmlns:d="DAV:"><d:prop><d:displayname/><x xmlns="urn:x"/></d:prop></d:propfind>',
    )

    assert "<d:displayname>Inbox</d:displayname>" in response.content.decode()
    assert '<x:x xmlns:x="urn:x"/></d:prop><d:status>HTTP/1.1 404 Not Found' in response.content.decode()


def test_an_empty_propfind_asks_for_everything(dav, alice):
    [found] = dav.call("PROPFIND", "inbox/") and dav.find("inbox/", "d:displayname").values()
    everything = dav.call("PROPFIND", "inbox/").content.decode()

    assert found["displayname"] == "Inbox"
    assert "<d:displayname>Inbox</d:displayname>" in everything
    assert "<d:sync-token>" in everything


def test_infinite_depth_is_refused_by_name(dav):
    response = dav.call("PROPFIND", "/dav/", HTTP_DEPTH="infinity")

    assert (response.status_code, condition(response)) == (403, "propfind-finite-depth")


@pytest.mark.parametrize(("wanted", "is_found"), [("ali", True), ("ALICE@EXAMPLE", True), ("bob", False)])
def test_a_search_for_people_finds_oneself_alone(dav, alice, bob, wanted, is_found):
    inner = f"<d:property-search><d:prop><d:displayname/></d:prop><d:match>{wanted}</d:match></d:property-search>"

    response = dav.report("/dav/", "d:principal-property-search", f"{inner}<d:prop><d:displayname/></d:prop>")

    assert read(response) == ({f"/dav/{alice.pk}/": {"displayname": "Alice"}} if is_found else {})


# Sign-in


@pytest.mark.parametrize("path", ["/dav/", "/dav/x/inbox/", "/dav/x/inbox/milk.ics"])
def test_without_sign_in_it_asks_for_basic(db, path):
    response = HttpClient().generic("PROPFIND", path)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Basic realm="Todo", charset="UTF-8"'
    assert "calendar-access" in response["DAV"]


def test_the_password_of_the_account_never_opens_it(alice):
    wrong = [PASSWORD, "abcd-efgh-ijkl-mnop", ""]
    names = [alice.email, "nobody@example.com"]

    told = {
        HttpClient().generic("PROPFIND", "/dav/", HTTP_AUTHORIZATION=basic(name, password)).content
        for name in names
        for password in wrong
    }

    assert len(told) == 1


def test_a_token_of_the_api_does_not_open_it(api):
    response = HttpClient().generic("PROPFIND", "/dav/", HTTP_AUTHORIZATION=f"Bearer {api.secret}")

    assert response.status_code == 401
    assert b"Sign in with your email address and an app password." in response.content


def test_a_password_that_only_reads_can_not_write(alice, dav):
    dav.put_text("inbox/milk.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    reader = Dav(alice, scopes=["read"])

    assert reader.call("PROPFIND", "inbox/").status_code == 207
    for method in ("PUT", "DELETE", "MKCALENDAR", "MKCOL", "MOVE", "COPY", "PROPPATCH"):
        assert reader.call(method, "inbox/milk.ics").status_code == 403, method


def test_in_the_clear_it_is_for_this_machine_alone(dav):
    far = dav.call("PROPFIND", "/dav/", REMOTE_ADDR="192.0.2.1")
    secure = dav.call("PROPFIND", "/dav/", REMOTE_ADDR="192.0.2.1", **{"wsgi.url_scheme": "https"})

    assert far.status_code == 403
    assert b"Use https" in far.content
    assert secure.status_code == 207


def test_another_users_home_is_as_one_that_does_not_exist(dav, bob):
    missing = "01900000-0000-7000-8000-000000000000"

    for method in ("PROPFIND", "REPORT", "MKCALENDAR", "DELETE", "PUT", "GET"):
        for path in ("", "inbox/", "inbox/milk.ics"):
            told = [dav.call(method, f"/dav/{owner}/{path}") for owner in (bob.pk, missing)]
            assert told[0].status_code == told[1].status_code, (method, path)
            assert told[0].status_code in (404, 405)
            assert told[0].content == told[1].content


def test_options_names_what_it_speaks(dav):
    response = dav.call("OPTIONS", "inbox/")

    assert response.status_code == 200
    assert response["DAV"] == "1, 3, access-control, calendar-access, extended-mkcol"
    assert {"PROPFIND", "REPORT", "MKCALENDAR"} <= set(response["Allow"].split(", "))

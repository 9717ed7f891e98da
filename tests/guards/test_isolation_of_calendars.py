"""Below `/dav/`, everything of another user is as if it weren't there, whichever protection holds."""

from base64 import b64encode
from collections.abc import Iterator
from itertools import product

import pytest
from django.db import transaction

from dav.models import OtherObject
from dav.tokens import SyncToken
from testing.calendars import CALENDAR, XML, Calendars, calendar
from testing.callers import protected_by, protections
from testing.client import PASSWORD
from testing.proofs import sample
from testing.resources import MISSING
from testing.world import CANARY, stored
from tests.hostile.calendar_documents import PLAIN, multiget, query, sync, update
from tests.hostile.calendars import METHODS
from todos.models import Task
from users.models import ApiToken, User

pytestmark = pytest.mark.django_db
PLACES = ("", "inbox/", "work/", "work", "inbox/one.ics", "work/one.ics", "work/{id}.ics", "{project}/", "inbox/e.ics")
BODIES = {"PUT": calendar("SUMMARY:Mine"), "PROPFIND": PLAIN, "PROPPATCH": update("<d:displayname>x</d:displayname>")}
BODIES |= {"REPORT": query(""), "MKCALENDAR": "", "MKCOL": ""}


@pytest.fixture
def alices(alice, settings) -> Calendars:
    settings.DAV_OTHER_COMPONENTS = True
    phone = Calendars(alice)
    phone.ask("MKCALENDAR", "work/")
    phone.ask("PROPPATCH", "work/", update(f"<d:displayname>{CANARY}</d:displayname>"))
    for path in ("inbox/one.ics", "work/one.ics"):
        phone.store(path, calendar(f"SUMMARY:{CANARY}", f"X-OTHER:{CANARY}", uid=f"{CANARY}-uid"))
    project = Task.objects.get(resource__name="one.ics", project__isnull=False).project
    phone.task = Task.objects.create(owner=alice, project=project, title=CANARY)
    OtherObject.objects.create(owner=alice, name="e.ics", uid=CANARY, component="VEVENT", body=CANARY)
    return phone


@pytest.fixture
def bobs(bob) -> Calendars:
    phone = Calendars(bob)
    User.objects.filter(pk=bob.pk).update(revision=1_000_000)  # all of Alice's are below it
    phone.store("inbox/mine.ics", calendar("SUMMARY:Mine", uid="mine"))
    return phone


def paths(alices: Calendars) -> list[str]:
    known = {"{id}": str(alices.task.pk), "{project}": str(alices.task.project_id)}
    found = list(PLACES)
    for name, value in known.items():
        found = [path.replace(name, value) for path in found]
    return found


def told(phone: Calendars, method: str, path: str, body: str = "", **headers) -> tuple[int, dict, str]:
    """The status, the headers and the body, without the request's own path."""
    kind = CALENDAR if method == "PUT" else XML
    with transaction.atomic():
        response = phone.ask(method, path, body, kind, **{"X-Request-ID": "probe", "Depth": "1", **headers})
        content = response.content.decode()
        transaction.set_rollback(True)
    return response.status_code, dict(response.headers), content


@pytest.fixture(params=protections())
def _protection(request, settings) -> Iterator[None]:
    with protected_by(request.param, settings):
        yield


@pytest.mark.usefixtures("_protection")
def test_each_address_of_another_user_is_as_one_that_is_missing(alices, bobs, proved):
    before = stored(alices.user)
    every = list(product(paths(alices), METHODS))
    done = sample(every, lambda pair: pair[1], "calendars", share=12)
    for path, method in done:
        headers = {"Destination": f"{bobs.home}inbox/copy.ics"}
        theirs = told(bobs, method, f"{alices.home}{path}", BODIES.get(method, ""), **headers)
        missing = told(bobs, method, f"/dav/{MISSING}/{path}", BODIES.get(method, ""), **headers)
        case = f"{method} {path}"
        assert theirs == missing, case
        assert theirs[0] == 404 or (theirs[0] == 405 and method in ("TRACE", "BREW", "POST", "PATCH")), case
        assert CANARY not in str(theirs), case
    assert stored(alices.user) == before
    proved("isolation of calendars", len(done), len(every))


@pytest.mark.usefixtures("_protection")
def test_names_of_another_user_are_missing_in_ones_own_home(alices, bobs, proved):
    before = stored(alices.user)
    project, task = str(alices.task.project_id), str(alices.task.pk)
    names = [("work/", "nope/"), (f"{project}/", f"{MISSING}/"), ("work/one.ics", "nope/one.ics")]
    names += [
        ("inbox/one.ics", "inbox/non.ics"),
        (f"inbox/{task}.ics", f"inbox/{MISSING}.ics"),
        ("inbox/e.ics", "inbox/x.ics"),
    ]
    every = list(product(names, METHODS))
    done = sample(every, lambda pair: pair[1], "names of calendars", share=12)
    for (theirs, missing), method in done:
        headers = {"Destination": f"{bobs.home}inbox/copy.ics"}
        answers = [told(bobs, method, path, BODIES.get(method, ""), **headers) for path in (theirs, missing)]
        assert answers[0][0] == answers[1][0], f"{method} {theirs}: {answers}"
        if answers[0][0] >= 400:
            assert answers[0] == answers[1], f"{method} {theirs}"
        assert CANARY not in str(answers), f"{method} {theirs}"
    assert stored(alices.user) == before
    proved("isolation of calendars", len(done), len(every))


@pytest.mark.usefixtures("_protection")
def test_reports_and_moves_reach_nothing_of_another_user(alices, bobs):
    before = stored(alices.user)
    user = User.objects.get(pk=alices.user.pk)
    hrefs = [f"{home}{path}" for home in (alices.home, bobs.home) for path in ("inbox/one.ics", "work/one.ics")]

    status, _, content = told(bobs, "REPORT", "inbox/", multiget(hrefs))
    assert (status, content.count("404 Not Found"), CANARY in content) == (207, len(hrefs), False)
    assert content.count("<d:status>") == len(hrefs)

    status, _, content = told(bobs, "REPORT", "inbox/", sync(SyncToken.now(user).write(user)))
    assert (status, "<d:valid-sync-token/>" in content) == (403, True)

    for body in (query(""), sync("")):
        content = told(bobs, "REPORT", "inbox/", body)[2]
        assert (content.count("<d:response>"), CANARY in content) == (1, False)

    for method, target in product(("MOVE", "COPY"), ("inbox/one.ics", "work/new.ics", "inbox/new.ics")):
        answer = told(bobs, method, "inbox/mine.ics", Destination=f"{alices.home}{target}")
        assert answer == told(bobs, method, "inbox/mine.ics", Destination=f"/dav/{MISSING}/{target}")
        assert answer[0] == 403
    assert stored(alices.user) == before


@pytest.mark.usefixtures("_protection")
def test_uids_of_another_user_are_free_and_lead_nowhere(alices, bobs):
    before = stored(alices.user)

    assert bobs.store("inbox/a.ics", calendar("SUMMARY:A", uid=f"{CANARY}-uid")).status_code == 201
    for number, uid in enumerate([str(alices.task.pk), f"{CANARY}-uid"]):
        child = calendar("SUMMARY:B", f"RELATED-TO:{uid}", uid=f"b{number}")
        assert bobs.store(f"inbox/b{number}.ics", child).status_code == 201

    parents = (
        Task.objects.filter(owner=bobs.user, title="B")
        .order_by("resource__name")
        .values_list("parent__title", flat=True)
    )
    assert list(parents) == [None, "A"]
    assert stored(alices.user) == before


def test_the_password_of_the_account_and_tokens_of_the_api_open_nothing(alices, client):
    """As for nobody: the address tells nothing about what is there."""
    email = alices.user.email
    for secret in (PASSWORD, ApiToken.issue(alices.user, "api")[1]):
        for credentials in (f"Bearer {secret}", f"Basic {b64encode(f'{email}:{secret}'.encode()).decode()}"):
            assert alices.ask("PROPFIND", "work/", Authorization=credentials).status_code == 401
    answers = {
        path: client.generic("PROPFIND", path, headers={"X-Request-ID": "probe"}).content
        for path in (f"{alices.home}work/", f"/dav/{MISSING}/work/")
    }
    assert len(set(answers.values())) == 1

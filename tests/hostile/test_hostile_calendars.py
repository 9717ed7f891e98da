"""Hostile requests of calendar clients are refused by what they are, and change nothing; what is stored can be read."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection, transaction

from dav.models import OtherObject
from dav.tokens import SyncToken
from testing.calendars import Calendars, calendar
from testing.client import PASSWORD, Client
from testing.counting import revision_of
from testing.proofs import sample, size
from testing.world import stored
from tests.hostile.calendar_documents import in_todo, query, sync
from tests.hostile.calendars import Attack, corpus, fitting
from todos.models import Task
from users.models import ApiToken, User

CHANGING = ("PUT", "PROPPATCH", "MKCALENDAR", "MKCOL", "MOVE", "COPY")
NOTED = (ApiToken,)  # an app password notes when it is used
FOLLOWING = [query(""), in_todo('<c:time-range start="20270101T000000Z" end="20280101T000000Z"/>'), sync("")]


def make(name: str) -> Calendars:
    """A user with a list, a tree of tasks, one that recurs, and an event."""
    user = User.objects.create_user(f"{name}@example.com", PASSWORD, timezone="Europe/Zurich")
    phone = Calendars(user)
    phone.ask("MKCALENDAR", "work/")
    phone.store("work/one.ics", calendar("SUMMARY:One", "DUE;VALUE=DATE:20270131", "RRULE:FREQ=MONTHLY", uid="one"))
    phone.store("work/child.ics", calendar("SUMMARY:Child", "RELATED-TO:one", uid="child"))
    phone.store("work/done.ics", calendar("SUMMARY:Done", "STATUS:COMPLETED", uid="done"))
    for level in range(1, 6):
        phone.store(f"work/{level}.ics", calendar(f"RELATED-TO:level {level - 1}", uid=f"level {level}"))
    project = Task.objects.get(owner=user, title="One").project
    Task.objects.create(owner=user, project=project, title="By the API", due_date=date(2027, 1, 1))
    event = calendar("DTSTART:20270101T090000Z", uid="event", kind="VEVENT")
    OtherObject.objects.create(
        owner=user, project=project, name="event.ics", uid="event", component="VEVENT", body=event
    )
    return phone


def tokens(phone: Calendars, other: Calendars) -> dict[str, str]:
    user = User.objects.get(pk=phone.user.pk)
    theirs = User.objects.get(pk=other.user.pk)
    good = SyncToken.now(user).write(user)
    return {
        "of garbage": "x",
        "of nothing": " ",
        "without a signature": good.rpartition(":")[0],
        "with another signature": f"{good[:-1]}{'A' if good[-1] != 'A' else 'B'}",
        "of another user": SyncToken.now(theirs).write(theirs),
        "of another time zone": SyncToken(1, 0).write(user),
        "from before a purge": SyncToken(0, SyncToken.now(user).zone).write(user),
        "from the future": SyncToken(2**70, SyncToken.now(user).zone).write(user),
        "huge": f"{good}{'x' * 500_000}",
        "of markup": "&lt;&#9;&gt;",
        "of 10,000 lines": "\n" * 10_000,
    }


@pytest.fixture(scope="module")
def phones(django_db_setup, django_db_blocker) -> Iterator[tuple[Calendars, Calendars]]:
    with django_db_blocker.unblock(), transaction.atomic():
        phone, other = make("hostile"), make("victim")
        User.objects.filter(pk=phone.user.pk).update(purged_revision=1)
        yield phone, other
        transaction.set_rollback(True)


def faults_of(attack: Attack, response) -> Iterator[str]:
    if response.status_code >= 500:
        yield f"status {response.status_code}"
    is_ours = attack.path.startswith("/dav/")
    if response.status_code >= 400 and is_ours and response.content and b"<d:error " not in response.content:
        yield f"no error of WebDAV, but {response.status_code} {response.content[:100]!r}"
    if b"root:x:0" in response.content:
        yield "a file of the server"


def consequences(phone: Calendars, attack: Attack) -> Iterator[str]:
    """What is stored now has to be readable for everybody who asks."""
    paths = re.findall(f"{phone.home}[^/]+/[^/]+$", attack.headers.get("Destination", attack.path))
    asked = [("GET", path, "") for path in paths]
    task_list = "inbox/" if "/inbox/" in str([attack.path, attack.headers]) else "work/"
    asked += [("REPORT", f"{phone.home}{task_list}", body) for body in FOLLOWING]
    asked += [("PROPFIND", phone.home, "")]
    for method, path, body in asked:
        response = phone.ask(method, path, body, Depth="1")
        if response.status_code >= 500:
            yield f"afterwards {method} {path} {body[:40]}: {response.status_code}"
    task = Task.objects.present().filter(owner=phone.user, resource__name__in=["new.ics", "one.ics"]).last()
    if task:
        api = Client(phone.user)
        for path in (f"/tasks/{task.pk}/complete/", f"/tasks/{task.pk}/reopen/"):
            if api.post(path).status_code >= 500:
                yield f"afterwards {path}"
        if phone.ask("REPORT", "work/", FOLLOWING[0]).status_code >= 500:
            yield "afterwards, completed"


@pytest.fixture(scope="module")
def run(phones, django_db_blocker) -> tuple[Counter, list[str], int]:
    phone, other = phones
    known = tokens(phone, other)
    every = corpus(str(phone.user.pk), str(other.user.pk), known)
    close = {attack.name for attack in fitting(phone.home, "", "", known)}
    statuses: Counter = Counter()
    faults: list[str] = []
    with django_db_blocker.unblock():
        mine, theirs = stored(phone.user, without=NOTED), revision_of(other.user)
        for attack in sample(every, lambda each: kind_of(each, close), connection.vendor, share=512):
            with transaction.atomic():
                response = phone.ask(attack.method, attack.path, attack.body, attack.kind, **attack.headers)
                found = [*faults_of(attack, response)]
                if response.status_code >= 400 and stored(phone.user, without=NOTED) != mine:
                    found.append("it was refused, and changed something")
                if revision_of(other.user) != theirs:
                    found.append("it changed something of somebody else")
                if response.status_code < 300 and attack.method in CHANGING:
                    found += consequences(phone, attack)
                transaction.set_rollback(True)
            statuses[response.status_code] += 1
            faults += [f"{each}: {attack}" for each in found]
    return statuses, faults, len(every)


def kind_of(attack: Attack, close: set[str]) -> str:
    return " ".join(attack.name.split(" ")[:3]) if attack.name in close else attack.method


@pytest.mark.django_db
def test_every_hostile_request_is_refused_by_what_it_is(run, proved):
    statuses, faults, whole = run
    proved("hostile calendar clients", statuses.total(), whole)
    print(dict(sorted(statuses.items())))

    assert statuses.total() >= size(20_000, 200)
    assert faults == []
    assert statuses.keys() > {200, 204, 207, 400, 403, 404, 405}

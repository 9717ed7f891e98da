"""`GET export/archive.json` and its import: an account moves as it is, but for ids and revisions."""

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testing.client import Client
from testing.proofs import size
from testing.uploads import named, sample
from todos.models import Project, Tag, Task
from transfer.exports.archive import write_archive
from transfer.tests.conftest import refusal, tasks_of, told
from users.models import User

pytestmark = pytest.mark.django_db
IDS = ("id", "project", "parent", "next_occurrence", "carried_from")


def archive(user) -> dict:
    return json.loads(b"".join(write_archive(user, as_owner=False)))


def without_ids(content: dict) -> dict:
    """The archive with a name for each object in place of its id, in an order of its own."""
    names: dict[str, str] = {}
    for part in ("projects", "tasks"):
        for number, row in enumerate(sorted(content[part], key=lambda row: (row["position"], row["created_at"]))):
            names[row["id"]] = f"{part} {number}"
            # A series, and what was completed together, by the first one of it.
            for name in {"series", "completed_together"} & row.keys():
                names.setdefault(f"{name} {row[name]}", names[row["id"]])

    def without(row: dict) -> dict:
        groups = {name: names[f"{name} {row[name]}"] for name in {"series", "completed_together"} & row.keys()}
        return row | {name: names.get(row[name], "") for name in IDS if name in row} | groups

    for part in ("projects", "tasks", "tags"):
        content[part] = sorted(map(without, content[part]), key=lambda row: json.dumps(row, sort_keys=True))
    return content


def moved(alice, content: dict, name: str) -> User:
    """A new account with this archive imported."""
    other = User.objects.create_user(f"{name}@example.com")
    response = Client(other).post("/import/archive/", {"file": as_file(content)}, format="multipart")
    assert told(response) == []
    return User.objects.get(pk=other.pk)


def as_file(content: dict):
    return named(json.dumps(content).encode(), "archive.json")


@pytest.fixture
def full(alice):
    """An account with something of everything."""
    home = Project.objects.create(owner=alice, name="Home", color="#1565c0")
    gone = Project.objects.create(owner=alice, name="Gone")
    Tag.objects.create(owner=alice, name="unused")
    Tag.objects.create(owner=alice, name="deleted").delete()
    rent = Task.objects.create(
        owner=alice,
        title="Pay the rent",
        project=home,
        tags=["money", "Ünique"],
        due_date=date(2027, 1, 31),
        due_time=time(9),
        recurrence="FREQ=MONTHLY;COUNT=12",
        reminders=[{"minutes_before": 30}],
    )
    Task.objects.create(owner=alice, title="Write it down", parent=rent, description=" indented\r\n")
    Task.objects.get(pk=rent.pk).complete()
    Task.objects.create(owner=alice, title="In the trash", project=gone, start_date=date(2027, 1, 1))
    gone.delete()
    first = Task.objects.create(owner=alice, title="First of all")
    first.move(before=Task.objects.create(owner=alice, title="Last"))
    return alice


def test_an_archive_in_an_empty_account_gives_the_same_account(full):
    content = archive(full)

    other = moved(full, content, "other")

    assert without_ids(archive(other)) == without_ids(content)
    assert (other.name, other.timezone) == ("Alice", "Europe/Zurich")


def test_what_comes_later_comes_last_there_too(full):
    other = moved(full, archive(full), "other")

    Task.objects.create(owner=other, title="Later")

    assert list(tasks_of(other))[-1] == "Later"


def test_reopening_there_takes_back_the_next_occurrence_as_here(full):
    other = moved(full, archive(full), "other")

    for user in (full, other):
        Task.objects.get(owner=user, title="Pay the rent", completed_at__isnull=False).reopen()

    assert without_ids(archive(other))["tasks"] != []
    for user in (full, other):
        rent = Task.objects.filter(owner=user, title="Pay the rent")
        below = Task.objects.filter(owner=user, title="Write it down")
        assert [task.deleted_at is None for task in rent.order_by("due_date")] == [True, False]
        assert below.present().get().completed_at is None


def test_the_next_date_of_a_series_is_the_same_there(full):
    other = moved(full, archive(full), "other")

    dates = []
    for user in (full, other):
        rent = Task.objects.open().present().get(owner=user, title="Pay the rent")
        rent.complete()
        dates.append(Task.objects.open().present().get(owner=user, title="Pay the rent").due_date)
    assert dates == [date(2027, 3, 31)] * 2


def test_an_archive_of_ones_own_changes_nothing(full, upload):
    response = upload("archive", as_file(archive(full)))

    assert response.json()["created"] == {"projects": 0, "tags": 0, "tasks": 0}


def test_an_archive_of_ones_own_brings_back_what_was_purged(full, upload):
    content = archive(full)
    Task.objects.filter(title="Last").delete()
    Task.objects.in_trash().filter(title="Last").purge()

    assert upload("archive", as_file(content)).json()["created"] == {"projects": 0, "tags": 0, "tasks": 1}


def test_an_account_with_tasks_keeps_its_settings(upload, alice, task):
    alice.timezone = "Asia/Tokyo"
    alice.save()

    response = upload("archive", sample("archive"))

    assert told(response) == [
        ("settings", "name", "This account keeps its own: 'Alice'."),
        ("settings", "timezone", "This account keeps its own: 'Asia/Tokyo'."),
    ]


def test_nobody_elses_data_is_in_it(api, alice, task, bobs_task):
    content = api.get("/export/archive.json").content.decode()

    assert str(task.pk) in content
    assert "canary-bob" not in content
    assert str(bobs_task.pk) not in content


def test_neither_passwords_nor_tokens_are_in_it(api, alice, task):
    content = api.get("/export/archive.json").content.decode()

    assert not {alice.password, api.secret, api.token.digest, alice.email} & set(content.split('"'))


def test_it_is_streamed_and_named(alice, task, client):
    client.force_login(alice)

    response = client.get("/api/v1/export/archive.json")

    assert response.streaming
    assert (response["Content-Type"], response["Content-Disposition"], response["Cache-Control"]) == (
        "application/json",
        'attachment; filename="archive.json"',
        "private, no-cache",
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "other"}, "line 1: This isn't an archive of this server: its format isn't \"todo-archive\"."),
        ({"version": 2}, "line 1: The archive was written by a newer version of this server."),
        ({"tasks": [{"title": "No id"}]}, "tasks, item 1: It has no id."),
        ({"tasks": [{"id": "1", "title": ["x"]}]}, "tasks, item 1: title: ['x'] isn't text."),
        (
            {"tasks": [{"id": "1", "due_date": "31.1."}]},
            "tasks, item 1: due_date: '31.1.' isn't a date like 2027-01-31.",
        ),
        ({"tasks": [{"id": "1", "priority": 5}]}, "tasks, item 1: priority: 5 isn't a number from 0 to 4."),
        ({"tasks": [3]}, "tasks, item 1: It isn't an object."),
    ],
)
def test_a_broken_archive_is_refused_by_its_item(upload, change, reason):
    content = json.loads(sample("archive").read()) | change

    assert refusal(upload("archive", as_file(content))) == reason


@pytest.mark.parametrize("part", ["projects", "tasks"])
@pytest.mark.parametrize("position", [1e300, -1e300, 9.2233720368547748e18])
def test_a_position_that_leaves_no_room_is_not_kept(alice, upload, part, position):
    items = [{"id": "1", "title": "x", "name": "x", "position": position}]
    content = {"format": "todo-archive", "version": 1, part: items, "complete": True}

    assert upload("archive", as_file(content)).status_code == 200

    assert abs((Project if part == "projects" else Task).objects.get().position) < 10
    assert type(alice).objects.get(pk=alice.pk).revision < 10


def test_a_part_that_is_not_known_is_named(upload):
    content = json.loads(sample("archive").read()) | {"calendars": [1]}

    assert told(upload("archive", as_file(content))) == [("calendars", "", "This server doesn't know it.")]


# Any account

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=20)
NAMES = TEXT.map(str.strip).filter(lambda text: any(not each.isspace() for each in text))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DATES = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@st.composite
def tasks(draw) -> dict:
    due = draw(st.none() | DATES)
    fields = {
        "title": draw(NAMES),
        "description": draw(TEXT),
        "priority": draw(st.integers(0, 4)),
        "tags": draw(st.lists(NAMES, max_size=3, unique_by=str.casefold)),
        "completed": draw(st.booleans()),
    }
    if due:
        rule = draw(st.sampled_from(["", "", "FREQ=DAILY;COUNT=3", "FREQ=MONTHLY", "FREQ=WEEKLY;BYDAY=MO,TH"]))
        days = draw(st.integers(0, 400))
        fields |= {"due_date": due, "recurrence": rule, "start_date": due - timedelta(days=days)}
        fields["repeat_from"] = draw(st.sampled_from(["due", "completion"]))
        fields["due_time"] = draw(st.none() | st.times().map(lambda clock: clock.replace(microsecond=0)))
        fields["reminders"] = draw(st.lists(st.builds(dict, minutes_before=st.integers(0, 525_600)), max_size=3))
    return fields


@st.composite
def accounts(draw) -> list[tuple[dict, int | None, int | None, bool]]:
    """Tasks, each with the index of a parent or of a project, and whether it is deleted in the end."""
    found = draw(st.lists(tasks(), max_size=8))
    return [
        (each, draw(st.none() | st.integers(0, 7)), draw(st.none() | st.integers(0, 2)), draw(st.booleans()))
        for each in found
    ]


def build(owner, drawn: list) -> None:
    projects = [Project.objects.create(owner=owner, name=name) for name in ("One", "Two", "Three")]
    made: list[Task] = []
    for fields, parent, project, _ in drawn:
        completed = fields.pop("completed")
        above = made[parent] if parent is not None and parent < len(made) else None
        if above and (above.level > 3 or Task.objects.get(pk=above.pk).completed):
            above = None
        place = (
            {"parent": Task.objects.get(pk=above.pk)}
            if above
            else {"project": None if project is None else projects[project]}
        )
        task = Task.objects.create(owner=owner, **place, **fields)
        if completed:
            Task.objects.get(pk=task.pk).complete()
        made.append(Task.objects.get(pk=task.pk))
    for task, (*_, deleted) in zip(made, drawn, strict=True):
        if deleted:
            Task.objects.get(pk=task.pk).delete()
    projects[2].delete()


@settings(max_examples=size(25, 8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(accounts())
def test_any_account_moves_as_it_is(alice, drawn):
    with transaction.atomic():
        build(alice, drawn)
        content = archive(alice)

        other = moved(alice, content, "other")

        assert without_ids(archive(other)) == without_ids(content)
        transaction.set_rollback(True)

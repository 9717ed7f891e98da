"""What a VTODO says as a task, and a task as a VTODO: the table of docs/calendars.md."""

from datetime import date, time

import pytest

from dav.tests.conftest import lines_of, vtodo
from testing.responses import instant
from todos.models import Project, Task


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (["DUE;VALUE=DATE:20300131"], {"due_date": date(2030, 1, 31), "due_time": None}),
        (["DUE:20300131T080000Z"], {"due_date": date(2030, 1, 31), "due_time": time(9)}),
        (["DUE;TZID=America/New_York:20300131T200000"], {"due_date": date(2030, 2, 1), "due_time": time(2)}),
        (["DUE;TZID=W. Europe Standard Time:20300131T090000"], {"due_date": date(2030, 1, 31), "due_time": time(9)}),
        (["DTSTART;VALUE=DATE:20300130", "DUE;VALUE=DATE:20300131"], {"start_date": date(2030, 1, 30)}),
        (["DTSTART:20300201T080000Z", "DUE:20300131T080000Z"], {"start_date": None, "due_date": date(2030, 1, 31)}),
        (["DTSTART:20300131T080000Z", "DURATION:PT2H"], {"due_date": date(2030, 1, 31), "due_time": time(11)}),
        (["DUE:nonsense"], {"due_date": None}),
        (["PRIORITY:0"], {"priority": 0}),
        (["PRIORITY:2"], {"priority": 4}),
        (["PRIORITY:4"], {"priority": 3}),
        (["PRIORITY:5"], {"priority": 2}),
        (["PRIORITY:9"], {"priority": 1}),
        (["PRIORITY:abc"], {"priority": 0}),
        (["STATUS:COMPLETED"], {"completed": True}),
        (["STATUS:CANCELLED"], {"completed": True}),
        (["COMPLETED:20200101T000000Z"], {"completed": True}),
        (["PERCENT-COMPLETE:100"], {"completed": True}),
        (["STATUS:NEEDS-ACTION", "PERCENT-COMPLETE:100"], {"completed": False}),
        (["STATUS:IN-PROCESS"], {"completed": False}),
        (["CATEGORIES:a,b\\,c", "CATEGORIES:A,d"], {"tags": ["a", "b,c", "d"]}),
        (["DUE;VALUE=DATE:20300131", "RRULE:FREQ=MONTHLY"], {"recurrence": "FREQ=MONTHLY"}),
        (
            ["DTSTART;VALUE=DATE:20300131", "RRULE:FREQ=DAILY"],
            {"recurrence": "FREQ=DAILY", "due_date": date(2030, 1, 31)},
        ),
        (["DUE;VALUE=DATE:20300131", "RRULE:FREQ=HOURLY"], {"recurrence": ""}),
        (["RRULE:FREQ=DAILY"], {"recurrence": ""}),
    ],
)
def test_a_vtodo_as_a_task(put, lines, fields):
    task = put(*lines)

    assert {name: getattr(task, name) for name in fields} == fields


@pytest.mark.parametrize(
    "lines",
    [
        ["PRIORITY:2"],
        ["PRIORITY:abc"],
        ["STATUS:CANCELLED"],
        ["STATUS:IN-PROCESS", "PERCENT-COMPLETE:50"],
        ["COMPLETED:20200101T000000Z"],
        ["DUE:20300131T080000Z"],
        ["DTSTART:20300131T080000Z", "DURATION:PT2H"],
        ["DTSTART;VALUE=DATE:20300131", "DUE:20300131T080000Z"],
        ["DTSTART:20300201T080000Z", "DUE:20300131T080000Z"],
        ["DUE;VALUE=DATE:20300131", "RRULE:FREQ=HOURLY"],
        ["DUE;VALUE=DATE:20300131", "RRULE:BYDAY=MO;FREQ=WEEKLY;COUNT=3"],
        ["RELATED-TO;RELTYPE=SIBLING:x", "RELATED-TO:nobody"],
        [f"CATEGORIES:{','.join(f'tag{number}' for number in range(30))}"],
        [f"CATEGORIES:{'x' * 60}"],
    ],
)
def test_what_a_task_can_not_say_does_not_wander(dav, put, lines):
    put(*lines)

    assert dav.text("inbox/milk.ics") == vtodo(*lines)


def test_a_title_is_cut_and_a_missing_one_is_untitled(put, dav):
    assert put(summary="x" * 600).title == "x" * 500
    assert put(uid="other", name="other.ics", summary="").title == "Untitled"
    assert f"SUMMARY:{'x' * 600}" in lines_of(dav.text("inbox/milk.ics"))


def test_a_change_elsewhere_keeps_what_was_cut(dav, put, api):
    task = put(summary="x" * 600)

    api.patch(f"/tasks/{task.pk}/", {"description": "New"})

    assert f"SUMMARY:{'x' * 600}" in lines_of(dav.text("inbox/milk.ics"))


def test_put_replaces_and_what_a_vtodo_can_not_say_stays(put, dav, api, home):
    task = put("DUE;VALUE=DATE:20300131", "PRIORITY:1", "CATEGORIES:a", "DESCRIPTION:x")
    position = task.position

    task = put()

    assert (task.due_date, task.priority, task.tags, task.description) == (None, 0, [], "")
    assert task.position == position


def test_what_the_client_did_not_change_is_left_alone(put, dav, api):
    """It shows 500 characters to the client, which sends them back: the task keeps its own."""
    task = put("DUE;TZID=Europe/Zurich:20300131T090000")
    api.patch(f"/tasks/{task.pk}/", {"tags": ["Straße"], "completed": True, "completed_at": "2026-01-02T03:04:05.678Z"})
    text = dav.text("inbox/milk.ics").replace("CATEGORIES:Straße", "CATEGORIES:STRASSE")

    dav.put_text("inbox/milk.ics", text.replace("SUMMARY:Buy milk", "SUMMARY:New"))

    found = api.get(f"/tasks/{task.pk}/").json()
    assert (found["title"], found["tags"]) == ("New", ["Straße"])
    assert found["completed_at"] == "2026-01-02T03:04:05.678000Z"


def test_completed_is_the_moment_that_the_client_says(put):
    task = put("STATUS:COMPLETED", "COMPLETED:20250102T030405Z")

    assert instant(task.completed_at) == "2025-01-02T03:04:05Z"


def test_an_older_date_of_creation_is_kept(put):
    assert instant(put("CREATED:20200102T030405Z").created_at) == "2020-01-02T03:04:05Z"
    assert instant(put("CREATED:29990102T030405Z", uid="b", name="b.ics").created_at)[:4] != "2999"


def test_a_task_as_a_vtodo(dav, api):
    task = api.post(
        "/tasks/",
        {
            "title": "Call; then, write\\",
            "description": "1\n2",
            "due_date": "2030-01-31",
            "due_time": "09:00",
            "priority": 3,
            "tags": ["b", "a,c"],
            "recurrence": "FREQ=WEEKLY;COUNT=3",
            "reminders": [{"minutes_before": 10}],
        },
    ).json()

    lines = lines_of(dav.text(f"inbox/{task['id']}.ics"))

    assert {
        "SUMMARY:Call\\; then\\, write\\\\",
        "DESCRIPTION:1\\n2",
        "DUE;TZID=Europe/Zurich:20300131T090000",
        "PRIORITY:3",
        "CATEGORIES:a\\,c,b",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "TRIGGER;RELATED=END:-PT10M",
        "TZID:Europe/Zurich",
    } <= set(lines)


@pytest.mark.parametrize("order", [["c", "a", "b"], ["b", "c", "a"]])
def test_the_order_that_a_client_sets_is_that_of_the_siblings(put, api, order):
    for name in "abc":
        put(uid=name, name=f"{name}.ics", summary=name)

    for number, name in enumerate(order):
        put(f"X-APPLE-SORT-ORDER:{number}", uid=name, name=f"{name}.ics", summary=name)

    assert [task["title"] for task in api.get("/tasks/?ordering=position").json()["results"]] == order


def test_a_task_can_be_sorted_to_the_end(put, api):
    for number, name in enumerate("abc"):
        put(f"X-APPLE-SORT-ORDER:{number}", uid=name, name=f"{name}.ics", summary=name)

    put("X-APPLE-SORT-ORDER:9", uid="a", name="a.ics", summary="a")

    assert [task["title"] for task in api.get("/tasks/?ordering=position").json()["results"]] == ["b", "c", "a"]


# Parents


def parent_of(task: Task) -> Task | None:
    task.refresh_from_db()
    return task.parent


def test_a_child_hangs_under_its_parent(put, dav):
    parent = put(uid="p", name="p.ics")
    child = put("RELATED-TO:p", uid="c", name="c.ics")

    assert parent_of(child) == parent
    assert dav.text("inbox/c.ics") == vtodo("RELATED-TO:p", uid="c")


def test_a_child_that_comes_first_waits_for_its_parent(put, dav):
    """As Tasks.org sends them."""
    child = put("RELATED-TO;RELTYPE=PARENT:p", uid="c", name="c.ics")
    assert parent_of(child) is None

    parent = put(uid="p", name="p.ics")

    assert parent_of(child) == parent
    assert dav.text("inbox/c.ics") == vtodo("RELATED-TO;RELTYPE=PARENT:p", uid="c")


def test_a_put_of_the_parent_does_not_cut_its_children_off(put):
    parent = put(uid="p", name="p.ics")
    child = put("RELATED-TO:p", uid="c", name="c.ics")

    put("PRIORITY:1", uid="p", name="p.ics")

    assert parent_of(child) == parent


def test_a_child_without_its_line_is_on_top(put):
    put(uid="p", name="p.ics")
    child = put("RELATED-TO:p", uid="c", name="c.ics")

    put(uid="c", name="c.ics")

    assert parent_of(child) is None


@pytest.mark.parametrize("parents", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "a"}])
def test_circles_are_not_followed(put, dav, parents):
    for _ in range(2):
        for child, parent in parents.items():
            response = dav.put_text(f"inbox/{child}.ics", vtodo(f"RELATED-TO:{parent}", uid=child))
            assert response.status_code in (201, 204), response.content

    assert Task.objects.filter(parent=None).exists()


def test_below_five_levels_it_is_on_top_and_its_text_stays(put, dav):
    for level in range(7):
        put(f"RELATED-TO:{level - 1}", uid=str(level), name=f"{level}.ics")

    assert max(Task.objects.values_list("level", flat=True)) == 5
    assert dav.text("inbox/5.ics") == vtodo("RELATED-TO:4", uid="5")


def test_an_open_child_of_a_completed_parent_is_on_top(put):
    put("STATUS:COMPLETED", uid="p", name="p.ics")

    assert parent_of(put("RELATED-TO:p", uid="c", name="c.ics")) is None


def test_a_parent_set_here_is_named_by_its_uid(put, dav, api):
    parent, child = put(uid="p", name="p.ics"), put(uid="c", name="c.ics")

    api.patch(f"/tasks/{child.pk}/", {"parent": str(parent.pk)})

    assert "RELATED-TO;RELTYPE=PARENT:p" in lines_of(dav.text("inbox/c.ics"))


def test_completing_the_parent_completes_what_is_below_and_the_next_sync_says_so(put, dav):
    put(uid="p", name="p.ics")
    put("RELATED-TO:p", uid="c", name="c.ics")
    _, token = dav.sync("inbox/")

    put("STATUS:COMPLETED", uid="p", name="p.ics")

    assert dav.sync("inbox/", token)[0] == {"p.ics": 200, "c.ics": 200}
    assert "STATUS:COMPLETED" in dav.text("inbox/c.ics")


def test_a_project_is_where_its_list_is(put, dav, home):
    dav.put_text(f"{home.pk}/x.ics", vtodo(uid="x"))

    assert Task.objects.get().project == Project.objects.get() == home

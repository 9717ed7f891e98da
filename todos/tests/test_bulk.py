"""One action on up to 500 tasks: all or none, in one write."""

from datetime import date
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.ids import uuid7
from testing.problems import refused
from todos.models import Project, Tag, Task

SETS = {"update": {"priority": 4}, "move": {}}
ACTIONS = ["update", "complete", "reopen", "move", "delete", "restore"]


@pytest.fixture
def tasks(alice) -> list[Task]:
    return [Task.objects.create(owner=alice, title=title) for title in "abc"]


@pytest.fixture
def bulk(api):
    """Do an action on these tasks, or ids."""

    def bulk(action: str, tasks: list, **values):
        ids = [str(getattr(task, "pk", task)) for task in tasks]
        return api.post("/tasks/bulk/", {"action": action, "ids": ids, **({"set": values} if values else {})})

    return bulk


def ready_for(action: str, tasks: list[Task]) -> None:
    if action in ("reopen", "restore"):
        rows = Task.objects.filter(pk__in=[task.pk for task in tasks])
        rows.complete() if action == "reopen" else rows.delete()


def rows() -> list[dict]:
    return list(Task.objects.order_by("title", "id").values())


def errors(response) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_is_one_write_and_answers_what_became_of_the_tasks(api, alice, tasks, bulk, action):
    ready_for(action, tasks)
    alice.refresh_from_db()

    response = bulk(action, [tasks[2], tasks[0]], **SETS.get(action, {}))

    assert response.status_code == 200
    shown = [] if action == "delete" else [api.get(f"/tasks/{tasks[number].pk}/").json() for number in (2, 0)]
    assert response.json() == {"count": 2, "revision": alice.revision + 1, "results": shown}
    changed = {row["title"] for row in rows() if row["revision"] == alice.revision + 1}
    assert changed == {"a", "c"}


def test_it_answers_what_is_stored_and_not_what_went_to_the_trash(api, alice, bulk):
    weekly, daily = ({"due_date": "2030-01-01", "recurrence": f"FREQ={freq}"} for freq in ("WEEKLY", "DAILY"))
    parent = Task.objects.create(owner=alice, title="parent", **weekly)
    child = Task.objects.create(owner=alice, title="child", parent=parent, **daily)
    following = api.post(f"/tasks/{parent.pk}/complete/").json()["next_occurrence"]

    response = bulk("reopen", [parent, child, following])

    shown = [api.get(f"/tasks/{task.pk}/").json() for task in (parent, child)]
    assert shown[1]["parent"] == str(parent.pk)
    assert (response.json()["count"], response.json()["results"]) == (3, shown)
    assert api.get(f"/tasks/{following}/").status_code == 404


def test_update_sets_the_same_on_all(api, alice, tasks, bulk):
    home = Project.objects.create(owner=alice, name="Home")

    response = bulk(
        "update", tasks, priority=3, due_date="2030-01-31", tags=["x", "Y"], project=str(home.pk), title="t"
    )

    assert [
        (task["priority"], task["due_date"], task["tags"], task["project"], task["title"])
        for task in response.json()["results"]
    ] == [(3, "2030-01-31", ["x", "Y"], str(home.pk), "t")] * 3


def test_update_adds_and_removes_tags(api, alice, tasks):
    for task, tags in zip(tasks, (["Home", "old"], ["old"], []), strict=True):
        task.tags = tags
        task.save()
    body = {
        "action": "update",
        "ids": [str(task.pk) for task in tasks],
        "set": {"priority": 4},
        "add_tags": ["HOME", "new"],
        "remove_tags": ["OLD", "nothing"],
    }

    response = api.post("/tasks/bulk/", body)

    assert response.status_code == 200
    assert [(task["tags"], task["priority"]) for task in response.json()["results"]] == [(["Home", "new"], 4)] * 3
    assert api.get("/tasks/?untagged=true").json()["results"] == []


def test_tags_that_are_there_or_gone_already_take_no_revision(api, alice, tasks):
    tasks[0].tags = ["Home"]
    tasks[0].save()
    before = rows()

    response = api.post(
        "/tasks/bulk/",
        {"action": "update", "ids": [str(tasks[0].pk)], "add_tags": ["hOME"], "remove_tags": ["nothing"]},
    )

    assert (response.status_code, response.json()["results"][0]["tags"]) == (200, ["Home"])
    assert rows() == before
    assert not Tag.objects.exclude(name="Home").exists()


def test_removing_the_last_tag_leaves_none(api, tasks):
    tasks[0].tags = ["Home"]
    tasks[0].save()

    response = api.post("/tasks/bulk/", {"action": "update", "ids": [str(tasks[0].pk)], "remove_tags": ["home"]})

    assert response.json()["results"][0]["tags"] == []
    assert len(api.get("/tasks/?untagged=true").json()["results"]) == 3


def test_a_tag_too_many_is_named_by_its_task_and_changes_none(api, tasks):
    tasks[1].tags = [f"{number}" for number in range(20)]
    tasks[1].save()
    before = rows()
    body = {"action": "update", "ids": [str(task.pk) for task in tasks], "add_tags": ["one more"]}

    response = api.post("/tasks/bulk/", body)

    assert response.status_code == 400
    assert errors(response) == [("ids.1.tags", "max_length")]
    assert rows() == before
    assert api.post("/tasks/bulk/", {**body, "remove_tags": ["7"]}).status_code == 200


def test_update_completes_and_reopens(tasks, bulk):
    child = Task.objects.create(owner=tasks[0].owner, title="child", parent=tasks[0])

    done = bulk("update", [tasks[0], tasks[1]], completed=True, priority=1)
    assert [task.completed for task in Task.objects.order_by("title")] == [True, True, False, True]

    opened = bulk("update", [child], completed=False)

    assert opened.json()["revision"] == done.json()["revision"] + 1
    assert [task.completed for task in Task.objects.order_by("title")] == [False, True, False, False]


def test_move_puts_all_in_their_order(alice, tasks, bulk):
    parent, first, last = (Task.objects.create(owner=alice, title=title) for title in ("parent", "first", "last"))
    bulk("move", [first, last], parent=str(parent.pk))

    response = bulk("move", [tasks[2], tasks[0], tasks[1]], parent=str(parent.pk), before=str(last.pk))

    assert response.status_code == 200
    below = Task.objects.filter(parent=parent).order_by("position")
    assert [task.title for task in below] == ["first", "c", "a", "b", "last"]


@pytest.mark.parametrize("order", ["parent first", "child first"])
@pytest.mark.parametrize("action", ["update", "move"])
def test_a_parent_and_its_child_go_into_a_project_together(alice, tasks, bulk, action, order):
    home = Project.objects.create(owner=alice, name="Home")
    child = Task.objects.create(owner=alice, title="child", parent=tasks[0])
    Task.objects.create(owner=alice, title="grandchild", parent=child)
    chosen = [tasks[0], child] if order == "parent first" else [child, tasks[0]]

    response = bulk(action, chosen, project=str(home.pk))

    assert response.status_code == 200
    assert [(task.title, task.parent and task.parent.title, task.level) for task in home.tasks.order_by("level")] == [
        ("a", None, 1),
        ("child", "a", 2),
        ("grandchild", "child", 3),
    ]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("other", ["missing", "bob's", "the wrong side of the trash"])
def test_one_id_that_is_not_there_and_nothing_changes(alice, bob, tasks, bulk, action, other):
    theirs = Task.objects.create(owner=bob, title="Bob's secret")
    ready_for(action, [*tasks, theirs])
    wrong = Task.objects.create(owner=alice, title="wrong side")
    if action != "restore":
        wrong.delete()
    before = rows()

    response = bulk(action, [*tasks, {"missing": uuid7(), "bob's": theirs}.get(other, wrong)], **SETS.get(action, {}))

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"
    assert rows() == before
    revision = alice.revision
    alice.refresh_from_db()
    assert alice.revision >= revision
    assert alice.revision == max(row["revision"] for row in before if row["owner_id"] == alice.pk)


def test_an_id_that_is_named_twice_counts_once(tasks, bulk):
    response = bulk("complete", [tasks[0], tasks[1], tasks[0]])

    assert response.json()["count"] == len(response.json()["results"]) == 2


@pytest.mark.parametrize("action", ["complete", "reopen", "update"])
def test_what_is_so_already_takes_no_revision(alice, tasks, bulk, action):
    if action == "complete":
        bulk("complete", tasks)
    before = rows()

    response = bulk(action, tasks, **({"title": "a"} if action == "update" else {}))

    unchanged = [row for row in rows() if row in before]
    assert len(unchanged) == (1 if action == "update" else 3)
    alice.refresh_from_db()
    assert response.json()["revision"] == alice.revision == max(row["revision"] for row in rows())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("action", "required"), ("ids", "required")]),
        ({"action": "purge"}, [("action", "invalid_choice")]),
        ({"ids": []}, [("ids", "empty")]),
        ({"ids": ["x"]}, [("ids.0", "invalid")]),
        ({"ids": [5]}, [("ids.0", "invalid")]),
        ({"ids": "all"}, [("ids", "not_a_list")]),
        ({"ids": [str(UUID(int=number)) for number in range(501)]}, [("ids", "max_length")]),
        ({"set": {}}, [("set", "unknown")]),
        ({"action": "delete", "set": {"title": "x"}}, [("set", "unknown")]),
        ({"action": "update"}, [("set", "required")]),
        ({"add_tags": ["x"]}, [("add_tags", "unknown")]),
        ({"action": "move", "remove_tags": [], "add_tags": []}, [("add_tags", "unknown"), ("remove_tags", "unknown")]),
        *(
            ({"action": "update", name: value}, [(f"{name}{where}", code)])
            for name in ("add_tags", "remove_tags")
            for value, where, code in (
                (None, "", "null"),
                ("x", "", "not_a_list"),
                (["x"] * 21, "", "max_length"),
                (["x", ""], ".1", "blank"),
                (["\u200b"], ".0", "blank"),
                ([5], ".0", "invalid"),
                (["x" * 51], ".0", "max_length"),
                (["a\0b"], ".0", "null_characters_not_allowed"),
            )
        ),
        ({"action": "update", "set": {"tags": []}, "add_tags": ["x"]}, [("set.tags", "both")]),
        ({"action": "update", "set": {"tags": []}, "remove_tags": ["x"]}, [("set.tags", "both")]),
        ({"action": "update", "add_tags": ["a", "Home"], "remove_tags": ["b", "hOME"]}, [("remove_tags.1", "both")]),
        ({"action": "update", "set": []}, [("set", "not_a_dict")]),
        ({"action": "update", "set": {"titel": "x"}}, [("set.titel", "unknown")]),
        ({"action": "update", "set": {"title": ""}}, [("set.title", "blank")]),
        ({"action": "update", "set": {"tags": ["x", ""]}}, [("set.tags.1", "blank")]),
        ({"action": "update", "set": {"before": None}}, [("set.before", "unknown")]),
        ({"action": "update", "set": {"parent": str(UUID(int=1))}}, [("set.parent", "does_not_exist")]),
        ({"action": "move", "set": {"title": "x"}}, [("set.title", "unknown")]),
        ({"action": "move", "set": {"before": str(UUID(int=1))}}, [("set.before", "does_not_exist")]),
        ({"everything": True}, [("everything", "unknown")]),
    ],
)
def test_bad_values_are_refused_by_name(api, tasks, body, expected):
    usual = {"action": "complete", "ids": [str(task.pk) for task in tasks]} if body else {}
    before = rows()

    response = api.post("/tasks/bulk/", {**usual, **body})

    assert response.status_code == 400
    assert errors(response) == expected
    assert rows() == before


@pytest.mark.parametrize("kind", ["task", "project"])
def test_what_is_set_may_not_be_someone_elses(bob, tasks, bobs_task, bulk, kind):
    theirs = Project.objects.create(owner=bob, name="Bob's") if kind == "project" else bobs_task
    field = "project" if kind == "project" else "parent"

    for action in ("update", "move"):
        assert errors(bulk(action, tasks, **{field: str(theirs.pk)})) == [(f"set.{field}", "does_not_exist")]


def test_a_rule_that_one_of_them_breaks_is_named_by_its_index(alice, tasks, bulk):
    below = tasks[1]
    for title in "vwxy":
        below = Task.objects.create(owner=alice, title=title, parent=below)
    done = Task.objects.create(owner=alice, title="done", completed=True)
    dated = Task.objects.create(owner=alice, title="dated", due_date="2030-01-01")
    before = rows()

    assert errors(bulk("update", [dated, tasks[0]], due_time="09:00")) == [("ids.1.due_time", "needs_due_date")]
    assert errors(bulk("update", [dated, dated, tasks[0]], due_time="09:00")) == [("ids.2.due_time", "needs_due_date")]
    for action in ("update", "move"):
        assert errors(bulk(action, [tasks[0], tasks[1]], parent=str(dated.pk))) == [("ids.1.parent", "too_deep")]
        assert errors(bulk(action, [dated, tasks[0]], parent=str(tasks[0].pk))) == [("ids.1.parent", "circular")]
        assert errors(bulk(action, [done, tasks[0]], parent=str(done.pk)))[0][0].startswith("ids.")
    assert rows() == before


def test_no_date_of_completion_is_no_way_to_reopen(tasks, bulk):
    assert errors(bulk("update", tasks, completed_at=None)) == [("set.completed_at", "needs_completed")]


def test_a_subtask_goes_into_the_inbox_only_with_its_parent(alice, bulk):
    home = Project.objects.create(owner=alice, name="Home")
    parent = Task.objects.create(owner=alice, title="parent", project=home)
    child = Task.objects.create(owner=alice, title="child", parent=parent)
    grandchild = Task.objects.create(owner=alice, title="grandchild", parent=child)

    alone = bulk("update", [grandchild], project=None)
    together = bulk("update", [grandchild, parent], project=None)

    assert errors(alone) == [("ids.0.project", "not_the_parents")]
    assert [task["project"] for task in together.json()["results"]] == [None, None]


def test_a_rule_that_only_the_next_occurrence_breaks_is_named_without_an_index(alice, bulk):
    weekly = {"due_date": "2030-01-01", "recurrence": "FREQ=WEEKLY"}
    deep = root = Task.objects.create(owner=alice, title="weekly", **weekly)
    for title in "ab":
        deep = Task.objects.create(owner=alice, title=title, parent=deep)
    place = None
    for title in "xyz":
        place = Task.objects.create(owner=alice, title=title, parent=place)

    response = bulk("update", [root], completed=True, parent=str(place.pk))

    assert refused(response) == [("", "too_deep")]


@pytest.mark.parametrize("order", ["first", "last"])
@pytest.mark.parametrize("action", ["update", "move"])
def test_a_circle_that_only_others_are_in_is_refused_too(alice, tasks, bulk, action, order):
    child = Task.objects.create(owner=alice, title="child", parent=tasks[1])
    chosen = [tasks[0], tasks[1]] if order == "first" else [tasks[1], tasks[0]]

    response = bulk(action, chosen, parent=str(child.pk))

    assert errors(response) == [(f"ids.{chosen.index(tasks[1])}.parent", "circular")]


@pytest.mark.parametrize("side", ["before", "after"])
def test_the_moved_ones_are_no_siblings_of_themselves(tasks, bulk, side):
    response = bulk("move", tasks[:2], **{side: str(tasks[1].pk)})

    assert errors(response) == [(side, "not_a_sibling")]


def test_500_ids_are_taken(api, alice):
    made = Task.objects.bulk_create(Task(owner=alice, title="x") for _ in range(500))

    response = api.post("/tasks/bulk/", {"action": "complete", "ids": [str(task.pk) for task in made]})

    assert response.json()["count"] == 500
    assert not Task.objects.open().exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_many_cost_the_same_queries_as_one(api, alice, action):
    many = 500 if connection.vendor == "postgresql" else 20  # SQLite takes so few rows in one query
    home = Project.objects.create(owner=alice, name="Home")
    parents = Task.objects.bulk_create(Task(owner=alice, title="p", project=home) for _ in range(many + 1))
    recurring = {"recurrence": "FREQ=DAILY", "due_date": "2030-01-01"}
    children = Task.objects.bulk_create(
        Task(owner=alice, title="c", tags=["x"], parent=parent, **recurring) for parent in parents
    )
    place = {"parent": str(Task.objects.create(owner=alice, title="there").pk)}
    values = {"update": {"priority": 1, "tags": ["y", "z"]}, "move": place}.get(action)
    ready_for(action, children)
    api.get("/tasks/")  # so that the use of the token is noted already
    counts = []
    for chosen in (children[:1], children[1:]):
        body = {"action": action, "ids": [str(task.pk) for task in chosen], **({"set": values} if values else {})}
        with CaptureQueriesContext(connection) as queries:
            response = api.post("/tasks/bulk/", body)
        assert response.json()["count"] == len(chosen)
        counts.append(len(queries))

    assert counts[0] <= 20
    assert counts[0] - counts[1] in (0, 1)  # the tags that the first one made are there for the others


@pytest.mark.parametrize(
    ("action", "values"),
    [("update", {"due_date": "2030-02-02"}), ("update", {"recurrence": "FREQ=WEEKLY"}), ("reopen", {})],
)
def test_many_that_follow_the_owners_zone_cost_the_same_queries_as_one(api, alice, bulk, action, values):
    fields = {"due_date": date(2030, 1, 1), "recurrence": "FREQ=DAILY", "reminders": [{"minutes_before": 5}]}
    tasks = Task.objects.bulk_create(Task(owner=alice, title="x", **fields) for _ in range(21))
    if action == "reopen":
        Task.objects.update(completed_at=timezone.now())
    api.get("/tasks/")
    counts = []

    for chosen in (tasks[:1], tasks[1:]):
        with CaptureQueriesContext(connection) as queries:
            response = bulk(action, chosen, **values)
        assert response.json()["count"] == len(chosen)
        counts.append(len(queries))

    assert counts[0] == counts[1]

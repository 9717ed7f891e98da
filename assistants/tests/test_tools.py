"""What the tools do: by the rules of the API, as one revision each."""

import json
import re
from datetime import timedelta

import jsonschema_rs
import pytest
from django.conf import settings

from testing.resources import MISSING
from todos.models import Project, Task


@pytest.fixture
def schemas(assistant) -> dict[str, dict]:
    listed = assistant.ask("tools/list").json()["result"]["tools"]
    return {tool["name"]: tool for tool in listed}


def test_the_schemas_are_valid_and_short(schemas):
    for tool in schemas.values():
        for name in ("inputSchema", "outputSchema"):
            jsonschema_rs.meta.validate(tool[name])
            assert "$ref" not in json.dumps(tool[name])
    assert len(json.dumps(list(schemas.values()))) < 25_000


def test_a_conversation_has_the_documented_sizes(assistant, alice, schemas):
    home = Project.objects.create(owner=alice, name="Home")
    today = str(alice.today())
    sizes = {"tools/list": len(json.dumps(list(schemas.values())))}

    def call(tool: str, **arguments):
        jsonschema_rs.validate(schemas[tool]["inputSchema"], arguments)
        result = assistant.result(tool, **arguments)
        jsonschema_rs.validate(schemas[tool]["outputSchema"], result["structuredContent"])
        sizes[tool] = len(result["content"][0]["text"])
        return result["structuredContent"]

    [project] = call("list_projects")["projects"]
    tasks = [{"title": title, "project": project["id"], "due_date": today} for title in ("Milk", "Bread", "Salt")]
    added = call("add_tasks", tasks=tasks)["tasks"]
    planned = call("plan_day")
    done = call("complete_task", id=added[0]["id"])["task"]
    found = call("find_tasks", completed=False, project=str(home.pk))["tasks"]
    undone = call("undo")

    assert planned["due_today"]["total"] == 3
    assert done["completed"] is True
    assert {task["title"] for task in found} == {"Bread", "Salt"}
    assert (undone["undone"], undone["tasks"][0]["completed"]) == ("complete_task", False)
    assert sizes == {name: pytest.approx(size, rel=0.05) for name, size in documented_sizes().items()}


def documented_sizes() -> dict[str, int]:
    text = (settings.BASE_DIR / "docs" / "assistants.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\d+) \|$", text, re.MULTILINE)
    whole = re.search(r"The list of all tools has ([\d,]+)", text).group(1)
    return {"tools/list": int(whole.replace(",", "")), **{name: int(size) for name, size in rows}}


def test_each_write_is_one_revision(assistant, alice):
    before = alice.revision
    assistant.call("add_tasks", tasks=[{"title": "Milk", "tags": ["shop"]}, {"title": "Bread"}])
    alice.refresh_from_db()

    assert alice.revision == before + 1
    assert set(Task.objects.values_list("revision", flat=True)) == {alice.revision}


def test_one_bad_task_and_none_is_added(assistant, alice):
    message = assistant.refusal("add_tasks", tasks=[{"title": "Milk"}, {"title": ""}, {"name": "x"}])

    assert "1.title: This field may not be blank." in message
    assert "2.name: This field is unknown." in message
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("find_tasks", {"q": "x" * 201}, "q: "),
        ("find_tasks", {"limit": 51}, "limit: "),
        ("find_tasks", {"limit": "many"}, "limit: "),
        ("find_tasks", {"nothing": 1}, "nothing: "),
        ("find_tasks", {"format": "json"}, "limit: "),
        ("find_tasks", {"project": {}}, "project: "),
        ("find_tasks", {"tag": [None]}, "tag: "),
        ("find_tasks", {"tag": []}, "tag: "),
        ("find_tasks", {"whole": 1}, "whole: "),
        ("find_tasks", {"cursor": "x"}, "cursor: "),
        ("find_tasks", {"due_before": "today"}, "due_before: "),
        ("plan_day", {"date": "2027-01-01"}, "date: "),
        ("list_projects", {"x": 1}, "x: "),
        ("add_tasks", {}, "tasks: "),
        ("add_tasks", {"tasks": "Milk"}, "tasks: "),
        ("add_tasks", {"tasks": []}, "tasks: "),
        ("add_tasks", {"tasks": ["Milk"]}, "0"),
        ("add_tasks", {"tasks": [{"title": "x"}] * 51}, "tasks: "),
        ("add_tasks", {"tasks": [{"title": "x", "project": MISSING}]}, "0.project: "),
        ("update_task", {"title": "x"}, "id: "),
        ("update_task", {"id": "x", "title": "x"}, "id: "),
        ("update_task", {"id": 5, "title": "x"}, "id: "),
        ("complete_task", {"id": MISSING, "x": 1}, "x: "),
        ("undo", {"x": 1}, "x: "),
        ("undo", {}, "undo: There is nothing to undo"),
    ],
)
def test_bad_arguments_are_named_and_write_nothing(assistant, alice, tool, arguments, message):
    assert assistant.refusal(tool, **arguments).startswith(message)
    assert not Task.objects.exists()


@pytest.mark.parametrize("tool", ["update_task", "complete_task", "reopen_task", "delete_task"])
def test_somebody_elses_task_is_like_one_that_is_not_there(assistant, bobs_task, tool):
    fields = {"title": "x"} if tool == "update_task" else {}

    foreign = assistant.result(tool, id=str(bobs_task.pk), **fields)

    assert foreign == assistant.result(tool, id=MISSING, **fields)
    assert "There is no such task" in foreign["content"][0]["text"]
    bobs_task.refresh_from_db()
    assert (bobs_task.title, bobs_task.completed, bobs_task.deleted_at) == ("Bob's secret", False, None)


def test_nothing_of_somebody_else_is_found(assistant, bob, bobs_task):
    project = Project.objects.create(owner=bob, name="Bob's")

    assert assistant.call("find_tasks")["tasks"] == []
    assert assistant.call("find_tasks", project=str(project.pk))["tasks"] == []
    assert assistant.call("list_projects") == {"projects": [], "total": 0}
    assert "does not exist" in assistant.refusal("add_tasks", tasks=[{"title": "x", "parent": str(bobs_task.pk)}])


def test_pages_lead_on(assistant, alice):
    Task.objects.bulk_create(Task(owner=alice, title=f"Task {n}") for n in range(7))
    titles, cursor = [], {}
    while True:
        page = assistant.call("find_tasks", limit=3, **cursor)
        titles += [task["title"] for task in page["tasks"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert titles == [f"Task {n}" for n in reversed(range(7))]


def test_long_descriptions_are_cut_and_say_so(assistant, alice):
    task = Task.objects.create(owner=alice, title="Long", description="x" * 20_000)

    [listed] = assistant.call("find_tasks")["tasks"]
    changed = assistant.call("update_task", id=str(task.pk), priority=1)["task"]
    [whole] = assistant.call("find_tasks", whole=True)["tasks"]

    for found in (listed, changed):
        assert (len(found["description"]), found["description_cut"]) == (300, True)
    assert (len(whole["description"]), "description_cut" in whole) == (20_000, False)


def test_whole_descriptions_come_five_at_a_time(assistant, alice):
    Task.objects.bulk_create(Task(owner=alice, title=f"Task {n}", description="x" * 20_000) for n in range(6))

    page = assistant.call("find_tasks", whole=True)

    assert len(page["tasks"]) == 5
    assert len(assistant.call("find_tasks", whole=True, cursor=page["next_cursor"])["tasks"]) == 1
    assert "at most 5" in assistant.refusal("find_tasks", whole=True, limit=6)


def test_completing_a_recurring_task_shows_the_next_one(assistant, alice):
    task = Task.objects.create(owner=alice, title="Rent", due_date="2030-01-31", recurrence="FREQ=MONTHLY")

    first = assistant.call("complete_task", id=str(task.pk))
    again = assistant.call("complete_task", id=str(task.pk))

    assert first["next_occurrence"]["due_date"] == "2030-02-28"
    assert again == {"task": first["task"]}


def test_the_day_has_what_is_late_due_begun_and_important(assistant, alice):
    today = alice.today()
    for title, fields in {
        "late": {"due_date": today - timedelta(1)},
        "due": {"due_date": today},
        "begun": {"start_date": today, "due_date": today + timedelta(2)},
        "important": {"priority": 3},
        "later": {"due_date": today + timedelta(1)},
        "some day": {},
    }.items():
        Task.objects.create(owner=alice, title=title, **fields)
    Task.objects.create(owner=alice, title="done", due_date=today).complete()

    day = assistant.call("plan_day")

    assert day.pop("date") == str(today)
    assert {name: [task["title"] for task in part["tasks"]] for name, part in day.items()} == {
        "overdue": ["late"],
        "due_today": ["due"],
        "started": ["begun"],
        "important": ["important"],
    }


def test_a_unique_request_id_counts_for_one_token(assistant, assistant_of, alice):
    for each in (assistant, assistant_of(alice)):
        each.call("add_tasks", "0198-a-unique-request", tasks=[{"title": "Milk"}])

    assert Task.objects.count() == 2


def test_a_unique_request_id_that_comes_with_something_else_is_refused(assistant, alice):
    assistant.call("add_tasks", "0198-a-unique-request", tasks=[{"title": "Milk"}])

    result = assistant.result("add_tasks", "0198-a-unique-request", tasks=[{"title": "Bread"}])

    assert result["isError"]
    assert "was used for another one" in result["content"][0]["text"]
    assert Task.objects.count() == 1


def test_a_repeated_undo_takes_back_one_write(assistant, alice):
    for title in ("Milk", "Bread"):
        assistant.call("add_tasks", tasks=[{"title": title}])

    for _ in range(2):
        assistant.call("undo", "0198-a-unique-request")

    assert [task.title for task in Task.objects.present()] == ["Milk"]


def test_a_unique_request_id_writes_once(assistant, alice):
    arguments = {"tasks": [{"title": "Milk"}]}

    first = assistant.call("add_tasks", "0198-a-unique-request", **arguments)
    again = assistant.call("add_tasks", "0198-a-unique-request", **arguments)

    assert again == first
    assert Task.objects.count() == 1


def test_a_counted_request_id_comes_again_in_the_next_conversation(assistant, alice):
    for _ in range(2):
        assistant.call("add_tasks", 3, tasks=[{"title": "Milk"}])

    assert Task.objects.count() == 2

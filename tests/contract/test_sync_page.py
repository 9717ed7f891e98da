"""The client in docs/sync.md, run against a real server: offline and online, cut off, in conflict, after a purge."""

import json
import re
from collections.abc import Iterator

import pytest

from testing.servers import CUT_OFF, ROOT, Program, Server, Shim, register

EXAMPLE, USE = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "sync.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def server(shared_server) -> Server:
    return shared_server


@pytest.fixture
def shim(server) -> Iterator[Shim]:
    with Shim(server) as shim:
        yield shim


@pytest.fixture
def token(server) -> str:
    return register(server)


@pytest.fixture
def other(server, token) -> Iterator[Program]:
    """Another program of the same user."""
    with Program(server.port, token) as program:
        yield program


@pytest.fixture
def restart(shim, token, tmp_path):
    """Restart the client, as after a crash: it has only its file."""
    namespace: dict = {}
    exec(EXAMPLE, namespace)
    return lambda: namespace["Replica"](f"http://127.0.0.1:{shim.port}/api/v1/", token, tmp_path / "replica.json")


@pytest.fixture
def replica(restart):
    return restart()


def titles(replica) -> list[str]:
    return sorted(task["title"] for task in replica.state["task"].values())


def on_server(program: Program) -> dict[str, dict]:
    return {task["id"]: task for task in program.read("tasks/?limit=200")["results"]}


def make(program: Program, **fields) -> str:
    return program.insist("POST", "tasks/", fields).body["id"]


def push_when_online_again(replica, restart, shim):
    """Fail to send while offline; then another process of the client does it. Returns its replica."""
    with pytest.raises(CUT_OFF):
        replica.push()
    shim.fault = ""
    replica = restart()
    replica.push()
    replica.pull()
    return replica


def test_the_example_has_no_more_than_60_lines():
    assert len(EXAMPLE.splitlines()) <= 60


def test_its_use_works_as_written(server, token, other, tmp_path, capsys):
    use = USE.replace("http://127.0.0.1:8000", server.address).replace("replica.json", str(tmp_path / "replica.json"))

    exec(EXAMPLE + use, {"token": token})

    [task] = on_server(other).values()
    assert (task["title"], task["description"], task["completed"]) == ("Buy milk", "Two litres", True)
    assert task["id"] in capsys.readouterr().out


def test_the_replica_follows_the_server_page_by_page(replica, restart, other):
    kept, gone = [make(other, title=f"Task {number}", tags=["home"]) for number in range(5)][:2]
    other.insist("POST", "projects/", {"name": "Home"})
    replica.pull(limit=2)
    first = titles(replica)

    other.insist("PATCH", f"tasks/{kept}/", {"title": "Changed"})
    other.insist("DELETE", f"tasks/{gone}/")
    replica = restart()
    replica.pull(limit=2)

    assert first == [f"Task {number}" for number in range(5)]
    assert replica.state["task"] == on_server(other)
    assert [project["name"] for project in replica.state["project"].values()] == ["Home"]
    assert [tag["name"] for tag in replica.state["tag"].values()] == ["home"]


def test_what_is_done_offline_is_sent_later_in_its_order(replica, restart, shim, other):
    known = make(other, title="Known")
    replica.pull()
    shim.fault = "offline"
    new = replica.change("POST", body={"title": "New"})
    replica.change("PATCH", new, {"title": "New and better"})
    replica.change("POST", new, action="complete/")
    replica.change("PATCH", known, {"priority": 3})
    replica.change("PATCH", known, {"priority": 4})

    replica = push_when_online_again(replica, restart, shim)

    found = sorted((task["title"], task["completed"], task["priority"]) for task in on_server(other).values())
    assert found == [("Known", False, 4), ("New and better", True, 0)]
    assert replica.state["task"] == on_server(other)
    assert (replica.state["queue"], replica.state["conflicts"]) == ([], [])


def test_what_is_made_offline_is_a_parent_and_a_neighbor_before_it_has_an_id(replica, restart, shim, other):
    shim.fault = "offline"
    house = replica.change("POST", body={"title": "House"})
    pack = replica.change("POST", body={"title": "Pack", "parent": house})
    books = replica.change("POST", body={"title": "Books", "parent": pack})
    replica.change("POST", body={"title": "Clean", "parent": house})
    loose = replica.change("POST", body={"title": "Lamp"})
    replica.change("PATCH", books, {"priority": 3})
    replica.change("POST", loose, {"parent": pack, "before": books}, "move/")

    replica = push_when_online_again(replica, restart, shim)

    tasks = on_server(other)
    found = {task["title"]: tasks[task["parent"]]["title"] if task["parent"] else None for task in tasks.values()}
    by_title = {task["title"]: task for task in tasks.values()}
    assert found == {"House": None, "Pack": "House", "Clean": "House", "Books": "Pack", "Lamp": "Pack"}
    assert by_title["Lamp"]["position"] < by_title["Books"]["position"]
    assert by_title["Books"]["priority"] == 3
    assert replica.state["task"] == tasks
    assert (replica.state["queue"], replica.state["conflicts"]) == ([], [])


@pytest.mark.parametrize("fault", ["response", "outcome"])
@pytest.mark.parametrize(
    "change",
    [
        ("POST", None, {"title": "New"}, ""),
        ("PATCH", "task", {"title": "Changed", "tags": ["a"]}, ""),
        ("POST", "task", None, "toggle/"),
        ("DELETE", "task", None, ""),
    ],
    ids=["create", "edit", "toggle", "delete"],
)
def test_a_change_whose_response_is_lost_is_made_once(replica, restart, shim, other, monkeypatch, change, fault):
    method, task, body, action = change
    task = make(other, title="Old") if task else None
    replica.pull()
    before = other.read("me/")["revision"]
    replica.change(method, task, body, action)
    send = replica.call

    def call(method, *arguments, **headers):
        shim.fault = "" if method == "GET" else fault
        return send(method, *arguments, **headers)

    monkeypatch.setattr(replica, "call", call)
    with pytest.raises(CUT_OFF):
        replica.push()

    replica = restart()
    replica.push()
    replica.pull()

    assert shim.cuts == 1
    assert other.read("me/")["revision"] == before + 1
    assert replica.state["task"] == on_server(other)
    assert (replica.state["queue"], replica.state["conflicts"]) == ([], [])


def test_an_edit_of_what_somebody_else_has_edited_is_a_conflict(replica, other):
    task = make(other, title="Original")
    replica.pull()
    replica.change("PATCH", task, {"title": "Mine"})
    replica.change("POST", body={"title": "Something else"})
    other.insist("PATCH", f"tasks/{task}/", {"title": "Theirs"})

    replica.push()
    replica.pull()

    assert titles(replica) == ["Something else", "Theirs"]
    assert [change["body"] for change in replica.state["conflicts"]] == [{"title": "Mine"}]


def test_an_edit_at_the_very_same_moment_is_a_conflict_too(replica, other, monkeypatch):
    task = make(other, title="Original")
    replica.pull()
    replica.change("PATCH", task, {"title": "Mine"})
    statuses, call = [], replica.call

    def lose_the_race(method, *arguments, **headers):
        if method == "PATCH":
            other.insist("PATCH", f"tasks/{task}/", {"title": "Theirs"})
        response = call(method, *arguments, **headers)
        statuses.append((method, response[0]))
        return response

    monkeypatch.setattr(replica, "call", lose_the_race)
    replica.push()

    assert statuses == [("GET", 200), ("PATCH", 412), ("GET", 200)]
    assert on_server(other)[task]["title"] == "Theirs"
    assert [change["body"] for change in replica.state["conflicts"]] == [{"title": "Mine"}]


def test_after_a_purge_it_starts_again_and_keeps_its_queue(replica, restart, shim, other):
    gone = make(other, title="Gone")
    make(other, title="Kept")
    replica.pull()
    shim.fault = "offline"
    replica.change("POST", body={"title": "Made offline"})
    other.insist("DELETE", f"tasks/{gone}/")
    other.insist("DELETE", "tasks/trash/")
    shim.fault = ""

    assert other.send("GET", f"sync/?limit=1{replica.state['since']}").status == 410
    replica = restart()
    replica.pull(limit=1)
    replica.push()
    replica.pull(limit=1)

    assert titles(replica) == ["Kept", "Made offline"]
    assert replica.state["task"] == on_server(other)
    assert json.loads(replica.file.read_text()) == replica.state

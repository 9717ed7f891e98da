"""A replica that follows `sync/` always ends up with the server's data."""

import logging
from itertools import count

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from testing.client import Client
from testing.proofs import size
from testing.resources import RESOURCES, REVISED
from testing.routes import LISTS as LISTS_OF
from todos.models import Project, Tag, Task
from users.models import User

HISTORIES = size(200, 10)
MAX_PAGES = 500  # a sync that isn't over by then never is
LISTS = {RESOURCES[model].name: LISTS_OF[model].url() for model in REVISED}
NAMES = ("home", "work", "fun", "Home")

numbers = count()


class Replica:
    """What a client holds that only ever calls `sync/`."""

    def __init__(self, api: Client):
        self.api = api
        self.restarts = 0
        self.start()

    def start(self) -> None:
        self.token: str | None = None
        self.held: dict[tuple[str, str], dict] = {}

    def read_page(self, limit: int) -> bool:
        """Take one page; whether there is more."""
        since = {"since": self.token} if self.token else {}
        response = self.api.get("/sync/", {"limit": limit, **since})
        page = response.json()
        if response.status_code == 410:
            self.start()
            self.restarts += 1
            return True
        assert response.status_code == 200, page
        for change in page["results"]:
            if change["deleted"]:
                self.held.pop((change["type"], change["id"]), None)
            else:
                self.held[change["type"], change["id"]] = change["object"]
        self.token = page["token"]
        return page["has_more"]

    def catch_up(self, limit: int) -> None:
        for _ in range(MAX_PAGES):
            if not self.read_page(limit):
                return
        pytest.fail("The sync doesn't come to an end.")


def listed(api: Client) -> dict[tuple[str, str], dict]:
    """All that the API lists, without the counts."""
    everything = {}
    for kind, url in LISTS.items():
        for thing in api.get(url, {"limit": 200}).json()["results"]:
            thing.pop("open_tasks", None)
            everything[kind, thing["id"]] = thing
    return everything


def present(model):
    return model.objects.present() if RESOURCES[model].has_trash else model.objects.all()


class Server:
    """Calls of the API on whatever there is at the moment; `pick` chooses among it, `number` is a value to set."""

    def __init__(self, api: Client):
        self.api = api
        self.owner = api.user

    def one_of(self, things, pick: int):
        ids = list(things.owned_by(self.owner).order_by("id").values_list("pk", flat=True))
        return ids[pick % len(ids)] if ids else None

    def url_of(self, things, pick: int) -> str:
        return f"{LISTS[things.model._meta.model_name]}{self.one_of(things, pick)}/"

    def create(self, pick, number):
        body = {"title": f"T{number}", "tags": [NAMES[pick % 4]], "completed": number % 5 == 4}
        if number % 3:
            body["parent" if number % 3 == 1 else "project"] = self.one_of(
                (Task if number % 3 == 1 else Project).objects.present(), pick
            )
        return self.api.post("/tasks/", body)

    def create_recurring(self, pick, number):
        rule = f"FREQ=DAILY;INTERVAL={number % 3 + 1}"
        return self.api.post("/tasks/", {"title": "Again", "due_date": "2026-01-31", "recurrence": rule})

    def create_list(self, pick, number):
        return self.api.post("/tasks/", [{"title": f"L{index}", "tags": NAMES[: pick % 3]} for index in range(3)])

    def create_project(self, pick, number):
        return self.api.post("/projects/", {"name": f"P{number % 6}"})

    def patch(self, pick, number):
        values = {"title": f"N{number}", "priority": number % 5, "tags": [NAMES[number % 4], NAMES[pick % 4]]}
        name = list(values)[number % 3]
        return self.api.patch(self.url_of(Task.objects.present(), pick), {name: values[name]})

    def move(self, pick, number):
        parent, project = (self.one_of(model.objects.present(), number) for model in (Task, Project))
        place = ({"parent": parent}, {"project": project}, {"parent": None, "project": None}, {"before": parent})
        return self.api.post(f"{self.url_of(Task.objects.present(), pick)}move/", place[number % 4])

    def toggle(self, pick, number):
        return self.api.post(f"{self.url_of(Task.objects.present(), pick)}toggle/")

    def complete_recurring(self, pick, number):
        return self.api.post(f"{self.url_of(Task.objects.present().open().exclude(recurrence=''), pick)}complete/")

    def bulk(self, pick, number):
        action = ("update", "complete", "reopen", "move", "delete", "restore")[number % 6]
        tasks = Task.objects.in_trash() if action == "restore" else Task.objects.present()
        ids = [str(pk) for pk in tasks.owned_by(self.owner).order_by("id").values_list("pk", flat=True)][pick % 3 :: 2]
        values = {"update": {"tags": [NAMES[pick % 4]]}, "move": {"project": self.one_of(Project.objects.present(), 0)}}
        body = {"action": action, "ids": ids, **({"set": values[action]} if action in values else {})}
        return self.api.post("/tasks/bulk/", body)

    def delete(self, pick, number):
        return self.api.delete(self.url_of(Task.objects.present(), pick))

    def restore(self, pick, number):
        return self.api.post(f"{self.url_of(Task.objects.in_trash(), pick)}restore/")

    def rename_tag(self, pick, number):
        return self.api.patch(self.url_of(Tag.objects.present(), pick), {"name": f"tag {number % 5}"})

    def delete_tag(self, pick, number):
        return self.api.delete(self.url_of(Tag.objects.present(), pick))

    def change_project(self, pick, number):
        url = self.url_of(Project.objects.present(), pick)
        return (
            self.api.patch(url, {"color": "#00000" + str(number % 9)}) if number % 2 else self.api.post(f"{url}move/")
        )

    def delete_project(self, pick, number):
        return self.api.delete(self.url_of(Project.objects.present(), pick))

    def restore_project(self, pick, number):
        return self.api.post(f"{self.url_of(Project.objects.in_trash(), pick)}restore/")

    # Of any other resource, too.

    def create_one(self, pick, number):
        model = REVISED[number % len(REVISED)]
        body = RESOURCES[model].body(f"N{number}", lambda needed: self.one_of(present(needed), pick))
        return self.api.post(LISTS[RESOURCES[model].name], body)

    def change_one(self, pick, number):
        model = REVISED[number % len(REVISED)]
        return self.api.patch(self.url_of(present(model), pick), {RESOURCES[model].text: f"C{number}"})

    def delete_one(self, pick, number):
        return self.api.delete(self.url_of(present(REVISED[number % len(REVISED)]), pick))

    def empty_trash(self, pick, number):
        return self.api.delete("/tasks/trash/")

    def purge(self, pick, number):
        call_command("purge", batch=number % 3 + 1)


CALLS = [name for name in vars(Server) if not name.startswith("_") and name not in ("one_of", "url_of")]
calls = st.tuples(st.sampled_from(CALLS), st.integers(0, 20), st.integers(0, 20))
# Pages are read as often as things are written: what goes wrong goes wrong in the middle of a sync.
pages = st.tuples(st.just("page"), st.integers(0, 1), st.integers(1, 4))
histories = st.lists(st.one_of(calls, pages), min_size=6, max_size=16)


@pytest.fixture
def no_days_in_the_trash(settings, db):
    settings.TRASH_DAYS = 0
    logging.disable()  # a line for each of thousands of requests
    yield
    logging.disable(logging.NOTSET)


@settings(
    max_examples=HISTORIES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
# In the middle of what one write deleted, the rest is forgotten.
@example([("create_list", 0, 0), ("page", 0, 4), ("bulk", 0, 4), ("page", 0, 1), ("purge", 0, 0)], (1, 9))
@given(history=histories, limits=st.tuples(st.integers(1, 3), st.integers(4, 50)))
def test_every_replica_ends_up_with_what_the_api_lists(no_days_in_the_trash, capsys, history, limits):
    owner = User.objects.create_user(f"owner{next(numbers)}@example.com")
    api = Client(owner)
    server, replicas = Server(api), [Replica(api) for _ in limits]

    for name, pick, number in history:
        if name == "page":
            replicas[pick].read_page(number)
            continue
        response = getattr(server, name)(pick, number)
        assert response is None or response.status_code < 500, (name, response.content)
    for replica, limit in zip(replicas, limits, strict=True):
        replica.catch_up(limit)

    truth = listed(api)
    note(f"{len(truth)} things, {[replica.restarts for replica in replicas]} restarts")
    for replica in replicas:
        assert replica.held == truth

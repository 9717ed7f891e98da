"""Accounts that calendar clients sign in to: with this server, or with Radicale, to compare.

A walk changes tasks in a client and looks at them from here, and the other way round. `tasks` shows what both can say.
"""

import json
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from icalendar import Calendar, Todo

from testing.servers import Program, Server, register

ZONE = ZoneInfo("Europe/Zurich")


class Account:
    """Alice has a list "Home". She looks at it through the REST API."""

    def __init__(self, server: Server):
        self.server, self.address, self.token = server, server.address, register(server)
        self.send("PATCH", "me/", {"timezone": ZONE.key})
        self.user = self.send("GET", "me/")["email"]
        wish = {"name": "calendar", "kind": "app_password", "scopes": ["write"]}
        self.password = self.send("POST", "tokens/", wish)["token"]
        self.url = f"{self.address}/dav/"
        self.home = self.send("POST", "projects/", {"name": "Home"})["id"]
        self.list_url = f"{self.url}{self.send('GET', 'me/')['id']}/{self.home}/"

    def send(self, method: str, path: str, body: object = None):
        with Program(self.server.port, self.token) as program:
            response = program.send(method, path, body)
        assert response.status < 300, response
        return response.body

    def lists(self) -> dict[str, str]:
        """Their ids, by name."""
        return {each["name"]: each["id"] for each in self.send("GET", "projects/")["results"]}

    def tasks(self, of: str = "Home") -> dict[str, dict]:
        return {each["title"]: shown(each) for each in self.all(of)}

    def all(self, of: str = "Home") -> list[dict]:
        return self.send("GET", f"tasks/?project={self.lists()[of]}&limit=200")["results"]

    def id_of(self, title: str) -> str:
        return next(each["id"] for each in self.all() if each["title"] == title)

    def add(self, title: str, due: str = "", **fields: str) -> None:
        self.send("POST", "tasks/", {"title": title, "project": self.home, **moment(due), **fields})

    def rename(self, title: str, new: str) -> None:
        self.send("PATCH", f"tasks/{self.id_of(title)}/", {"title": new})

    def complete(self, title: str) -> None:
        self.send("POST", f"tasks/{self.id_of(title)}/complete/")

    def remove(self, title: str) -> None:
        self.send("DELETE", f"tasks/{self.id_of(title)}/")


def moment(due: str) -> dict[str, str]:
    """ "2027-07-31" or "2027-07-31 09:00", as our fields."""
    return dict(zip(("due_date", "due_time"), due.split(), strict=False))


def shown(task: dict) -> dict:
    due = f"{task['due_date'] or ''} {(task['due_time'] or '')[:5]}".strip()
    return {"due": due, "completed": task["completed"], "description": task["description"]}


class RadicaleAccount:
    """Alice has a list "Home". She looks at it in Radicale's files."""

    def __init__(self, server: Server):
        self.address, self.url = server.address, f"{server.address}/"
        self.user, self.password = secrets.token_hex(8), secrets.token_hex(8)
        with (server.project / "users").open("a") as users:
            users.write(f"{self.user}:{self.password}\n")
        self.home = "home"
        self.list_url = f"{self.url}{self.user}/{self.home}/"
        self.directory = server.project / "collection-root" / self.user
        self.files = self.directory / self.home
        self.files.mkdir(parents=True)
        (self.files / ".Radicale.props").write_text(
            '{"tag": "VCALENDAR", "D:displayname": "Home", "C:supported-calendar-component-set": "VTODO"}'
        )

    def lists(self) -> dict[str, Path]:
        """Their directories, by name."""
        return {
            json.loads(path.read_text()).get("D:displayname", path.parent.name): path.parent
            for path in self.directory.glob("*/.Radicale.props")
        }

    def tasks(self, of: str = "Home") -> dict[str, dict]:
        return {str(todo["SUMMARY"]): shown_todo(todo) for _, todo in self.all(of)}

    def all(self, of: str = "Home") -> Iterator[tuple[Path, Todo]]:
        for path in sorted(self.lists()[of].glob("*.ics")):
            yield path, Calendar.from_ical(path.read_bytes()).walk("VTODO")[0]

    def add(self, title: str, due: str = "") -> None:
        name = secrets.token_hex(8)
        todo = Todo()
        todo.add("UID", name)
        todo.add("SUMMARY", title)
        if due:
            when = datetime.fromisoformat(due)
            todo.add("DUE", when.replace(tzinfo=ZONE) if " " in due else when.date())
        self.write(self.files / f"{name}.ics", todo)

    def rename(self, title: str, new: str) -> None:
        path, todo = self.find(title)
        todo["SUMMARY"] = new
        self.write(path, todo)

    def complete(self, title: str) -> None:
        path, todo = self.find(title)
        todo["STATUS"] = "COMPLETED"
        self.write(path, todo)

    def remove(self, title: str) -> None:
        self.find(title)[0].unlink()

    def find(self, title: str) -> tuple[Path, Todo]:
        return next((path, todo) for path, todo in self.all() if todo["SUMMARY"] == title)

    def write(self, path: Path, todo: Todo) -> None:
        todo["LAST-MODIFIED"] = todo["DTSTAMP"] = "20270101T000000Z"
        calendar = Calendar()
        calendar.add("VERSION", "2.0")
        calendar.add("PRODID", "-//tests//tests//EN")
        calendar.add_component(todo)
        calendar.add_missing_timezones()
        path.write_bytes(calendar.to_ical())


def shown_todo(todo: Todo) -> dict:
    due = todo.get("DUE") and todo.decoded("DUE")
    if isinstance(due, datetime):
        due = due.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
    return {
        "due": str(due or ""),
        "completed": todo.get("STATUS") == "COMPLETED",
        "description": str(todo.get("DESCRIPTION", "")),
    }

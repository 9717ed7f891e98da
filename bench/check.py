"""Checks that all contestants do the same work: that their responses are the same."""

import http.client
import json
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.cases import MEASURED, Case, Subject
from bench.servers import OURS, Server

GENERATED = {"id", "created_at", "updated_at", "position", "revision"}  # different for each contestant


class Client:
    """One persistent connection."""

    def __init__(self, server: Server):
        self.name = server.contestant.name
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def send(self, method: str, path: str, token: str, body: str = "", **headers: str) -> tuple[int, Any, str]:
        """The status, the JSON and the entity tag of the response."""
        sent = {"Authorization": f"Bearer {token}", **headers}
        if body:
            sent["Content-Type"] = "application/json"
        self.connection.request(method, path, body or None, sent)
        response = self.connection.getresponse()
        text = response.read()
        is_json = "json" in response.headers.get("Content-Type", "")
        return response.status, json.loads(text) if is_json else text[:300], response.headers.get("ETag", "")


def entity_tags(server: Server, case: Case, subjects: list[Subject]) -> dict[str, str]:
    """The entity tag of each token's list."""
    client = Client(server)
    of_token = {each.token: each for each in subjects}
    return {token: client.send("GET", each.path(case), token)[2] for token, each in of_token.items()}


def check(servers: dict[str, Server], subjects: list[Subject]) -> None:
    """Exit with an error if a contestant's response differs from this project's."""
    clients = {key: Client(server) for key, server in servers.items()}
    for case in MEASURED:
        for subject in subjects[:3]:
            expected = comparable(case, *ask(clients[OURS.key], case, subject))
            if isinstance(expected, Useless):
                sys.exit(f"{case.title}: this project answers {expected}")
            for contestant in case.contestants:
                response = comparable(case, *ask(clients[contestant.key], case, subject))
                if response != expected:
                    log = servers[contestant.key].log.read_text()[-3000:]
                    seen = f"{contestant.name}: {str(response)[:1500]}\nThis project: {str(expected)[:1500]}\n{log}"
                    sys.exit(f"{case.title}: {contestant.name} responds otherwise than this project.\n{seen}")


def ask(client: Client, case: Case, subject: Subject) -> tuple[int, Any]:
    return client.send(case.method, subject.path(case), subject.token, case.body)[:2]


@dataclass
class Useless:
    """A response that failed or has no rows: nothing to measure."""

    status: int
    response: Any


def comparable(case: Case, status: int, response: Any) -> Any:
    """The part of a response that must be the same for all: the fields and their values, without their format."""
    if status != (201 if case.body and case.method == "POST" else 200) or not response:
        return Useless(status, response)
    if isinstance(response, list):
        return [values(each, GENERATED) for each in response]
    if "results" not in response:
        return values(response, GENERATED | {"completed_at"} if case.writes else set())
    if not response["results"]:
        return Useless(status, response)
    links = {name: response[name] is not None for name in ("next", "previous")}
    return sorted(response), links, [values(each, set()) for each in response["results"]]


def values(task: dict, present: set[str]) -> dict:
    """The task, with its times parsed. Of the fields `present`, only their names."""
    return {name: "present" if name in present else value_of(name, value) for name, value in task.items()}


def value_of(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if value and name.endswith("_at") else value

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
        """The status, the JSON and the entity tag of the answer."""
        sent = {"Authorization": f"Bearer {token}", **headers}
        if body:
            sent["Content-Type"] = "application/json"
        self.connection.request(method, path, body or None, sent)
        answer = self.connection.getresponse()
        text = answer.read()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, json.loads(text) if is_json else text[:300], answer.headers.get("ETag", "")


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
                answer = comparable(case, *ask(clients[contestant.key], case, subject))
                if answer != expected:
                    log = servers[contestant.key].log.read_text()[-3000:]
                    seen = f"{contestant.name}: {str(answer)[:1500]}\nThis project: {str(expected)[:1500]}\n{log}"
                    sys.exit(f"{case.title}: {contestant.name} responds otherwise than this project.\n{seen}")


def ask(client: Client, case: Case, subject: Subject) -> tuple[int, Any]:
    return client.send(case.method, subject.path(case), subject.token, case.body)[:2]


@dataclass
class Useless:
    """A response that failed or has no rows: nothing to measure."""

    status: int
    answer: Any


def comparable(case: Case, status: int, answer: Any) -> Any:
    """The part of a response that must be the same for all: the fields and their values, without their format."""
    if status != (201 if case.body and case.method == "POST" else 200) or not answer:
        return Useless(status, answer)
    if isinstance(answer, list):
        return [values(each, GENERATED) for each in answer]
    if "results" not in answer:
        return values(answer, GENERATED | {"completed_at"} if case.writes else set())
    if not answer["results"]:
        return Useless(status, answer)
    links = {name: answer[name] is not None for name in ("next", "previous")}
    return sorted(answer), links, [values(each, set()) for each in answer["results"]]


def values(task: dict, present: set[str]) -> dict:
    """The task, with its times parsed. Of the fields `present`, only their names."""
    return {name: "present" if name in present else value_of(name, value) for name, value in task.items()}


def value_of(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if value and name.endswith("_at") else value

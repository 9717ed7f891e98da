"""Runs schemathesis over the whole schema, on a real server with Alice's and Bob's data."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from testing.resources import REVISED, WITH_TRASH, reference_models
from testing.routes import LISTS, make_over_http
from testing.servers import ROOT, Program, Server, register

CANARY = "canary-of-alice"
PHASES = "examples,coverage,fuzzing,stateful"


def kind_of(model: type) -> str:
    return LISTS[model].path.strip("/")


KINDS = [*map(kind_of, REVISED), "hooks"]


@dataclass
class Run:
    failed: list[str]  # what schemathesis said
    cases: list[dict]  # what hooks.py has recorded of each
    log: list[dict] = field(default_factory=list)  # the server's, as JSON

    @property
    def faults(self) -> list[str]:
        """The faults that no check of schemathesis finds."""
        lines = Counter(line["request_id"] for line in self.log if line["message"] in ("request", "refused"))
        counted = [(lines[case["request_id"]], case) for case in self.cases]
        return [
            *(f"5xx: {case}" for case in self.cases if case["status"] >= 500),
            *(f"{count} lines in the log: {case}" for count, case in counted if count != 1),
            *(f"logged: {line}" for line in self.log if "exception" in line or line["level"] in ("ERROR", "CRITICAL")),
        ]

    def table(self) -> str:
        """The cases of each phase, by status."""
        phases = sorted({case["phase"] for case in self.cases})
        columns = ["all", *sorted({case["status"] for case in self.cases})]
        counts = Counter(
            (row, column) for case in self.cases for row in ("all", case["phase"]) for column in ("all", case["status"])
        )
        rows = [[row, *(counts[row, column] for column in columns)] for row in (*phases, "all")]
        return "\n".join(
            f"{row[0]:10}" + "".join(f"{cell:>7}" for cell in row[1:]) for row in [["cases", *columns], *rows]
        )


def furnish(program: Program, word: str) -> dict[str, list[str]]:
    """Create some objects of each kind, with `word` in every text. Return their ids."""
    ids: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for number, model in product(range(4), REVISED):
        ids[kind_of(model)].append(make_over_http(program, model, f"{word} {number}"))

    def make_task(**fields) -> str:
        response = program.send("POST", "tasks/", {"title": word, "description": word, **fields})
        assert response.status == 201, response
        ids["tasks"].append(response.body["id"])
        return response.body["id"]

    for project in ids["projects"]:
        dated = {"due_date": "2030-01-31", "recurrence": "FREQ=MONTHLY", "tags": [word]}
        make_task(parent=make_task(project=project, **dated))
    for model in WITH_TRASH:
        path = f"{LISTS[model].path}{make_over_http(program, model, word)}/"
        assert program.send("DELETE", path).status == 204
    for _ in range(4):
        ids["hooks"].append(program.send("POST", "hooks/", {"url": f"https://{word}.example.com/"}).body["id"])
    program.send("PATCH", "me/", {"name": word})
    assert program.send("POST", "tokens/", {"name": word}).status == 201
    return ids


def everything(program: Program) -> list:
    """All data of an account, except when its tokens were used."""
    tokens = [{**token, "last_used_at": None} for token in program.read("tokens/")["results"]]
    return [program.read("sync/?limit=1000")["results"], program.read("hooks/"), program.read("me/"), tokens]


def try_contract(
    server: Server, directory: Path, seed: int, examples: int, phases: str = PHASES, more: str = ""
) -> Run:
    """Run all checks of schemathesis with at most this many examples for each operation.

    The same seed makes the same cases. `more`: lines for schemathesis.toml.
    """
    alice, bob = register(server), register(server)
    with Program(server.port, alice) as hers, Program(server.port, bob) as his:
        ids, own = furnish(hers, CANARY), furnish(his, "bob")
        words = {
            **{kind: own[kind] + ids[kind] for kind in KINDS},
            "bobs": own["tasks"],
            "urls": ["https://example.com/"],
        }
        prepare(directory, {"Alice": alice, "Bob": bob}, words, more)
        before = everything(hers)
        known = {"CONTRACT_ADDRESS": server.address, "CONTRACT_BOB": f"Bearer {bob}", "CONTRACT_CANARY": CANARY}
        done = subprocess.run(
            command(server, seed, examples, phases),
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(ROOT), **known},
            text=True,
            capture_output=True,
        )
        failed = [] if everything(hers) == before else ["Bob has changed something of Alice's."]
    cases = [json.loads(line) for line in (directory / "cases").read_text().splitlines()]
    return Run([*failed, done.stdout + done.stderr] if done.returncode else failed, cases)


def all_of(runs: list[Run], server: Server) -> Run:
    log = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    return Run([text for run in runs for text in run.failed], [case for run in runs for case in run.cases], log)


def prepare(directory: Path, tokens: dict[str, str], ids: dict[str, list[str]], more: str) -> None:
    users = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
        for name, token in tokens.items()
    ]
    (directory / "users.json").write_text(json.dumps({"auth": users}))
    for kind, found in ids.items():
        (directory / f"{kind}.dict").write_text("".join(f'"{each}"\n' for each in found))
    settings = (Path(__file__).parent / "schemathesis.toml").read_text()
    (directory / "schemathesis.toml").write_text(settings + "".join(map(ids_of, KINDS)) + more)


def ids_of(kind: str) -> str:
    """Most ids in paths, and some of those that refer to something, are of what there is."""
    named = [name for name, model in reference_models().items() if model in REVISED and kind_of(model) == kind]
    return rf"""
[dictionaries.{kind}]
from-file = "{kind}.dict"

[[operations]]
include-path-regex = "/{kind}/\\{{id\\}}/"
parameters = {{ "path.id" = {{ dictionary = "{kind}", probability = 0.6 }} }}
""" + "".join(
        f"""
[parameters."{place}.{name}"]
dictionary = "{kind}"
probability = 0.3
"""
        for place in ("query", "body")
        for name in named
    )


def command(server: Server, seed: int, examples: int, phases: str) -> list[str]:
    return [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{server.address}/api/v1/schema/",
        f"--phases={phases}",
        "--checks=all",
        f"--seed={seed}",
        f"--max-examples={examples}",
        "--no-color",
    ]

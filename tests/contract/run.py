"""Runs schemathesis over the whole schema, on a real server with Alice's and Bob's data."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from testing.servers import ROOT, Program, Server, register

CANARY = "canary-of-alice"
PHASES = "examples,coverage,fuzzing,stateful"
KINDS = ("tasks", "projects", "tags")


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

    def make(kind: str, **fields) -> str:
        answer = program.send("POST", f"{kind}/", fields)
        assert answer.status == 201, answer
        ids[kind].append(answer.body["id"])
        return answer.body["id"]

    for number in range(4):
        name = f"{word} {number}"
        make("tags", name=name)
        project = make("projects", name=name)
        dated = {"due_date": "2030-01-31", "recurrence": "FREQ=MONTHLY", "tags": [name]}
        task = make("tasks", title=name, description=name, project=project, **dated)
        make("tasks", title=name, description=name, parent=task)
        make("tasks", title=name, description=name)
    for kind, name in (("tasks", "title"), ("projects", "name")):
        trashed = make(kind, **{name: word})
        assert program.send("DELETE", f"{kind}/{trashed}/").status == 204
    program.send("PATCH", "me/", {"name": word})
    assert program.send("POST", "tokens/", {"name": word}).status == 201
    return ids


def everything(program: Program) -> list:
    """All data of an account, except when its tokens were used."""
    tokens = [{**token, "last_used_at": None} for token in program.read("tokens/")["results"]]
    return [program.read("sync/?limit=1000")["results"], program.read("me/"), tokens]


def try_contract(
    server: Server, directory: Path, seed: int, examples: int, phases: str = PHASES, more: str = ""
) -> Run:
    """Run all checks of schemathesis with at most this many examples for each operation.

    The same seed makes the same cases. `more`: lines for schemathesis.toml.
    """
    alice, bob = register(server), register(server)
    with Program(server.port, alice) as hers, Program(server.port, bob) as his:
        ids, own = furnish(hers, CANARY), furnish(his, "bob")
        words = {**{kind: own[kind] + ids[kind] for kind in KINDS}, "bobs": own["tasks"]}
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
    (directory / "schemathesis.toml").write_text((Path(__file__).parent / "schemathesis.toml").read_text() + more)


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
